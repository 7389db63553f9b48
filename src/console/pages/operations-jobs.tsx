/** Work in the background, newest first. */
import { Empty, Select, Skeleton, Tag } from "antd";
import { Cursor } from "../parts/cursor.tsx";
import { useFilters } from "../parts/list.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

const STATES = ["queued", "running", "done", "failed"] as const;
type State = (typeof STATES)[number];
const COLOURS = { queued: "default", running: "processing", done: "success", failed: "error" } as const;

const stateOf = (given: string | undefined): State | undefined => STATES.find((state) => state === given);

export const Jobs = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const [state, cursor] = [stateOf(get("state")), get("cursor")];
  const { data, error, refetch } = useView(
    "system",
    "jobs",
    { limit: 20, ...(state && { state }), ...(cursor !== undefined && { cursor }) },
    { every: 5_000 },
  );
  const names = {
    queued: t("Queued", "等待中"),
    running: t("Running", "执行中"),
    done: t("Done", "已完成"),
    failed: t("Failed", "失败"),
  };
  const kinds: Readonly<Record<string, string>> = {
    "sessions.purge": t("Delete expired sessions", "清理过期会话"),
    "idempotency.purge": t("Delete kept answers", "清理已保留的应答"),
    "uploads.collect": t("Delete unreferenced uploads", "清理未被引用的上传"),
  };
  const often = (key: string) =>
    key === "daily" ? <span className="muted">{t("daily", "每日")}</span> : <span className="muted mono">{key}</span>;
  return (
    <section className="card stack">
      <div className="row">
        <Select
          value={state ?? ""}
          onChange={(value) => set({ state: value })}
          options={[
            { value: "", label: t("All states", "全部状态") },
            ...STATES.map((value) => ({ value, label: names[value] })),
          ]}
          aria-label={t("State", "状态")}
          style={{ width: 160 }}
        />
      </div>
      {error && !data && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active title={false} paragraph={{ rows: 6 }} />}
      {data?.items.length === 0 && (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("No matching jobs.", "没有符合条件的任务。")} />
      )}
      {data && data.items.length > 0 && (
        <PlainTable
          rows={data.items}
          keyOf={({ id }) => id}
          columns={[
            {
              title: t("Job", "任务"),
              tall: true,
              cell: ({ kind, key, error: code }) => (
                <div>
                  {kinds[kind] ?? <span className="mono">{kind}</span>} {often(key)}
                  {code && (
                    <div className="mono" style={{ color: "var(--bad)" }}>
                      {code}
                    </div>
                  )}
                </div>
              ),
            },
            {
              title: t("State", "状态"),
              cell: ({ state: now }) => <Tag color={COLOURS[now]}>{names[now]}</Tag>,
            },
            { title: t("Due", "计划时间"), kind: "whole", cell: ({ runAt }) => <Time at={runAt} /> },
            { title: t("Ended", "结束时间"), kind: "whole", cell: ({ finishedAt }) => <Time at={finishedAt} /> },
            { title: t("Failed attempts", "失败次数"), kind: "number", cell: ({ attempts }) => attempts },
          ]}
        />
      )}
      <Cursor next={data?.next} />
    </section>
  );
};
