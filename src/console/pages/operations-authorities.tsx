/** Authorities of organisations, the first to expire at the top, and what to do before they do. */
import { Alert, Skeleton, Tag } from "antd";
import { Member } from "../parts/member.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time, useAgo } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

const DAY = 86_400_000;
const SOON = 60 * DAY;

export const Authorities = () => {
  const t = useWords();
  const { data, error, refetch } = useView("organisations", "authorities", { pageSize: 20 });
  const soon = data?.items.filter(({ notAfter }) => Date.parse(notAfter) - Date.now() < SOON).length ?? 0;
  return (
    <section className="card">
      <h2>{t("Certificate authorities, the first to expire at the top", "证书颁发机构（最先到期者在前）")}</h2>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active title={false} paragraph={{ rows: 3 }} />}
      {data?.total === 0 && (
        <span className="muted">{t("No organisation is on the ledger yet.", "账本中还没有机构。")}</span>
      )}
      {soon > 0 && (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 12 }}
          title={t("{n} expired, or within 60 days of it", "{n} 个证书已过期或将在 60 天内到期", { n: soon })}
          description={t(
            "Have each organisation renew under “Chain identity”, with the file of its authority: after the date it can sign nothing.",
            "请通知相应机构使用证书颁发机构文件在“链身份”页续期；到期后将无法签名。",
          )}
        />
      )}
      {data && data.total > 0 && (
        <PlainTable
          rows={data.items}
          keyOf={({ organisation }) => organisation.id}
          columns={[
            { title: t("Organisation", "机构"), cell: ({ organisation }) => <Member of={organisation} /> },
            { title: t("Valid until", "到期时间"), cell: ({ notAfter }) => <Until at={notAfter} /> },
            {
              title: t("SHA-256 of the certificate", "证书（SHA-256）"),
              cell: ({ fingerprint }) => <Id>{fingerprint}</Id>,
            },
          ]}
        />
      )}
    </section>
  );
};

const Until = ({ at }: { at: string }) => {
  const t = useWords();
  const ago = useAgo();
  const left = Date.parse(at) - Date.now();
  return (
    <span>
      <Time at={at} />{" "}
      {left < 0 ? (
        <Tag color="error">{t("expired", "已过期")}</Tag>
      ) : (
        <span className={left < SOON ? "whole" : "muted whole"} style={left < SOON ? { color: "var(--warn)" } : {}}>
          {ago(at)}
        </span>
      )}
    </span>
  );
};
