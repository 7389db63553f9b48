/** 计算任务信息, 计算模型信息 and 数据源信息: what is asked for, in names. */
import { Tag } from "antd";
import { Link } from "react-router";
import { harmless } from "../parts/harmless.ts";
import { WithAppId } from "../parts/member.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Id, Time, useAgo } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { columnsRead, type TaskView } from "./task-view.ts";

/** "every 6 hours, 12 runs" */
export const useSchedule = () => {
  const t = useWords();
  const { language } = usePreferences();
  return ({ every, runs }: { every: number; runs: number }): string => {
    const units = [
      ["week", 604_800],
      ["day", 86_400],
      ["hour", 3_600],
      ["minute", 60],
    ] as const;
    const [unit, size] = units.find(([, seconds]) => every % seconds === 0) ?? (["second", 1] as const);
    const count = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(every / size);
    return t("every {count}, at most {runs} {runs|run|runs}", "每 {count}一次，至多 {runs} 次", { count, runs });
  };
};

export const TaskFacts = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const ago = useAgo();
  const scheduled = useSchedule();
  const { definition, schedule, occurrence } = task;
  const parameters = Object.entries(definition.parameters);
  return (
    <dl className="facts">
      <dt>{t("Task name", "任务名称")}</dt>
      <dd>{task.name}</dd>
      <dt>{t("Task ID", "任务编号")}</dt>
      <dd>
        <Id>{task.id}</Id>
      </dd>
      <dt>{t("Description", "任务描述")}</dt>
      <dd>{task.description || "—"}</dd>
      <dt>{t("Type", "任务类型")}</dt>
      <dd>
        {schedule
          ? t("Scheduled: {schedule}", "定时任务：{schedule}", { schedule: scheduled(schedule) })
          : t("Ordinary", "普通任务")}
        {occurrence && (
          <>
            {" "}
            <Link to={`/tasks/${occurrence.task}`}>
              {t("run {n} of {task}", "{task} 的第 {n} 次执行", { n: occurrence.number, task: occurrence.task })}
            </Link>
          </>
        )}
      </dd>
      {schedule && (
        <>
          <dt>{t("Next run", "下次执行")}</dt>
          <dd>
            <Time at={schedule.nextAt} otherwise={t("none scheduled", "暂无")} />
          </dd>
        </>
      )}
      <dt>{t("Alliance", "所属联盟")}</dt>
      <dd>
        <Link to={`/alliances/${task.alliance.id}`}>{task.alliance.name}</Link>
      </dd>
      <dt>{t("Result receiver", "结果使用方")}</dt>
      <dd>
        <WithAppId of={task.receiver} />
      </dd>
      <dt>{t("Created by", "创建者")}</dt>
      <dd>
        <WithAppId of={task.creator} />
      </dd>
      <dt>{t("Created", "创建时间")}</dt>
      <dd>
        <Time at={task.createdAt} />
      </dd>
      {task.endedAt === null && (
        <>
          <dt>{t("Expires", "过期时间")}</dt>
          <dd>
            <Time at={task.expiresAt} /> <span className="muted">{ago(task.expiresAt)}</span>
          </dd>
        </>
      )}
      <dt>{t("Limits", "资源上限")}</dt>
      <dd>
        {t(
          "{rows} result {rows|row|rows}, {seconds} s, {memory} MiB",
          "结果 {rows} 行，{seconds} 秒，内存 {memory} MiB",
          {
            rows: definition.limits.rows.toLocaleString(),
            seconds: definition.limits.seconds.toLocaleString(),
            memory: definition.limits.memory.toLocaleString(),
          },
        )}
      </dd>
      {parameters.length > 0 && (
        <>
          <dt>{t("Parameters", "模型参数")}</dt>
          <dd className="mono">
            {harmless(parameters.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", "))}
          </dd>
        </>
      )}
    </dl>
  );
};

/** The model may have been revised since: then its newest version is not what the task names. */
export const Version = ({ task: { model, definition } }: { task: TaskView }) => {
  const t = useWords();
  const { data } = useView("models", "get", { id: model.id });
  if (!data || data.id !== model.id) return null;
  return data.archive.digest === definition.model.archive ? (
    <span className="muted">{data.version}</span>
  ) : (
    <Tag color="warning">{t("an earlier version", "早先版本")}</Tag>
  );
};

const ModelTable = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { model, definition } = task;
  return (
    <PlainTable
      rows={[model]}
      keyOf={({ id }) => id}
      columns={[
        {
          title: t("Model provider / APPID", "模型提供方/APPID"),
          kind: "whole",
          cell: () => <WithAppId of={model.owner} />,
        },
        {
          title: t("Model name", "模型名称"),
          cell: () => (
            // Two in one cell: on a phone a cell lays out what is in it.
            <span>
              <Link to={`/models/${model.id}`}>{model.name || model.id}</Link> <Version task={task} />
            </span>
          ),
        },
        {
          title: t("Runtime", "运行方式"),
          cell: () => <span className="mono">{`${definition.model.runner} · ${definition.model.main}`}</span>,
        },
        {
          title: t("Code", "代码"),
          cell: () => (model.open ? <Tag color="success">{t("Open", "公开")}</Tag> : <Tag>{t("Sealed", "加密")}</Tag>),
        },
      ]}
    />
  );
};

const SourceTable = ({ task }: { task: TaskView }) => {
  const t = useWords();
  return (
    <PlainTable
      rows={task.sources}
      keyOf={({ id }) => id}
      columns={[
        {
          title: t("Data provider / APPID", "数据源提供方/APPID"),
          kind: "whole",
          cell: ({ owner }) => <WithAppId of={owner} />,
        },
        {
          title: t("Data source name", "数据源名称"),
          cell: ({ id, name }) => <Link to={`/sources/${id}`}>{name || id}</Link>,
        },
        { title: t("Description", "数据源描述"), cell: ({ description }) => description || "—" },
        { title: t("Type", "数据源类型"), cell: ({ typeLabel }) => t(typeLabel) },
        {
          title: t("Table of the model", "对应模型表"),
          cell: ({ table }) => <span className="mono">{table}</span>,
        },
        {
          title: t("Columns read", "可读字段"),
          cell: ({ columns }, at) =>
            t("{n} of {all}", "{n} / {all} 个字段", { n: columnsRead(task, at).size, all: columns.length }),
        },
      ]}
    />
  );
};

/** 计算模型信息 and 数据源信息. */
export const TaskParts = ({ task }: { task: TaskView }) => {
  const t = useWords();
  return (
    <>
      <section className="card">
        <h2>{t("Model", "计算模型信息")}</h2>
        <ModelTable task={task} />
      </section>
      <section className="card">
        <h2>{t("Data", "数据源信息")}</h2>
        <SourceTable task={task} />
      </section>
    </>
  );
};
