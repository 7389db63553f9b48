/** 计算任务管理: every task that this member has a part in. */
import { Button, Select, Tag } from "antd";
import { Link, useNavigate } from "react-router";
import { codesOf, taskStateLabels } from "../../contract/state-labels.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { List, Parts, SearchBox, useFilters, WIDE } from "../parts/list.tsx";
import { WithAppId } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { type TaskLine, taskColours } from "./task-view.ts";

const STATES = codesOf(taskStateLabels);
type State = (typeof STATES)[number];
type Tab = "all" | "mine" | "participating";
type Sort = "oldest" | "name";

/** As the address has it; the newest come first where it says nothing. */
const sortOf = (column: string, order: string | undefined): Sort | undefined => {
  if (column === "name") return order === undefined ? undefined : "name";
  return order === "ascend" ? "oldest" : undefined;
};

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const { permissions } = useSession();
  const { page, pageSize, get, set } = useFilters();
  const [tab, state, search] = [(get("tab") ?? "all") as Tab, get("state") as State | undefined, get("search")];
  const sort = get("sort") as Sort | undefined;
  const read = useView("tasks", "list", {
    ...{ page, pageSize, tab },
    ...(state && { state }),
    ...(search !== undefined && { search }),
    ...(sort && { sort }),
  });
  const create = permissions.has("task.create") && (
    <Button type="primary" onClick={() => void go("/tasks/new")}>
      {t("New task", "新建计算任务")}
    </Button>
  );
  return (
    <Frame title={t("Tasks", "计算任务管理")} actions={create}>
      <div className="row">
        <Parts
          options={[
            { value: "all", label: t("All", "全部") },
            { value: "mine", label: t("Created by me", "我创建的") },
            { value: "participating", label: t("I take part in", "我参与的") },
          ]}
        />
        <Select
          allowClear
          placeholder={t("All states", "全部状态")}
          aria-label={t("State", "任务状态")}
          value={state}
          onChange={(value: State | undefined) => set({ state: value })}
          style={{ width: 200 }}
          options={STATES.map((value) => ({ value, label: t(taskStateLabels[value]) }))}
        />
        <SearchBox placeholder={t("Name or ID", "任务名称或编号")} />
      </div>
      <List<TaskLine>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/tasks/${id}`}
        columns={useColumns(sort)}
        onSort={(column, order) => set({ sort: sortOf(column, order) })}
        empty={
          tab !== "all" ? (
            t("No such tasks yet.", "暂无此类计算任务。")
          ) : (
            <div className="stack" style={{ alignItems: "center" }}>
              {t(
                "A task asks the model's owner, the data owners and the receiver of the result to agree. Create your first task.",
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

/** Never in no order. */
const TO_AND_FRO: ("ascend" | "descend")[] = ["descend", "ascend", "descend"];

const useColumns = (sort: Sort | undefined) => {
  const t = useWords();
  const createdOrder = { name: null, oldest: "ascend" as const, newest: "descend" as const }[sort ?? "newest"];
  return [
    {
      title: t("Task name", "计算任务名称"),
      key: "name",
      ...{ sorter: true, sortDirections: ["ascend" as const], sortOrder: sort === "name" ? ("ascend" as const) : null },
      render: (_: unknown, { id, name, schedule, occurrence }: TaskLine) => (
        <span className="row" style={{ flexWrap: "nowrap" }}>
          <Link to={`/tasks/${id}`}>{name || id}</Link>
          {schedule && <Tag>{t("Scheduled", "定时")}</Tag>}
          {occurrence && <Tag>{t("Run {n}", "第 {n} 次", { n: occurrence.number })}</Tag>}
        </span>
      ),
    },
    { title: t("Task ID", "任务编号"), responsive: WIDE, render: (_: unknown, { id }: TaskLine) => <Id>{id}</Id> },
    {
      title: t("Created by / APPID", "创建者/APPID"),
      responsive: WIDE,
      render: (_: unknown, { creator }: TaskLine) => <WithAppId of={creator} />,
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
      key: "created",
      ...{ sorter: true, sortDirections: TO_AND_FRO, sortOrder: createdOrder },
      responsive: WIDE,
      render: (_: unknown, { createdAt }: TaskLine) => <Time at={createdAt} />,
    },
    { title: t("Actions", "操作"), render: (_: unknown, task: TaskLine) => <Next task={task} /> },
  ];
};

/** What this member can do with it now. */
const Next = ({ task: { id, awaitsYou, runnable } }: { task: TaskLine }) => {
  const t = useWords();
  const notice = useNotice();
  const run = useAct(
    ({ client }) => client.tasks.run(id),
    () => notice(t("Task started.", "任务开始执行。")),
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
