import { refusals } from "../../base/refusal.ts";

/** Refusals of the faces: what other systems' protocols ask, and is not possible here. */
export const refuse = refusals({
  "face.token-needed": {
    status: 400,
    en: "The key service would listen on {host} for everybody. Set keyToken, or listen on 127.0.0.1.",
    zh: "密钥服务将在 {host} 上对所有人开放。请设置 keyToken，或改为监听 127.0.0.1。",
  },
  "face.token": {
    status: 401,
    en: "The token is missing or wrong. Send it as Authorization: Bearer TOKEN; the operator has it as keyToken.",
    zh: "令牌缺失或不正确。请以 Authorization: Bearer TOKEN 发送；令牌即运营方设置的 keyToken。",
  },
  "face.foreign": {
    status: 403,
    en: "Without a token this service answers programs on this machine only, not web pages or other names of it. Set keyToken.",
    zh: "未设置令牌时，本服务只响应本机程序，不响应网页或以其他主机名发来的请求。请设置 keyToken。",
  },
  "face.length": {
    status: 400,
    en: "The length {length} does not fit {type}. Write 256, or 512 as for the two halves of its public key.",
    zh: "长度 {length} 与 {type} 不符。请填写 256，或按公钥两部分合计填写 512。",
  },
  "face.threshold": {
    status: 400,
    en: "The threshold {threshold} is above the number of shares, {shares}. Choose from 2 to {shares}.",
    zh: "门限 {threshold} 大于分片总数 {shares}。请在 2 至 {shares} 之间选择。",
  },
  "face.participants": {
    status: 400,
    en: "{shares} shares need as many different nodes; {found} are named. Name each node once.",
    zh: "{shares} 个分片需要同样数量的不同节点，现有 {found} 个。请逐一列出且不重复。",
  },
  "face.node-unknown": {
    status: 404,
    en: "There is no node {tag}. Create it first, or choose another.",
    zh: "没有节点 {tag}。请先创建该节点，或选择其他节点。",
  },
  "face.node-taken": {
    status: 409,
    en: "There is a node {tag} already. Take another tag.",
    zh: "节点 {tag} 已存在。请换用其他标签。",
  },
  "face.nodes-down": {
    status: 503,
    en: "Of the nodes {nodes} not enough are running: {needed} are needed, {up} are up. Start them and try again.",
    zh: "节点 {nodes} 中可用的不足：需要 {needed} 个，当前 {up} 个可用。请启动节点后重试。",
  },
  "face.digest": {
    status: 400,
    en: "digestHex is not a digest for {scheme}: {reason}. Send the digest in hexadecimal.",
    zh: "digestHex 不是适用于 {scheme} 的摘要：{reason}。请以十六进制发送摘要。",
  },
  "face.imported": {
    status: 409,
    en: "This private key is here already, as {id}. Use that one, or schedule its deletion first.",
    zh: "该私钥已存在，密钥编号为 {id}。请直接使用，或先将其删除。",
  },
});
