/** On what, for whom, and under which limits: the definition in names, as the signature is over it. */
import { Tag } from "antd";
import type { ReactNode } from "react";
import { useActing } from "../identity/identity.tsx";
import { harmless } from "../parts/harmless.ts";
import { Member } from "../parts/member.tsx";
import { Id, Time } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { useSchedule } from "./task-facts.tsx";
import { KeyPrint } from "./task-receiving-key.tsx";
import { columnsRead, type TaskView } from "./task-view.ts";

/** One's own table first: that is what one answers for. */
export const Data = ({ task }: { task: TaskView }) => {
  const { me } = useActing();
  const order = task.sources.map((_, at) => at);
  order.sort((a, b) => Number(task.sources[b]?.owner.id === me) - Number(task.sources[a]?.owner.id === me));
  return order.map((at) => <Source key={at} task={task} at={at} mine={task.sources[at]?.owner.id === me} />);
};

const Source = ({ task, at, mine }: { task: TaskView; at: number; mine: boolean }) => {
  const t = useWords();
  const source = task.sources[at];
  if (!source) return null;
  const read = columnsRead(task, at);
  const { id, name, owner, table, columns } = source;
  return (
    <div className="inset stack" style={{ gap: 8 }}>
      <div className="spread">
        <span className="row">
          <strong>{name || id}</strong>
          {mine ? <Tag color="processing">{t("Yours", "您的数据源")}</Tag> : <Member of={owner} />}
        </span>
        <span className="muted">
          {t("{n} of {all} {all|column|columns}, as", "{n} / {all} 个字段，对应模型表", {
            n: read.size,
            all: columns.length,
          })}{" "}
          <span className="mono">{table}</span>
        </span>
      </div>
      <div className="column-list">
        {columns.map((column) => (
          <span
            key={column.name}
            className="column"
            data-read={read.has(column.name) ? "yes" : "no"}
            title={[column.type, harmless(column.description), read.has(column.name) ? "" : t("not read", "不可读")]
              .filter(Boolean)
              .join(" · ")}
          >
            {harmless(column.name)}
          </span>
        ))}
      </div>
      {read.size < columns.length && (
        <span className="muted">{t("Dashed columns are not read.", "虚线字段不可读。")}</span>
      )}
      {task.definition.sources[at]?.grant !== undefined && (
        <span className="muted">
          {t("Authorised in advance by grant", "已预先授权，授权凭证")} <Id>{task.definition.sources[at].grant}</Id>
        </span>
      )}
      {mine && <OwnPolicy id={id} />}
    </div>
  );
};

/** What the owner asks of every result, as it stands. */
const OwnPolicy = ({ id }: { id: string }) => {
  const t = useWords();
  const { language } = usePreferences();
  const { data } = useView("sources", "get", { id });
  if (!data) return null;
  const { policy, columns } = data;
  if (!policy)
    return (
      <span style={{ color: "var(--warn)" }}>
        {t(
          "Your table has no result policy: the model decides what the result shows of it.",
          "该数据源未设置结果策略：结果中展示哪些内容由模型决定。",
        )}
      </span>
    );
  const { minGroup: group, maxRows, values, budget } = policy;
  const names = (positions: readonly number[]) =>
    positions.map((one) => harmless(columns[one]?.name ?? String(one))).join(", ");
  const said: ReactNode[] = [];
  if (group)
    said.push(
      group.columns.length > 0
        ? t(
            "every row of a result is about at least {n} of yours, grouped by {columns}",
            "结果每行至少涉及您的 {n} 行，按 {columns} 分组",
            { n: group.size, columns: names(group.columns) },
          )
        : t("a result is one row about at least {n} of yours", "结果仅一行，至少涉及您的 {n} 行", { n: group.size }),
    );
  if (maxRows !== undefined) said.push(t("at most {n} result {n|row|rows}", "结果至多 {n} 行", { n: maxRows }));
  if (values) said.push(VALUES[values] ? t(...VALUES[values]) : values);
  if (budget?.runs !== undefined)
    said.push(t("at most {n} {n|run|runs} in all", "总共至多执行 {n} 次", { n: budget.runs }));
  if (budget?.rows !== undefined)
    said.push(t("at most {n} {n|row|rows} in all", "总共至多输出 {n} 行", { n: budget.rows }));
  if (budget?.epsilon !== undefined)
    said.push(t("privacy loss of at most {n} in all", "总隐私损失至多 {n}", { n: budget.epsilon / 1e6 }));
  return (
    <span>
      <span className="muted">{t("Your policy:", "您的结果策略：")}</span> {said.join(language === "en" ? "; " : "；")}
    </span>
  );
};
const VALUES: Readonly<Record<string, readonly [string, string]>> = {
  numbers: ["numbers only", "仅限数值"],
  noised: ["numbers with noise only", "仅限加噪数值"],
  bounded: ["one row of bounded numbers with noise", "仅一行有界加噪数值"],
};

export const Receiver = ({ task: { receiver, delivery } }: { task: TaskView }) => {
  const t = useWords();
  return (
    <dl className="facts">
      <dt>{t("Receiver", "结果使用方")}</dt>
      <dd className="row">
        <Member of={receiver} /> <span className="muted">{receiver.appId}</span>
      </dd>
      {delivery ? (
        <>
          <dt>{t("Sealed to the key", "加密公钥")}</dt>
          <dd>
            <KeyPrint pem={delivery.key} />
          </dd>
          <dt>{t("Goes to", "接收方式")}</dt>
          <dd>
            {delivery.destination === undefined
              ? t("a sealed file that the receiver fetches", "加密文件，由结果使用方下载")
              : t(
                  "a {sink} database of the receiver's; its address is sealed",
                  "结果使用方的 {sink} 数据库（地址已加密）",
                  {
                    sink: delivery.sink,
                  },
                )}
          </dd>
        </>
      ) : (
        <>
          <dt>{t("Sealed to the key", "加密公钥")}</dt>
          <dd className="muted">{t("named when the receiver authorises", "由结果使用方授权时提供")}</dd>
        </>
      )}
    </dl>
  );
};

export const Limits = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const scheduled = useSchedule();
  const { limits, parameters, schedule, model } = task.definition;
  const given = Object.entries(parameters);
  return (
    <dl className="facts">
      <dt>{t("Result rows", "结果行数")}</dt>
      <dd>≤ {limits.rows.toLocaleString()}</dd>
      <dt>{t("Time and memory", "时间与内存")}</dt>
      <dd>
        ≤ {limits.seconds.toLocaleString()} s, ≤ {limits.memory.toLocaleString()} MiB
      </dd>
      <dt>{t("Called as", "调用方式")}</dt>
      <dd className="mono">
        {model.main}({harmless(given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", "))})
      </dd>
      <dt>{t("Runs", "执行次数")}</dt>
      <dd>
        {schedule ? (
          <>
            {scheduled(schedule)}
            {schedule.first !== undefined && (
              <>
                {" "}
                {t("from", "首次执行")} <Time at={schedule.first} />
              </>
            )}
            <div style={{ color: "var(--warn)" }}>
              {t("One signature is for all of them.", "一次签名适用于每次执行。")}
            </div>
          </>
        ) : (
          t("once, within seven days of the last authorisation", "一次，授权完成后 7 天内有效")
        )}
      </dd>
    </dl>
  );
};
