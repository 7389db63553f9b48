/** Errors of JSON-RPC 2.0 (section 5.1), EIP-1474 and EIP-1193, which wallets' libraries know by their numbers. */
import { explain, type Language, type Refusal, refusals } from "../../../base/refusal.ts";

export const CODES = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  /** An account that is not here, or whose key does not sign now. */
  input: -32000,
  /** Not there yet: it waits for approvals. */
  unavailable: -32002,
  /** The policy, or a node, said no. */
  rejected: -32003,
  /** Without a node of a chain behind it. */
  unsupported: -32004,
  limit: -32005,
  /** A person said no. */
  user: 4001,
} as const;

export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export const rpcErrorOf = ({ code, status, details }: Refusal, language: Language): RpcError => {
  const message = explain(code, details, language);
  if (code.startsWith("policy.")) return new RpcError(CODES.params, message, { code });
  if (code === "rate.limited") return new RpcError(CODES.limit, message, { code });
  return new RpcError(status >= 500 && status !== 503 ? CODES.internal : CODES.input, message, { code });
};

/** Refusals of what the platform asks its Ethereum node in members' names. */
export const refuse = refusals({
  "ethereum.no-node": {
    status: 409,
    en: "This platform has no Ethereum node. Fill in number and fees yourself and send the signed transaction elsewhere, or have the operator set ethereumUpstream.",
    zh: "本平台未配置以太坊节点。请自行填写序号与手续费并通过其他途径发送已签名的交易，或请运营方设置 ethereumUpstream。",
  },
  "ethereum.unreachable": {
    status: 503,
    en: "The platform's Ethereum node does not answer. Nothing is lost: try again in a moment, or tell the operator.",
    zh: "平台的以太坊节点没有响应。已有内容不受影响，请稍后重试或联系运营方。",
  },
  "ethereum.nonsense": {
    status: 502,
    en: "The platform's Ethereum node answered {method} with something else than an answer: {reason}. Tell the operator to look at ethereumUpstream.",
    zh: "平台的以太坊节点对 {method} 的应答无法识别：{reason}。请运营方检查 ethereumUpstream。",
  },
  "ethereum.rejected": {
    status: 422,
    en: "The Ethereum node does not take it: {reason}. Change the transaction and have it signed anew, or wait where it is about fees or funds.",
    zh: "以太坊节点拒绝：{reason}。请修改交易后重新签名；如因手续费或余额不足，可稍后再试。",
  },
  "ethereum.address": {
    status: 400,
    en: "{address} is no address, or its checksum (EIP-55) is wrong. Copy it again.",
    zh: "{address} 不是有效地址，或校验（EIP-55）不符。请重新复制。",
  },
  "ethereum.unsigned": {
    status: 400,
    en: "This is no signed transaction: {reason}. Send what the completed request shows as the signed transaction.",
    zh: "这不是已签名的交易：{reason}。请发送已完成的签名请求所显示的已签名交易。",
  },
  "ethereum.other-chain": {
    status: 409,
    en: "The transaction is for chain {wanted}, and the platform's node is on chain {found}. Send it to a node of its own chain.",
    zh: "该交易属于链 {wanted}，平台节点位于链 {found}。请将其发送到对应链的节点。",
  },
});
