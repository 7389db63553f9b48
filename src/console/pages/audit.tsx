/** 审计日志: who did what, and how it ended; of one's account, or for the operator of all. */
import { Empty, Skeleton, Tag } from "antd";
import { Link } from "react-router";
import { Cursor } from "../parts/cursor.tsx";
import { SearchBox, useFilters } from "../parts/list.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { type Column, PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";

export const Page = () => {
  const t = useWords();
  const { get } = useFilters();
  const { permissions } = useSession();
  const everybody = permissions.has("platform.audit");
  const [actor, action, cursor] = [get("actor"), get("action"), get("cursor")];
  const { data, error, refetch } = useView("audit", everybody ? "listAll" : "list", {
    limit: 20,
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(cursor !== undefined && { cursor }),
  });
  const log: Column<{ readonly requestId: string }> = {
    title: t("Log", "日志"),
    cell: ({ requestId }) => (
      <Link to={`/operations?tab=logs&level=trace&search=${encodeURIComponent(requestId)}`}>{t("Show", "查看")}</Link>
    ),
  };
  return (
    <Frame title={t("Audit", "审计日志")}>
      <section className="card stack">
        <div className="row">
          <SearchBox name="actor" placeholder={t("User name", "操作者（用户名）")} width={280} />
          <SearchBox
            name="action"
            placeholder={t("Action, such as tasks.create", "操作，例如 tasks.create")}
            width={280}
          />
        </div>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton active title={false} paragraph={{ rows: 8 }} />}
        {data?.items.length === 0 && (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("No matching records.", "没有符合条件的记录。")} />
        )}
        {data && data.items.length > 0 && (
          <PlainTable
            rows={data.items}
            keyOf={({ id }) => id}
            columns={[
              { title: t("Time", "时间"), kind: "whole", cell: ({ at }) => <Time at={at} /> },
              { title: t("User", "操作者"), cell: ({ actor: who }) => who },
              { title: t("Action", "操作"), kind: "mono", cell: ({ action: what }) => what },
              { title: t("Target", "对象"), cell: ({ target }) => (target === "" ? "—" : <Id>{target}</Id>) },
              {
                title: t("Outcome", "结果"),
                cell: ({ outcome }) =>
                  outcome === "ok" ? (
                    <Tag color="success">{t("Done", "成功")}</Tag>
                  ) : (
                    <Tag color="error">{outcome}</Tag>
                  ),
              },
              {
                title: t("Source", "来源"),
                kind: "mono",
                cell: ({ ip, requestId }) => <span title={requestId}>{ip}</span>,
              },
              ...(everybody ? [log] : []),
            ]}
          />
        )}
        <Cursor next={data?.next} />
      </section>
    </Frame>
  );
};
