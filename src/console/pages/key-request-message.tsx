/** What is signed, in plain words, as this browser reads it. */
import { Alert } from "antd";
import type { ReactNode } from "react";
import { writtenOf } from "../../sdk/workflows/amounts.ts";
import type { MessageRead, ReadToken, ReadTransaction } from "../../sdk/workflows/read-message.ts";
import { Fact } from "../parts/fact.tsx";
import { harmless } from "../parts/harmless.ts";
import { Code } from "../parts/keys.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";

const CHAINS: Readonly<Record<number, string>> = {
  ...{ 1: "Ethereum", 10: "OP Mainnet", 56: "BNB Chain", 137: "Polygon", 8453: "Base", 42161: "Arbitrum One" },
  ...{ 17000: "Holesky", 11155111: "Sepolia", 31337: "anvil" },
};
export const chainName = (id: number): string => (CHAINS[id] === undefined ? String(id) : `${CHAINS[id]} (${id})`);

export const Message = ({ read }: { read: MessageRead }) => {
  const t = useWords();
  const signed = (
    <Fact name={t("Bytes signed", "所签字节")}>
      <Id>{read.signed}</Id>
    </Fact>
  );
  return (
    <div className="stack" style={{ gap: 12 }}>
      {read.kind === "transaction" && <Transaction of={read.transaction} signed={signed} />}
      {read.kind === "digest" && (
        <Alert
          type="warning"
          title={t(
            "This is a digest. Nobody can tell what it stands for.",
            "这是摘要，任何人都无法得知其所代表的内容。",
          )}
          description={t(
            "Approve it only if its requester has shown you the original and you have hashed it yourself.",
            "仅在请求方出示原文且您已自行计算摘要后才可批准。",
          )}
        />
      )}
      {read.kind === "message" && (
        <>
          <strong>{t("A message of {n} {n|byte|bytes}", "消息，共 {n} 字节", { n: read.bytes })}</strong>
          <Code>{read.text ?? read.hex}</Code>
        </>
      )}
      {read.kind === "typed-data" && (
        <>
          <strong>{t("Typed data: {type}", "结构化数据：{type}", { type: harmless(read.primaryType) })}</strong>
          <dl className="facts">
            {Object.entries(read.domain).map(([name, value]) => (
              <Fact key={name} name={DOMAIN[name] ? t(...DOMAIN[name]) : harmless(name)}>
                {name === "chainId" ? (
                  chainName(Number(value))
                ) : (
                  <span className="mono">{harmless(String(value))}</span>
                )}
              </Fact>
            ))}
          </dl>
          <Code>{read.body}</Code>
        </>
      )}
      {read.kind === "statement" && (
        <>
          <strong>
            {t("A statement of a managed identity: {kind}", "托管身份的声明：{kind}", {
              kind: harmless(read.statement.kind),
            })}
          </strong>
          <Code>{read.body}</Code>
        </>
      )}
      {read.kind === "certificate" && (
        <strong>
          {t(
            "A certificate of its own key for {name}, {days} {days|day|days}",
            "为自身密钥签发的证书：{name}，{days} 天",
            {
              name: harmless(read.certificate.name),
              days: read.certificate.days,
            },
          )}
        </strong>
      )}
      {read.token && <Token of={read.token} />}
      {read.kind !== "transaction" && <dl className="facts">{signed}</dl>}
    </div>
  );
};

const DOMAIN: Readonly<Record<string, readonly [string, string]>> = {
  name: ["Says it is", "自称"],
  version: ["Version", "版本"],
  chainId: ["Chain", "链"],
  verifyingContract: ["Contract", "合约"],
  salt: ["Salt", "盐值"],
};

const Transaction = ({
  of: { type, chainId, nonce, to, value, fee, gas, data, delegates },
  signed,
}: {
  of: ReadTransaction;
  signed: ReactNode;
}) => {
  const t = useWords();
  return (
    <>
      <div style={{ fontSize: 20, fontWeight: 600 }}>
        {to === undefined
          ? t("Create a contract", "创建合约")
          : t("Pay {ether} ETH", "支付 {ether} ETH", { ether: writtenOf(value) })}
      </div>
      <dl className="facts">
        {to !== undefined && (
          <Fact name={t("To", "接收地址")}>
            <span className="mono">{to}</span>
          </Fact>
        )}
        <Fact name={t("Chain", "链")}>{chainName(chainId)}</Fact>
        <Fact name={t("Maximum fee", "手续费上限")}>{writtenOf(fee)} ETH</Fact>
        <Fact name={t("Nonce", "序号（nonce）")}>{String(nonce)}</Fact>
        <Fact name={t("Gas limit", "Gas 上限")}>{gas.toLocaleString()}</Fact>
        <Fact name={t("Type", "类型")}>{type.replace(/^eip/, "EIP-")}</Fact>
        {signed}
      </dl>
      {delegates.map((one) => (
        <Alert
          key={one}
          type="error"
          title={t("Delegates the whole account to {one}", "将整个账户委托给 {one}", { one })}
        />
      ))}
      {data !== "" && (
        <>
          <strong>{t("Data, {n} {n|byte|bytes}", "数据，{n} 字节", { n: data.length / 2 })}</strong>
          <Code lines={6}>{data}</Code>
        </>
      )}
    </>
  );
};

const Token = ({ of: { contract, method, recipient, exact, unlimited } }: { of: ReadToken }) => {
  const t = useWords();
  return (
    <>
      {unlimited && <Alert type="error" title={t("An unlimited allowance", "授权额度没有任何上限")} />}
      <dl className="facts">
        <Fact name={t("Token", "代币合约")}>
          <span className="mono">{contract}</span>
        </Fact>
        <Fact name={t("Does", "操作")}>{method}</Fact>
        <Fact name={t("For", "对方")}>
          <span className="mono">{recipient}</span>
        </Fact>
        <Fact name={t("Amount, smallest units", "数量（最小单位）")}>{exact}</Fact>
      </dl>
    </>
  );
};
