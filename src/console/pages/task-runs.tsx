/** The runs of a scheduled task, the newest first. */
import { Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { taskColours } from "./task-view.ts";

export const Runs = ({ id }: { id: string }) => {
  const t = useWords();
  const [page, setPage] = useState(1);
  const { data, error, refetch } = useView("tasks", "runs", { id, page, pageSize: 10 });
  return (
    <section className="card">
      <h2>{t("Runs", "执行记录")}</h2>
      {error && !data ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Table
          size="small"
          rowKey="stream"
          loading={!data && { delay: 300 }}
          dataSource={[...(data?.items ?? [])]}
          locale={{ emptyText: t("It has not run yet.", "尚未执行。") }}
          pagination={(data?.total ?? 0) > 10 && { current: page, total: data?.total ?? 0, onChange: setPage }}
          columns={[
            { title: t("Run", "次数"), render: (_, { occurrence }) => occurrence?.number },
            { title: t("Task ID", "任务编号"), render: (_, { id }) => <Link to={`/tasks/${id}`}>{id}</Link> },
            {
              title: t("State", "任务状态"),
              render: (_, { state, stateLabel }) => <Tag color={taskColours[state]}>{t(stateLabel)}</Tag>,
            },
            { title: t("Started", "开始时间"), render: (_, { createdAt }) => <Time at={createdAt} /> },
          ]}
        />
      )}
    </section>
  );
};
