/** 审计日志: who did what, and how it ended; of one's account, or for the operator of all. */
import { Empty, Input, Skeleton, Tag } from "antd";
import { Cursor } from "../parts/cursor.tsx";
import { useFilters } from "../parts/list.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import "./trust.css";

export const Page = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const { permissions } = useSession();
  const everybody = permissions.has("platform.audit");
  const [actor, action, cursor] = [get("actor"), get("action"), get("cursor")];
  const { data, error, refetch } = useView("audit", everybody ? "listAll" : "list", {
    limit: 20,
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(cursor !== undefined && { cursor }),
  });
  const filter = (name: "actor" | "action", placeholder: string) => (
    <Input.Search
      key={`${name} ${get(name) ?? ""}`}
      defaultValue={get(name)}
      placeholder={placeholder}
      aria-label={placeholder}
      maxLength={64}
      onSearch={(value) => set({ [name]: value.trim(), cursor: undefined })}
      allowClear
      style={{ width: 240, maxWidth: "100%" }}
    />
  );
  return (
    <Frame title={t("Audit", "审计日志")}>
      <section className="card stack">
        <div className="row">
          {filter("actor", t("Who: a login", "操作者（用户名）"))}
          {filter("action", t("What: tasks.create", "操作，例如 tasks.create"))}
        </div>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton active title={false} paragraph={{ rows: 8 }} />}
        {data?.items.length === 0 && (
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={t("Nothing was done that fits.", "没有符合条件的记录。")}
          />
        )}
        {data && data.items.length > 0 && (
          <div className="scroll">
            <table className="plain">
              <thead>
                <tr>
                  <th>{t("Time", "时间")}</th>
                  <th>{t("Who", "操作者")}</th>
                  <th>{t("What", "操作")}</th>
                  <th>{t("To what", "对象")}</th>
                  <th>{t("Outcome", "结果")}</th>
                  <th>{t("From", "来源")}</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map(({ id, at, actor: who, action: what, target, outcome, ip, requestId }) => (
                  <tr key={id}>
                    <td style={{ whiteSpace: "nowrap" }}>
                      <Time at={at} />
                    </td>
                    <td>{who}</td>
                    <td className="mono">{what}</td>
                    <td>{target === "" ? "—" : <Id>{target}</Id>}</td>
                    <td>
                      {outcome === "ok" ? (
                        <Tag color="success">{t("done", "成功")}</Tag>
                      ) : (
                        <Tag color="error">{outcome}</Tag>
                      )}
                    </td>
                    <td>
                      <span className="mono" title={requestId}>
                        {ip}
                      </span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        <Cursor next={data?.next} />
      </section>
    </Frame>
  );
};
