import { refusals } from "../base/refusal.ts";

/** Refusals of the rulebooks of keys: key nodes, groups, keys and requests. */
export const refuse = refusals({
  "key.party": {
    status: 404,
    en: "There is nothing here under {id} that you may do this with. Its group says who may; ask an administrator of it.",
    zh: "您不能对 {id} 执行该操作。权限由其群组规定，请联系群组管理员。",
  },
  "key-node.unknown": {
    status: 409,
    en: "There is no key node {node} on this ledger. Look at the key nodes and choose again.",
    zh: "账本上没有密钥节点 {node}。请查看密钥节点后重新选择。",
  },
  "key-group.settings": {
    status: 400,
    en: "The group cannot be like that: {reason}. Change it and sign again.",
    zh: "群组设置不成立：{reason}。请修改后重新签名。",
  },
  "key-group.proposal": {
    status: 409,
    en: "The proposal {proposal} cannot be decided: it is {state}. Look at the group, and propose anew if need be.",
    zh: "提案 {proposal} 不能再处理，其状态为 {state}。请查看群组，必要时重新提案。",
  },
  "key-group.decided": {
    status: 409,
    en: "You have decided on the proposal {proposal} already. A decision is made once.",
    zh: "您已经处理过提案 {proposal}。每项提案只能处理一次。",
  },
  "key-group.proposals": {
    status: 409,
    en: "Of your proposals in this group {limit} have not been accepted within seven days. Wait until some are, or have run out.",
    zh: "您在该群组中已有 {limit} 个提案在七天内未获通过。请等待通过或过期后再提案。",
  },
  "key.nodes": {
    status: 400,
    en: "The nodes do not fit the key: {reason}. Choose nodes of its group, none twice, and a threshold from 2 to their number.",
    zh: "节点与密钥不符：{reason}。请选择群组内互不相同的节点，门限为 2 至节点数。",
  },
  "key.import": {
    status: 400,
    en: "What is imported does not fit the key: {reason}. Split the private key again.",
    zh: "导入内容与密钥不符：{reason}。请重新拆分私钥。",
  },
  "key.state": {
    status: 409,
    en: "The key {id} is {state}; {kind} is not possible now. Look at the key for what is.",
    zh: "密钥 {id} 当前状态为 {state}，不能执行 {kind}。请查看密钥可执行的操作。",
  },
  "key.busy": {
    status: 409,
    en: "The shares of the key {id} are being made anew already, until {expires} at the latest. Wait for that to end.",
    zh: "密钥 {id} 的分片正在更新，最迟至 {expires} 结束。请等待其完成。",
  },
  "key.attempt": {
    status: 409,
    en: "Nothing with the digest {request} and epoch {epoch} is asked of the nodes of {id} now. Read the key again.",
    zh: "当前没有要求 {id} 的节点处理摘要为 {request}、轮次为 {epoch} 的请求。请重新读取密钥。",
  },
  "key.said": {
    status: 409,
    en: "You have said this of {id} already. It is said once.",
    zh: "您已经对 {id} 作出过该声明，只能声明一次。",
  },
  "key.approvals": {
    status: 409,
    en: "Other holders, another threshold and a recovery need {needed} administrators; {given} have agreed. Wait for the others.",
    zh: "更换分片持有节点或门限、恢复分片须经 {needed} 位管理员同意，目前为 {given} 位。请等待其他管理员处理。",
  },
  "key-request.expires": {
    status: 400,
    en: "A request ends after now and within seven days, not at {expires}. Choose another end.",
    zh: "请求的截止时间须晚于当前时间且不超过七天，不能为 {expires}。请重新选择。",
  },
  "key-request.state": {
    status: 409,
    en: "The request {id} is {state}; {kind} is not possible now. Make a new request if it is still wanted.",
    zh: "请求 {id} 当前状态为 {state}，不能执行 {kind}。如仍需要，请重新发起请求。",
  },
  "key-request.signers": {
    status: 409,
    en: "The nodes named do not fit the request {id}: {reason}. Read the key again.",
    zh: "所述节点与请求 {id} 不符：{reason}。请重新读取密钥。",
  },
});
