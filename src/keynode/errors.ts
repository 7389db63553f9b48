import { refusals } from "../base/refusal.ts";

/** Why a key node will not do what the server asks. */
export const refuse = refusals({
  "keynode.statements": {
    status: 409,
    en: "This key node lacks statements of the stream {stream}. Show it all that the ledger has of the streams that matter.",
    zh: "该密钥节点缺少流 {stream} 的声明。请提供账本中相关流的全部声明。",
  },
  "keynode.detail": {
    status: 409,
    en: "The text with the digest {digest} is not there as it should be: {reason}. Show the very text that the statement commits to.",
    zh: "摘要为 {digest} 的内容不符合要求：{reason}。请提供声明所承诺的原文。",
  },
  "keynode.tag": {
    status: 409,
    en: "This key node was founded as {bound}, but is started as {found}. Start it under its own tag, or with a directory of its own.",
    zh: "该密钥节点创建时的标签为 {bound}，而启动时为 {found}。请使用原标签启动，或使用单独的目录。",
  },
  "keynode.store.rolled-back": {
    status: 409,
    en: "The key node's store is not the one it wrote last: it was rolled back, or changed. Put the newest back; if it is lost, put an empty file accept-lost-store into the node's folder, start it again, and restore the shares from their backup.",
    zh: "密钥节点的存储不是其最后写入的内容：被回滚或被更改。请恢复最新的存储；如已丢失，请在节点目录中放入空文件 accept-lost-store，重新启动，并从备份恢复分片。",
  },
  "keynode.store.in-use": {
    status: 409,
    en: "Another process uses this key node's store. Stop it, or let it go on and start no second one.",
    zh: "另一个进程正在使用该密钥节点的存储。请停止该进程，或保留其运行而不再启动第二个。",
  },
  "keynode.key": {
    status: 409,
    en: "The key {id} cannot be used here now: {reason}. Look at the key.",
    zh: "密钥 {id} 当前不能在此使用：{reason}。请查看密钥。",
  },
  "keynode.not-held": {
    status: 409,
    en: "This key node holds no share of the key {id} in epoch {epoch}. Choose other signers; an administrator can have the share recovered.",
    zh: "该密钥节点未持有密钥 {id} 第 {epoch} 轮的分片。请选择其他签名节点；管理员可发起恢复。",
  },
  "keynode.request": {
    status: 409,
    en: "The request {id} is not carried out: {reason}. Look at the request.",
    zh: "请求 {id} 未执行：{reason}。请查看请求。",
  },
  "keynode.signers": {
    status: 400,
    en: "These nodes cannot sign together: {reason}. Name as many participants of the key as its threshold, each once.",
    zh: "这些节点不能共同签名：{reason}。请指定与门限数量相同且互不重复的密钥参与节点。",
  },
  "keynode.policy": {
    status: 403,
    en: "The group's policies do not allow this: {reason}. Ask for what is lacking (approvals, say), or have the policies changed.",
    zh: "群组策略不允许该操作：{reason}。请补齐所需条件（例如审批），或申请修改策略。",
  },
  "keynode.run": {
    status: 409,
    en: "The shares of {id} that the run {run} made are not held here. Run it again under another id.",
    zh: "此处未持有运行 {run} 为密钥 {id} 生成的分片。请使用新的标识重新运行。",
  },
  "keynode.share": {
    status: 409,
    en: "What was given as a share of {id} is not this key node's: {reason}. Give it the share that was sealed to it.",
    zh: "所提供的密钥 {id} 的分片不属于该节点：{reason}。请提供加密给该节点的分片。",
  },
  "keynode.backup": {
    status: 409,
    en: "The group names no recipient for a backup of this node's shares. Have the group changed first.",
    zh: "群组未指定该节点分片备份的接收方。请先修改群组设置。",
  },
  "keynode.forked": {
    status: 409,
    en: "The key nodes {nodes} were shown another ledger than this one. Keep both ledgers as evidence, and have all nodes follow the same.",
    zh: "密钥节点 {nodes} 所见的账本与本节点不一致。请保留两份账本作为证据，并让所有节点跟随同一账本。",
  },
  "keynode.behind": {
    status: 503,
    en: "The key nodes {nodes} have followed too little of the ledger to compare it with this one's. Try again when they have caught up.",
    zh: "密钥节点 {nodes} 跟随的账本过于落后，无法与本节点比较。请待其同步后重试。",
  },
  "keynode.unreachable": {
    status: 503,
    en: "The key nodes {nodes} did not answer in time. Choose other signers and try again.",
    zh: "密钥节点 {nodes} 未在时限内响应。请选择其他签名节点后重试。",
  },
  "keynode.signing": {
    status: 502,
    en: "The parts of the signature did not hold ({check}), by the fault of {nodes}. Choose other signers.",
    zh: "签名分量校验 {check} 未通过，责任节点：{nodes}。请选择其他签名节点。",
  },
});
