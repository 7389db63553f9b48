/** The health of what a member relies on: the platform, the ledger, the enclaves, the key nodes. */
import type { ReactNode } from "react";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";

const EVERY = 10_000;

export const Health = () => {
  const t = useWords();
  const { permissions } = useSession();
  const sees = { enabled: permissions.has("enclave.read"), every: EVERY };
  const platform = useView("system", "health", {}, { every: EVERY });
  const ledger = useView("ledger", "entries", { start: 0, limit: 1 }, { every: EVERY });
  const enclaves = useView("enclaves", "list", {}, sees);
  const nodes = useView("keyNodes", "list", { pageSize: 100 }, sees);
  const running = enclaves.data?.items.filter((one) => one.running) ?? [];
  const up = nodes.data?.items.filter((one) => one.running).length ?? 0;
  const total = nodes.data?.total ?? 0;
  return (
    <section className="card">
      <h2>{t("Status", "运行状况")}</h2>
      <ul className="lines">
        <Line
          name={t("Platform", "平台")}
          light={platform.error ? "bad" : platform.data ? "good" : ""}
          said={platform.error ? t("Degraded", "异常") : platform.data ? t("Healthy", "正常") : "…"}
        />
        <Line
          name={t("Ledger", "账本")}
          light={ledger.error ? "bad" : ledger.data ? "good" : ""}
          said={
            ledger.error
              ? t("Not available", "无法显示")
              : ledger.data
                ? t("{n} {n|statement|statements}", "{n} 条声明", { n: ledger.data.size })
                : "…"
          }
        />
        {running.map(({ id, hardware, provider, measurement }) => (
          <Line
            key={id}
            name={t("Enclave", "可信执行环境")}
            light={hardware ? "good" : "warn"}
            said={
              provider === "simulated"
                ? t("Simulated: no hardware protection", "模拟：无硬件保护")
                : t("Attested by {provider}", "{provider} 远程证明", { provider })
            }
            more={<Id>{measurement}</Id>}
          />
        ))}
        {enclaves.isLoading && <Line name={t("Enclave", "可信执行环境")} light="" said="…" more="…" />}
        {enclaves.data && running.length === 0 && (
          <Line name={t("Enclave", "可信执行环境")} light="bad" said={t("Not running", "未运行")} />
        )}
        {nodes.isLoading && <Line name={t("Key nodes", "密钥节点")} light="" said="…" />}
        {total > 0 && (
          <Line
            name={t("Key nodes", "密钥节点")}
            light={up === total ? "good" : "bad"}
            said={t("{up} of {total} online", "{up}/{total} 在线", { up, total })}
          />
        )}
      </ul>
    </section>
  );
};

interface LineProps {
  readonly name: string;
  readonly light: "good" | "warn" | "bad" | "";
  readonly said: string;
  readonly more?: ReactNode;
}

const Line = ({ name, light, said, more }: LineProps) => (
  <li>
    <span className="muted">{name}</span>
    <span className={`state ${light}`} style={{ marginLeft: "auto" }}>
      {said}
    </span>
    {more && <span style={{ marginLeft: "auto" }}>{more}</span>}
  </li>
);
