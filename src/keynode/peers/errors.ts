import { refusals } from "../../base/refusal.ts";

/** Why key nodes do not come to a result together. */
export const refuse = refusals({
  "peer.unknown": {
    status: 404,
    en: "The ledger shown to this key node has no key node {node}. Show it the node's founding statement first.",
    zh: "该密钥节点所见的账本中没有密钥节点 {node}。请先提供该节点的创建声明。",
  },
  "peer.unreachable": {
    status: 503,
    en: "The key nodes {nodes} did not answer in time. See that they run and that their addresses on the ledger are right, or choose others; then try again.",
    zh: "密钥节点 {nodes} 未在时限内响应。请确认其正在运行且账本上的地址正确，或选择其他节点后重试。",
  },
  "peer.restarted": {
    status: 503,
    en: "The key node {node} was started again meanwhile and has forgotten what was under way. Try again.",
    zh: "密钥节点 {node} 在此期间重新启动，进行中的操作已丢失。请重试。",
  },
  "peer.busy": {
    status: 503,
    en: "Too much is under way with the key node {node}. Try again in a moment.",
    zh: "与密钥节点 {node} 之间的进行中操作过多。请稍后重试。",
  },
  "peer.too-large": {
    status: 413,
    en: "A message of {size} bytes is more than key nodes take from one another ({limit}). Ask for less at a time.",
    zh: "消息大小为 {size} 字节，超过密钥节点之间的上限 {limit}。请减少单次请求的内容。",
  },
  "peer.refused": {
    status: 502,
    en: "The key node {node} refused what another one asked it ({code}). Look at its state, or choose others; then try again.",
    zh: "密钥节点 {node} 拒绝了另一节点的请求（{code}）。请查看其状态，或选择其他节点后重试。",
  },
  "peer.topic": {
    status: 501,
    en: "The other key node does not know {topic}. Run the same version on both.",
    zh: "对端密钥节点不支持 {topic}。请确保两端版本一致。",
  },
  "peer.malformed": {
    status: 502,
    en: "A key node sent what is not of the protocol: {reason}. Run the same version on all of them.",
    zh: "密钥节点发送了不符合协议的数据：{reason}。请确保所有节点版本一致。",
  },
  "run.known": {
    status: 409,
    en: "The run {run} has been joined before. Begin another one under an id of its own.",
    zh: "协议运行 {run} 已参与过。请使用新的标识重新发起。",
  },
  "run.ended": {
    status: 503,
    en: "The key node {node} has given the run {run} up ({reason}). Try again.",
    zh: "密钥节点 {node} 已放弃协议运行 {run}（{reason}）。请重试。",
  },
  "run.aborted": {
    status: 502,
    en: "The run {run} was stopped because a check did not hold: {check}, by the fault of {nodes}. They are let in again only after a fresh set-up.",
    zh: "协议运行 {run} 因校验 {check} 未通过而中止，责任节点：{nodes}。重新完成初始化后方可再次参与。",
  },
  "pair.banned": {
    status: 403,
    en: "The key node {node} failed the check {check} and is kept out. It is let in again after a fresh set-up; after {limit} failures the administrators of its groups have to agree to it first (key-groups pardon).",
    zh: "密钥节点 {node} 未通过校验 {check}，已被排除。完成新的初始化后可恢复；失败 {limit} 次后须先经其群组管理员同意（key-groups pardon）。",
  },
  "pair.differs": {
    status: 503,
    en: "This key node and {node} do not hold the same set-up; it is made again. Try again in a moment.",
    zh: "本密钥节点与 {node} 持有的初始化数据不一致，正在重新生成。请稍后重试。",
  },
  "presignature.missing": {
    status: 409,
    en: "This key node does not have the presignatures that the leader names: {ids}. They are dropped; take others.",
    zh: "本密钥节点没有主导节点指定的预签名：{ids}。这些预签名已作废，请使用其他预签名。",
  },
  "presignature.key": {
    status: 409,
    en: "This key node holds no share of the key {key} of epoch {epoch} that may be used by these signers now. Look at the key's state, or choose other signers.",
    zh: "本密钥节点没有密钥 {key} 第 {epoch} 期可供这些签名者当前使用的分片。请查看密钥状态或选择其他签名者。",
  },
  "presignature.full": {
    status: 503,
    en: "This key node holds as many presignatures as it may ({limit}). Use some of them first.",
    zh: "本密钥节点持有的预签名已达上限（{limit}）。请先使用已有的预签名。",
  },
});
