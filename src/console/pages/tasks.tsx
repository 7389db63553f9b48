/** 计算任务管理: every task that this member has a part in. */
import { Button, Input, Select, Tabs, Tag } from "antd";
import { Link, useNavigate } from "react-router";
import { type TaskState, taskStateLabels } from "../../contract/tasks.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { List, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { type TaskLine, taskColours } from "./task-view.ts";

type State = (typeof TaskState.options)[number];
type Tab = "all" | "mine" | "participating";

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const { permissions } = useSession();
  const { page, pageSize, get, set } = useFilters();
  const [tab, state, search] = [(get("tab") ?? "all") as Tab, get("state") as State | undefined, get("search")];
  const read = useView("tasks", "list", {
    ...{ page, pageSize, tab },
    ...(state && { state }),
    ...(search !== undefined && { search }),
  });
  const create = permissions.has("task.create") && (
    <Button type="primary" onClick={() => void go("/tasks/new")}>
      {t("New task", "新建计算任务")}
    </Button>
  );
  const filtered = tab !== "all" || state !== undefined || search !== undefined;
  return (
    <Frame title={t("Tasks", "计算任务管理")} actions={create}>
      <div className="spread">
        <Tabs
          activeKey={tab}
          onChange={(key) => set({ tab: key === "all" ? undefined : key })}
          items={[
            { key: "all", label: t("All", "全部") },
            { key: "mine", label: t("Created by me", "我创建的") },
            { key: "participating", label: t("I take part", "我参与的") },
          ]}
          tabBarStyle={{ marginBottom: 0 }}
        />
        <div className="row">
          <Select
            allowClear
            placeholder={t("Every state", "全部状态")}
            aria-label={t("State", "任务状态")}
            value={state}
            onChange={(value: State | undefined) => set({ state: value })}
            style={{ width: 200 }}
            options={Object.entries(taskStateLabels).map(([value, label]) => ({ value, label: t(label) }))}
          />
          <Input.Search
            key={search}
            placeholder={t("Name or number", "任务名称或编号")}
            defaultValue={search}
            maxLength={64}
            onSearch={(value) => set({ search: value.trim() })}
            allowClear
            style={{ width: 220 }}
          />
        </div>
      </div>
      <List<TaskLine>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/tasks/${id}`}
        columns={useColumns()}
        empty={
          filtered ? (
            t("No task fits. Take a filter away.", "没有符合条件的任务，请调整筛选条件。")
          ) : (
            <div className="stack" style={{ alignItems: "center" }}>
              {t(
                "A task asks the owners of a model and of data, and the receiver of the result, to agree. Create the first.",
                "计算任务是对计算模型、数据源、计算结果使用的授权过程，请先新建任务。",
              )}
              {create}
            </div>
          )
        }
      />
    </Frame>
  );
};

/** What a phone leaves out: a name, a state and what to do next stay. */
const WIDE: "md"[] = ["md"];

const useColumns = () => {
  const t = useWords();
  return [
    {
      title: t("Task name", "计算任务名称"),
      render: (_: unknown, { id, name, schedule, occurrence }: TaskLine) => (
        <span className="row" style={{ flexWrap: "nowrap" }}>
          <Link to={`/tasks/${id}`}>{name || id}</Link>
          {schedule && <Tag>{t("scheduled", "定时")}</Tag>}
          {occurrence && <Tag>{t("run {n}", "第 {n} 次", { n: occurrence.number })}</Tag>}
        </span>
      ),
    },
    { title: t("Number", "任务编号"), responsive: WIDE, render: (_: unknown, { id }: TaskLine) => <Id>{id}</Id> },
    {
      title: t("Created by/APPID", "创建者/APPID"),
      responsive: WIDE,
      render: (_: unknown, { creator }: TaskLine) => (
        <span className="row" style={{ flexWrap: "nowrap" }}>
          <Member of={creator} />
          <span className="muted">{creator.appId}</span>
        </span>
      ),
    },
    {
      title: t("Alliance", "所属计算联盟"),
      responsive: WIDE,
      render: (_: unknown, { alliance }: TaskLine) => alliance.name,
    },
    {
      title: t("State", "任务状态"),
      render: (_: unknown, { state, stateLabel }: TaskLine) => <Tag color={taskColours[state]}>{t(stateLabel)}</Tag>,
    },
    {
      title: t("Created", "创建时间"),
      responsive: WIDE,
      render: (_: unknown, { createdAt }: TaskLine) => <Time at={createdAt} />,
    },
    { title: t("Action", "操作"), render: (_: unknown, task: TaskLine) => <Next task={task} /> },
  ];
};

/** What this member can do with it now. */
const Next = ({ task: { id, awaitsYou, runnable } }: { task: TaskLine }) => {
  const t = useWords();
  const notice = useNotice();
  const run = useAct(
    ({ client }) => client.tasks.run(id),
    () => notice(t("It runs.", "任务开始执行。")),
  );
  if (awaitsYou) return <Link to={`/tasks/${id}/authorise`}>{t("Decide", "去授权")}</Link>;
  if (run.error) return <Failure error={run.error} />;
  if (runnable)
    return (
      <SignButton type="link" style={{ padding: 0 }} loading={run.isPending} onClick={() => run.mutate()}>
        {t("Run", "执行任务")}
      </SignButton>
    );
  return <Link to={`/tasks/${id}`}>{t("View", "查看")}</Link>;
};
