import { Refusal, refusals } from "../base/refusal.ts";

export const refuse = refusals({
  "key-node.unavailable": {
    status: 503,
    en: "The key node {node} is not running here: {reason}. Start it, or wait until it is back.",
    zh: "密钥节点 {node} 未在此运行：{reason}。请启动该节点，或等待其恢复。",
  },
  "key-node.too-few": {
    status: 503,
    en: "Of {nodes} nodes {up} can sign, and {threshold} have to. The request goes on when enough of them are back.",
    zh: "共 {nodes} 个节点，可签名的有 {up} 个，至少需要 {threshold} 个。节点恢复后请求将继续处理。",
  },
  "key-node.silent": {
    status: 503,
    en: "The key nodes gave no answer. They are asked again; read the request in a moment.",
    zh: "密钥节点没有给出结果。系统会重新请求，请稍后查看。",
  },
  "key-node.outcome": {
    status: 502,
    en: "What the key node {node} says came of {request} is not what was asked for. Other nodes are asked to sign; look into that one.",
    zh: "密钥节点 {node} 对 {request} 给出的结果与请求不符。系统会请其他节点签名，请检查该节点。",
  },
  "key-node.answer": {
    status: 502,
    en: "The key node {node} answered something else than what it was asked for. Look into that node and its program.",
    zh: "密钥节点 {node} 的应答与所请求的内容不符。请检查该节点及其程序。",
  },
  "key-node.tag": {
    status: 400,
    en: "{tag} cannot be the tag of a key node. Take 2 to 32 letters, digits and hyphens, beginning with a letter or digit.",
    zh: "{tag} 不能作为密钥节点标签。请使用 2 至 32 个字母、数字或连字符，并以字母或数字开头。",
  },
  "key-node.greeting": {
    status: 400,
    en: "What came over the connection is no greeting of a key node. Dial this port with `entente keynode join` only.",
    zh: "连接上收到的内容不是密钥节点的问候。请仅使用 `entente keynode join` 连接该端口。",
  },
  "key-node.impostor": {
    status: 403,
    en: "What joined as {node} does not have the key that the ledger names for it. Look who has the token.",
    zh: "以 {node} 身份加入的程序没有账本所记录的密钥。请检查令牌的持有者。",
  },
  "key-node.program": {
    status: 409,
    en: "The program that the key node {node} was founded with is not in {folder} as it was kept. Put it back from a backup; where it is lost, have the node's keys reshared to others.",
    zh: "{folder} 中没有密钥节点 {node} 创建时所用的原样程序。请从备份恢复；如已丢失，请将该节点的密钥重新分片给其他节点。",
  },
  "key-node.other": {
    status: 409,
    en: "What was started as {node} is not the node of that tag on the ledger: it has other {components}. Put back what that node was founded with, or have its keys reshared to a node with another tag.",
    zh: "以 {node} 启动的程序不是账本上该标签的节点：{components} 不同。请恢复该节点创建时的原样，或将其密钥重新分片给使用其他标签的节点。",
  },
  "key-node.none": {
    status: 409,
    en: "This platform runs no key nodes. Start it with the setting keyNodes above 0, or have nodes join it.",
    zh: "本平台没有运行密钥节点。请将配置项 keyNodes 设为大于 0，或让节点加入本平台。",
  },
});

/** A node gave no answer in time. */
export const isSilence = (error: unknown): boolean => error instanceof Refusal && error.code === "key-node.silent";
