/** The transaction as it is sent, verified here; sent on by the platform's node, and what became of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Skeleton, Tag, Typography } from "antd";
import { useEffect, useRef, useState } from "react";
import { writtenOf } from "../../sdk/workflows/amounts.ts";
import type { SentPayment } from "../../sdk/workflows/payment.ts";
import { Fact } from "../parts/fact.tsx";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { Code } from "../parts/keys.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { read, write } from "../storage.ts";
import { refusalOf, useView } from "../views.ts";
import { chainName } from "./key-request-message.tsx";
import { useSignatures } from "./key-request-signatures.tsx";

const sendingOf = (raw: string): string =>
  `curl -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x${raw}"]}' http://127.0.0.1:8545`;

/** What was signed and by which hash it is known, all computed here from what was verified. */
const useSigned = ({ id, messages, publicKey }: Request) => {
  const signatures = useSignatures(id);
  const raw = signatures.data?.find(({ transaction }) => transaction !== undefined)?.transaction;
  const message = messages.find(({ message }) => message.kind === "transaction")?.message;
  const unsigned = message?.kind === "transaction" ? message.hex : undefined;
  const sent = useQuery({
    queryKey: ["sent", id, raw],
    queryFn: async () =>
      (await import("../../sdk/workflows/payment.ts")).sentPayment(unsigned ?? "", raw ?? "", publicKey ?? ""),
    enabled: raw !== undefined && unsigned !== undefined && publicKey !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { signatures, raw, sent: sent.data };
};

export const Send = ({ of: request }: { of: Request }) => {
  const t = useWords();
  const { signatures, raw, sent } = useSigned(request);
  const { data, error, refetch } = signatures;
  return (
    <>
      {raw && sent && <OnChain key={sent.hash} request={request.id} raw={raw} sent={sent} />}
      <section className="card stack">
        <div className="spread">
          <h2 style={{ margin: 0 }}>{t("The signed transaction", "已签名的交易")}</h2>
          {data && <Tag color="success">{t("Verified in this browser", "已在本浏览器验证")}</Tag>}
        </div>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton active paragraph={{ rows: 2 }} title={false} />}
        {data && !raw && <span className="muted">{t("No transaction was signed.", "所签署的不是交易。")}</span>}
        {raw && (
          <>
            <div className="row muted">
              {t("As it is sent (eth_sendRawTransaction)", "可直接发送（eth_sendRawTransaction）")}
              <Typography.Text copyable={{ text: `0x${raw}` }} />
            </div>
            <Code lines={8}>{`0x${raw}`}</Code>
            <details>
              <summary style={{ cursor: "pointer" }}>{t("Send it by another node", "通过其他节点发送")}</summary>
              <div className="stack" style={{ paddingTop: 12 }}>
                <span className="muted">
                  {t(
                    "Any node of that chain takes it, from anybody: what it pays and to whom is signed. With curl:",
                    "该链的任意节点均可接收，任何人均可代为发送：金额与接收地址已被签名。使用 curl：",
                  )}
                </span>
                <Code lines={6}>{sendingOf(raw)}</Code>
              </div>
            </details>
          </>
        )}
      </section>
    </>
  );
};

/** Under what it is kept in this browser that whoever asked wants it sent as soon as it is signed. */
export const intentOf = (request: string): string => `send.${request}`;

const LOOK = 3_000;
const AGAIN = 15_000;
/** Blocks after which nobody looks any more whether it is still there. */
const DEEP = 12;

const OnChain = ({ request, raw, sent: { hash, from, nonce, chainId } }: OnChainProps) => {
  const t = useWords();
  const { client, permissions } = useSession();
  const queries = useQueryClient();
  const [settled, setSettled] = useState(false);
  // A node that was away is asked again: what is to be sent is sent when it is back.
  const node = useView("ethereum", "show", {}, settled ? {} : { every: AGAIN });
  const here = node.data?.chainId === chainId;
  const found = useView("ethereum", "transaction", { hash, from, nonce }, { enabled: here && !settled, every: LOOK });
  const shown = found.isPlaceholderData ? undefined : found.data;
  const state = shown?.state;
  useEffect(() => {
    if (shown && shown.confirmations >= DEEP) setSettled(true);
  }, [shown]);
  const send = useMutation({
    mutationFn: () => client.ethereum.send({ raw }),
    onSuccess: () => {
      write(intentOf(request), undefined);
      return queries.invalidateQueries({ queryKey: ["ethereum"] });
    },
  });
  const may = permissions.has("key.request");
  const begun = useRef(false);
  const { mutate } = send;
  useEffect(() => {
    if (!may || begun.current || state !== "unknown" || !read(intentOf(request), false)) return;
    begun.current = true;
    mutate();
  }, [request, may, state, mutate]);
  if (node.error)
    return refusalOf(node.error).code === "ethereum.no-node" ? null : (
      <section className="card stack">
        <h2 style={{ margin: 0 }}>{t("On the chain", "链上结果")}</h2>
        <Failure error={node.error} retry={() => void node.refetch()} />
      </section>
    );
  return (
    <section className="card stack" aria-live="polite">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("On the chain", "链上结果")}</h2>
        {shown && <Tag color={COLOURS[shown.state]}>{t(shown.stateLabel)}</Tag>}
      </div>
      {node.data && !here && (
        <Alert
          type="info"
          title={t(
            "It is for {wanted}; the platform's node is on {found}. Send it by a node of its chain.",
            "该交易属于 {wanted}，平台节点位于 {found}。请通过对应链的节点发送。",
            { wanted: chainName(chainId), found: chainName(node.data.chainId) },
          )}
        />
      )}
      {!node.data && <Skeleton active paragraph={{ rows: 2 }} title={false} />}
      {here && found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {send.error && <Failure error={send.error} />}
      {state && <State is={state} confirmations={shown?.confirmations ?? 0} />}
      {here && (
        <dl className="facts">
          <Fact name={t("Transaction", "交易哈希")}>
            <Id>{hash}</Id>
          </Fact>
          <Fact name={t("From", "付款地址")}>
            <span className="mono">{from}</span>
          </Fact>
          {shown?.block != null && (
            <>
              <Fact name={t("Block", "区块")}>
                {shown.block} · <Time at={shown.at} />
              </Fact>
              <Fact name={t("Blocks on it, its own counted", "确认区块数（含所在区块）")}>{shown.confirmations}</Fact>
              <Fact name={t("Gas used", "实际消耗 Gas")}>{shown.gasUsed}</Fact>
              {shown.fee !== null && <Fact name={t("Fee paid", "实付手续费")}>{writtenOf(BigInt(shown.fee))} ETH</Fact>}
            </>
          )}
        </dl>
      )}
      {state === "unknown" && (
        <div>
          <Button type="primary" loading={send.isPending} disabled={!may} onClick={() => send.mutate()}>
            {t("Send to {chain}", "发送到 {chain}", { chain: chainName(chainId) })}
          </Button>
        </div>
      )}
    </section>
  );
};
interface OnChainProps {
  readonly request: string;
  readonly raw: string;
  readonly sent: SentPayment;
}

type ChainState = "unknown" | "pending" | "succeeded" | "failed" | "replaced";
const COLOURS: Readonly<Record<ChainState, string>> = {
  ...{ unknown: "default", pending: "processing", succeeded: "success", failed: "error", replaced: "error" },
};

const State = ({ is, confirmations }: { is: ChainState; confirmations: number }) => {
  const t = useWords();
  switch (is) {
    case "unknown":
      return (
        <span className="muted">
          {t(
            "The platform's node does not know it: it was not sent yet, or was dropped. Sending it again harms nothing.",
            "平台节点尚无此交易：尚未发送或已被丢弃。重复发送不会重复付款。",
          )}
        </span>
      );
    case "pending":
      return (
        <span className="muted">
          {t("Sent; it waits for a block. You may leave this page.", "已发送，等待出块。可以离开本页面。")}
        </span>
      );
    case "succeeded":
      return confirmations >= DEEP ? null : (
        <span className="muted">
          {t(
            "Carried out. On a public chain, wait for {n} {n|block|blocks} before relying on it.",
            "已执行。在公共链上，请等待 {n} 个区块确认后再视为最终结果。",
            { n: DEEP },
          )}
        </span>
      );
    case "failed":
      return (
        <Alert
          type="error"
          title={t(
            "The chain carried it out, and it failed: nothing was paid but the fee.",
            "交易已上链但执行失败：除手续费外未发生付款。",
          )}
        />
      );
    case "replaced":
      return (
        <Alert
          type="error"
          title={t(
            "Another transaction of this address took its number: this one will never be carried out.",
            "该地址的另一笔交易已占用其序号，本交易不会再被执行。",
          )}
          description={t("Ask for the payment anew, if it is still owed.", "如仍需付款，请重新发起。")}
        />
      );
  }
};
