import { refusals } from "../base/refusal.ts";

/** Refusals about statements and principals. */
export const refuse = refusals({
  "statement.malformed": {
    status: 400,
    en: "This is not a signed statement: {reason}. Sign it with the SDK or the command line and send it unchanged.",
    zh: "这不是有效的签名声明：{reason}。请使用 SDK 或命令行签名后原样提交。",
  },
  "statement.signature": {
    status: 403,
    en: "The signature does not verify under the key of {by}, or is an ECDSA signature with the high s. Sign again with the key of that member, and take the low s.",
    zh: "签名无法用成员 {by} 的密钥验证，或 ECDSA 签名的 s 值大于阶的一半。请使用该成员的密钥重新签名，并取较小的 s。",
  },
  "statement.kind": {
    status: 400,
    en: "No rulebook knows a statement of kind {kind}. Update the client or the server so that both know it.",
    zh: "没有规则手册认识类型为 {kind} 的声明。请升级客户端或服务端，使两者一致。",
  },
  "statement.payload": {
    status: 400,
    en: "The payload of {kind} is not of its form: {issues}. Correct the named fields.",
    zh: "{kind} 的内容不符合格式：{issues}。请更正所列字段。",
  },
  "statement.clock": {
    status: 409,
    en: "The statement says {at}, the ledger's clock says {time}. Set the clock of the signing machine and sign again.",
    zh: "声明时间为 {at}，账本时间为 {time}。请校准签名机器的时钟后重新签名。",
  },
  "statement.principal": {
    status: 403,
    en: "The signer {by} may not make a statement of kind {kind}. Sign it as the right principal.",
    zh: "签名者 {by} 不能作出类型为 {kind} 的声明。请以正确的主体签名。",
  },
  "statement.detail": {
    status: 400,
    en: "The text sent beside the statement is not the one it commits to. Send the detail that was signed.",
    zh: "随声明提交的文本与其承诺的摘要不符。请提交签名时的文本。",
  },
});
