/** The signatures, each verified here under the key's own public key; and the proof for everybody else. */
import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tag, Typography } from "antd";
import { Link } from "react-router";
import { useAct } from "../parts/act.tsx";
import { save } from "../parts/files.ts";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { Code } from "../parts/keys.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";

/** Of a completed request, verified. */
export const useSignatures = (id: string, enabled = true) => {
  const { client } = useSession();
  return useQuery({
    queryKey: ["keyRequests", "signatures", id],
    queryFn: async () => (await import("../../sdk/workflows/key-signatures.ts")).signaturesOf(client, id),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
};

export const Signatures = ({ of: { id, publicKey } }: { of: Request }) => {
  const t = useWords();
  const { data, error, refetch } = useSignatures(id);
  const bundle = useAct(async ({ client }) => {
    const file = await client.keyRequests.bundle({ id });
    save(file.fileName ?? `${id}.json`, await file.bytes(), "application/json");
  });
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Signatures", "签名结果")}</h2>
        {data && <Tag color="success">{t("Verified in this browser", "已在本浏览器验证")}</Tag>}
      </div>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 3 }} title={false} />}
      {data?.slice(0, 20).map(({ signature, encoded, transaction }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: signatures have a place and no other name
        <div key={i} className="stack" style={{ gap: 8 }}>
          <Copied name={t("Signature (r‖s)", "签名（r‖s）")}>{signature}</Copied>
          {encoded !== signature && (
            <Copied name={t("As OpenSSL takes it (DER)", "OpenSSL 格式（DER）")}>{encoded}</Copied>
          )}
          {transaction && (
            <Copied name={t("Transaction as it is sent", "可直接发送的交易")}>{`0x${transaction}`}</Copied>
          )}
        </div>
      ))}
      {data?.some(({ transaction }) => transaction !== undefined) && (
        <Link to={`/ethereum?request=${id}`}>{t("Send it, or see its receipt", "发送交易或查看链上结果")}</Link>
      )}
      {publicKey && (
        <div className="row muted">
          {t("Under the public key", "验证公钥")} <Id>{publicKey}</Id>
        </div>
      )}
      {bundle.error && <Failure error={bundle.error} />}
      <div className="row">
        <Button loading={bundle.isPending} onClick={() => bundle.mutate()}>
          {t("Download evidence bundle", "下载证据包")}
        </Button>
        <span className="muted">{t("Anyone can verify it offline", "任何人均可离线验证")}</span>
      </div>
    </section>
  );
};

const Copied = ({ name, children }: { name: string; children: string }) => (
  <div>
    <div className="row muted">
      {name} <Typography.Text copyable={{ text: children }} />
    </div>
    <Code lines={8}>{children}</Code>
  </div>
);
