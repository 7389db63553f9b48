/** What a bundle is held to beside itself: the ledger, programs and authorities that this browser knows. */
import { Button, Popconfirm, Tag } from "antd";
import { pin, pinsOf, unpin } from "../identity/trusted-enclaves.ts";
import { PlainTable } from "../parts/plain-table.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { pinMember, pins } from "./evidence-verify.ts";
import type { Found, Proven } from "./evidence-worker.ts";
import { forgetLedger, keptLedger } from "./ledger-kept.ts";

export const Parties = ({ parties, changed }: { parties: Found["parties"]; changed: () => void }) => {
  const t = useWords();
  const known = pins().members;
  const newestOf = ({ fingerprints }: Found["parties"][number]) => fingerprints.at(-1) ?? "";
  const trust = (id: string, fingerprint: string | undefined) => {
    pinMember(id, fingerprint);
    changed();
  };
  return (
    <PlainTable
      rows={parties}
      keyOf={({ id }) => id}
      columns={[
        { title: t("Member", "成员"), cell: ({ nickname }) => nickname ?? "—" },
        { title: "APPID", cell: ({ appId }) => appId },
        { title: t("Its authority (SHA-256)", "证书颁发机构（SHA-256）"), cell: (one) => <Id>{newestOf(one)}</Id> },
        {
          title: t("Trust", "信任"),
          cell: (one) =>
            known[one.id] !== undefined ? (
              <Button size="small" onClick={() => trust(one.id, undefined)}>
                {t("Unpin", "取消固定")}
              </Button>
            ) : (
              <Popconfirm
                title={t(
                  "Have you compared the fingerprint with them, for example by phone?",
                  "是否已通过电话等方式与对方核对？",
                )}
                okText={t("Compared, pin it", "已核对，固定信任")}
                onConfirm={() => trust(one.id, newestOf(one))}
              >
                <Button size="small">{t("Pin", "固定信任")}</Button>
              </Popconfirm>
            ),
        },
      ]}
    />
  );
};

export const Pins = ({ proven: { found, differs }, changed }: { proven: Proven; changed: () => void }) => {
  const t = useWords();
  const kept = keptLedger();
  const shown = found.en;
  const here = "task" in shown ? shown.code : undefined;
  const enclaves = pinsOf();
  const isPinned = enclaves.some(({ measurement }) => measurement === here?.measurement);
  return (
    <dl className="facts">
      <dt>{t("Ledger", "账本")}</dt>
      <dd>
        {kept ? (
          <span className="row">
            <Id>{kept.key}</Id>
            {kept.key === shown.ledger.key ? (
              <Tag color="success">{t("Matches the bundle", "与证据包一致")}</Tag>
            ) : (
              <Tag color="error">{t("Differs from the bundle", "与证据包不一致")}</Tag>
            )}
            <Popconfirm
              title={t("Forget this ledger and its checkpoints?", "忘记该账本及其检查点？")}
              okText={t("Forget", "忘记")}
              onConfirm={() => {
                forgetLedger();
                changed();
              }}
            >
              <Button size="small">{t("Forget", "忘记")}</Button>
            </Popconfirm>
          </span>
        ) : (
          t(
            "None yet. The ledger page remembers the first ledger it sees.",
            "暂无：打开账本页面后将记住首次所见的账本。",
          )
        )}
      </dd>
      <dt>{t("Enclave programs", "可信执行环境程序")}</dt>
      <dd className="stack" style={{ gap: 8 }}>
        {enclaves.map(({ provider, measurement }) => (
          <span key={measurement} className="row">
            {provider === "simulated" ? t("Simulated", "模拟") : provider} <Id>{measurement}</Id>
            <Button
              size="small"
              onClick={() => {
                unpin(measurement);
                changed();
              }}
            >
              {t("Unpin", "取消固定")}
            </Button>
          </span>
        ))}
        {enclaves.length === 0 && t("None yet. Any program is accepted.", "暂无：任何程序均可。")}
        {here && !isPinned && (
          <span className="row">
            <Popconfirm
              title={t("Trust the program of this bundle from now on?", "今后信任该证据包中的程序？")}
              okText={t("Pin", "固定信任")}
              onConfirm={() => {
                pin(here);
                changed();
              }}
            >
              <Button size="small" danger={differs !== undefined}>
                {t("Pin the bundle's program", "固定信任证据包中的程序")}
              </Button>
            </Popconfirm>
          </span>
        )}
      </dd>
    </dl>
  );
};
