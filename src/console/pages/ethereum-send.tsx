/** The transaction as it is sent, verified here. */
import { Skeleton, Tag, Typography } from "antd";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { Code } from "../parts/keys.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSignatures } from "./key-request-signatures.tsx";

const sendingOf = (raw: string): string =>
  `curl -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x${raw}"]}' http://127.0.0.1:8545`;

export const Send = ({ of: { id } }: { of: Request }) => {
  const t = useWords();
  const { data, error, refetch } = useSignatures(id);
  const raw = data?.find(({ transaction }) => transaction !== undefined)?.transaction;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("The signed transaction", "已签名的交易")}</h2>
        {data && <Tag color="success">{t("verified in this browser", "已在本浏览器验证")}</Tag>}
      </div>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 2 }} title={false} />}
      {raw && (
        <>
          <div className="row muted">
            {t("As it is sent (eth_sendRawTransaction)", "可直接发送（eth_sendRawTransaction）")}
            <Typography.Text copyable={{ text: `0x${raw}` }} />
          </div>
          <Code lines={6}>{`0x${raw}`}</Code>
          <span className="muted">
            {t(
              "Any node of that chain takes it, from anybody: what it pays and to whom is signed. With curl:",
              "该链的任意节点均可接收，任何人均可代为发送：金额与接收地址已被签名。使用 curl：",
            )}
          </span>
          <Code lines={6}>{sendingOf(raw)}</Code>
        </>
      )}
    </section>
  );
};
