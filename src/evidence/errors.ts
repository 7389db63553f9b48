import { refusals } from "../base/refusal.ts";

/** Why a bundle does not hold. */
export const refuse = refusals({
  "bundle.malformed": {
    status: 400,
    en: "The file is not an evidence bundle: {reason}. Export it again, or ask for the unchanged file.",
    zh: "该文件不是证据包：{reason}。请重新导出，或索取未经修改的文件。",
  },
  "bundle.inclusion": {
    status: 400,
    en: "Statement {index} is not in the ledger whose checkpoint the bundle shows. Do not rely on this file.",
    zh: "声明 {index} 不在证据包所示检查点的账本中。请勿依赖该文件。",
  },
  "bundle.order": {
    status: 400,
    en: "Statement {index} is out of the ledger's order. Do not rely on this file.",
    zh: "声明 {index} 不符合账本顺序。请勿依赖该文件。",
  },
  "bundle.unfinished": {
    status: 400,
    en: "What this bundle is about has not completed: its state is {state}. Export it afterwards.",
    zh: "证据包所述的任务或请求尚未完成（{state}）。请在完成后导出。",
  },
  "bundle.ledger": {
    status: 400,
    en: "The enclave, or a key node, followed another ledger than the one that signed this bundle. Do not rely on this file.",
    zh: "可信执行环境或密钥节点所跟随的账本与签署该证据包的账本不同。请勿依赖该文件。",
  },
  "bundle.heads": {
    status: 400,
    en: "The enclave did not see stream {stream} as this bundle shows it. Do not rely on this file.",
    zh: "可信执行环境所见的流 {stream} 与证据包不一致。请勿依赖该文件。",
  },
  "bundle.receipt": {
    status: 400,
    en: "What the enclave or key node states does not fit: {reason}. Do not rely on this file.",
    zh: "可信执行环境或密钥节点的陈述不符：{reason}。请勿依赖该文件。",
  },
  "bundle.detail": {
    status: 400,
    en: "The text {digest} is not one that a statement commits to. Do not rely on this file.",
    zh: "文本 {digest} 不是任何声明所承诺的内容。请勿依赖该文件。",
  },
  "bundle.stray": {
    status: 400,
    en: "Stream {stream} has nothing to do with the run. Do not rely on this file.",
    zh: "流 {stream} 与本次执行无关。请勿依赖该文件。",
  },
  "bundle.trust": {
    status: 403,
    en: "{what} is not the one you trust: the bundle has {found}, your trust file {expected}. Do not rely on this file.",
    zh: "{what} 与您信任的不一致：证据包为 {found}，信任文件为 {expected}。请勿依赖该文件。",
  },
  "trust.malformed": {
    status: 400,
    en: "The trust file is not of its form: {reason}. It is JSON with ledger, enclaves, providers and members.",
    zh: "信任文件格式不正确：{reason}。应为包含 ledger、enclaves、providers、members 的 JSON。",
  },
  "bundle.unlawful": {
    status: 400,
    en: "By the ledger that they had followed the key nodes had no right to do this: {reason}. Do not rely on this file; report the nodes.",
    zh: "按密钥节点所跟随的账本，其无权执行该操作：{reason}。请勿依赖该文件，并举报相关节点。",
  },
  "bundle.signature": {
    status: 400,
    en: "Signature {place} is not the key's over the message that was asked for. Do not rely on this file; report the node that stated it.",
    zh: "第 {place} 个签名并非该密钥对所请求消息的签名。请勿依赖该文件，并举报作出声明的节点。",
  },
});
