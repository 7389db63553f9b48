/** Work in the background, newest first. */
import { Empty, Select, Skeleton, Tag } from "antd";
import { Cursor } from "../parts/cursor.tsx";
import { useFilters } from "../parts/list.tsx";
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
    queued: t("queued", "等待中"),
    running: t("running", "执行中"),
    done: t("done", "已完成"),
    failed: t("failed", "失败"),
  };
  const kinds: Readonly<Record<string, string>> = {
    "sessions.purge": t("Forget old sessions", "清理过期会话"),
    "idempotency.purge": t("Forget kept answers", "清理已保留的应答"),
    "uploads.collect": t("Collect uploads that nothing names", "清理未被引用的上传"),
  };
  return (
    <section className="card stack">
      <div className="row">
        <Select
          value={state ?? ""}
          onChange={(value) => set({ state: value, cursor: undefined })}
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
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("No such work.", "没有符合条件的任务。")} />
      )}
      {data && data.items.length > 0 && (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>{t("Work", "任务")}</th>
                <th>{t("State", "状态")}</th>
                <th>{t("Due", "计划时间")}</th>
                <th>{t("Ended", "结束时间")}</th>
                <th className="number">{t("Failed tries", "失败次数")}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ id, kind, key, state: now, runAt, finishedAt, attempts, error: code }) => (
                <tr key={id}>
                  <td>
                    {kinds[kind] ?? <span className="mono">{kind}</span>} <span className="muted">{key}</span>
                    {code && (
                      <div className="mono" style={{ color: "var(--bad)" }}>
                        {code}
                      </div>
                    )}
                  </td>
                  <td>
                    <Tag color={COLOURS[now]}>{names[now]}</Tag>
                  </td>
                  <td>
                    <Time at={runAt} />
                  </td>
                  <td>
                    <Time at={finishedAt} />
                  </td>
                  <td className="number">{attempts}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Cursor next={data?.next} />
    </section>
  );
};
