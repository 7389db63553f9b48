/** Every process and what it says of itself; certificates that expire. */
import { Skeleton, Tag } from "antd";
import type { ReactNode } from "react";
import { Refusal } from "../../base/refusal.ts";
import { Member } from "../parts/member.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time, useAgo } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

interface Check {
  readonly ok: boolean;
  readonly ms: number;
}
interface Report {
  readonly version: string;
  readonly checks: Readonly<Record<string, Check>>;
}

/** A failing platform answers by a refusal with the same list. */
const reportOf = (data: Report | undefined, error: unknown): Report | undefined =>
  error instanceof Refusal && error.code === "health.failing" ? (error.details as object as Report) : data;

export const Health = () => {
  const t = useWords();
  const health = useView("system", "health", {}, { every: 5_000 });
  const report = reportOf(health.data, health.error);
  if (!report && health.error) return <Failure error={health.error} retry={() => void health.refetch()} />;
  if (!report) return <Skeleton active paragraph={{ rows: 6 }} />;
  const names: Readonly<Record<string, string>> = {
    ledger: t("Ledger", "账本"),
    database: t("Database", "数据库"),
    enclave: t("Enclaves' host", "可信执行环境宿主"),
  };
  return (
    <div className="stack">
      <div className="grid">
        <Card name={t("Server", "服务器")} ok={health.error === null || report !== health.data}>
          {t("version {v}", "版本 {v}", { v: report.version })}
        </Card>
        {Object.entries(report.checks).map(([name, { ok, ms }]) => (
          <Card key={name} name={names[name] ?? name} ok={ok}>
            {t("answers in {ms} ms", "响应 {ms} 毫秒", { ms })}
          </Card>
        ))}
        <Enclaves />
        <KeyNodes />
      </div>
      <Authorities />
    </div>
  );
};

const Card = ({
  name,
  ok,
  children,
  beside,
}: {
  name: string;
  ok: boolean;
  children: ReactNode;
  beside?: ReactNode;
}) => {
  const t = useWords();
  return (
    <article className="card">
      <div className="spread">
        <strong>{name}</strong>
        <span className="row">
          {beside}
          {ok ? <Tag color="success">{t("running", "正常")}</Tag> : <Tag color="error">{t("failing", "异常")}</Tag>}
        </span>
      </div>
      <div className="muted">{children}</div>
    </article>
  );
};

const Simulated = ({ hardware }: { hardware: boolean }) => {
  const t = useWords();
  return hardware ? null : <Tag color="warning">{t("simulated", "模拟")}</Tag>;
};

const Enclaves = () => {
  const t = useWords();
  const { data } = useView("enclaves", "list", {}, { every: 5_000 });
  return data?.items.map(({ id, running, hardware, measurement, isolation }, i) => (
    <Card
      key={id}
      name={t("Enclave {n}", "可信执行环境 {n}", { n: i + 1 })}
      ok={running}
      beside={<Simulated hardware={hardware} />}
    >
      {isolation} · <Id>{measurement}</Id>
    </Card>
  ));
};

const KeyNodes = () => {
  const t = useWords();
  const { data } = useView("keyNodes", "list", { pageSize: 100 }, { every: 5_000 });
  return data?.items.map(({ id, tag, running, hardware, address }) => (
    <Card
      key={id}
      name={t("Key node {tag}", "密钥节点 {tag}", { tag })}
      ok={running}
      beside={<Simulated hardware={hardware} />}
    >
      {address ?? t("has no address yet", "尚无地址")}
    </Card>
  ));
};

const DAY = 86_400_000;
const SOON = 60 * DAY;

const Authorities = () => {
  const t = useWords();
  const ago = useAgo();
  const { data, error, refetch } = useView("organisations", "authorities", { pageSize: 20 });
  return (
    <section className="card">
      <h2>{t("Certificate authorities, the first to expire at the top", "证书颁发机构（最先到期者在前）")}</h2>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active title={false} paragraph={{ rows: 3 }} />}
      {data?.total === 0 && (
        <span className="muted">{t("No organisation is on the ledger yet.", "账本中还没有机构。")}</span>
      )}
      {data && data.total > 0 && (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>{t("Organisation", "机构")}</th>
                <th>{t("Valid until", "到期时间")}</th>
                <th>{t("Certificate (SHA-256)", "证书（SHA-256）")}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ organisation, notAfter, fingerprint }) => {
                const left = Date.parse(notAfter) - Date.now();
                return (
                  <tr key={organisation.id}>
                    <td>
                      <Member of={organisation} />
                    </td>
                    <td>
                      <Time at={notAfter} />{" "}
                      {left < 0 ? (
                        <Tag color="error">{t("expired", "已过期")}</Tag>
                      ) : (
                        <span
                          className={left < SOON ? "" : "muted"}
                          style={left < SOON ? { color: "var(--warn)" } : {}}
                        >
                          {ago(notAfter)}
                        </span>
                      )}
                    </td>
                    <td>
                      <Id>{fingerprint}</Id>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
