import { refusals } from "../base/refusal.ts";

/** Why a policy is not taken, or why a key node will not say what a message is. */
export const refuse = refusals({
  "policy.ids": {
    status: 400,
    en: "Policies are named by lower-case letters, digits and hyphens, each name once; {policy} is not. Rename it.",
    zh: "策略名称由小写字母、数字和连字符组成且不得重复；{policy} 不符合。请重新命名。",
  },
  "policy.too-complex": {
    status: 400,
    en: "Policy {policy} has more than {words} words and signs outside texts, brackets nested deeper than {depth}, or a text longer than {characters} characters. Split it into several policies.",
    zh: "策略 {policy} 在文本之外的词和符号超过 {words} 个，括号嵌套超过 {depth} 层，或单个文本超过 {characters} 个字符。请拆分为多条策略。",
  },
  "policy.unprintable": {
    status: 400,
    en: "Policy {policy}, line {line}: a character there can't be seen or turns the direction of text. Remove it.",
    zh: "策略 {policy} 第 {line} 行：含有不可见或改变文字方向的字符。请删除。",
  },
  "policy.upper-case": {
    status: 400,
    en: "Policy {policy}, line {line}: {text} would never match, since hexadecimal is compared in lower case. Write it so.",
    zh: "策略 {policy} 第 {line} 行：{text} 永远不会匹配，因为十六进制按小写比较。请改为小写。",
  },
  "policy.unreadable": {
    status: 400,
    en: "Policy {policy}, line {line}, character {column}, is not one policy in Cedar: {reason}. Correct it there.",
    zh: "策略 {policy} 第 {line} 行第 {column} 个字符处不是一条 Cedar 策略：{reason}。请在该处更正。",
  },
  "policy.invalid": {
    status: 400,
    en: "Policy {policy}, line {line}, character {column}, does not fit what policies are given: {reason}. The guide to policies lists all fields.",
    zh: "策略 {policy} 第 {line} 行第 {column} 个字符处与策略可用的内容不符：{reason}。策略指南列出了全部字段。",
  },
  "policy.engine": {
    status: 503,
    en: "The engine that judges policies has failed, so everything is denied. Restart the program.",
    zh: "策略引擎发生故障，因此一律拒绝。请重启程序。",
  },
  "policy.transaction": {
    status: 400,
    en: "This is not one unsigned Ethereum transaction in its only encoding: {reason}. Encode it again.",
    zh: "这不是一笔采用唯一编码的未签名以太坊交易：{reason}。请重新编码。",
  },
  "policy.typed-data": {
    status: 400,
    en: "This typed data (EIP-712) is not signed, since it could be read in two ways or not at all: {reason}. Correct it.",
    zh: "该结构化数据（EIP-712）可能有两种解读或无法解读，不予签名：{reason}。请更正。",
  },
  "policy.message": {
    status: 400,
    en: "Message {place} can't be signed with a key of type {scheme}: {reason}.",
    zh: "第 {place} 条消息不能用类型为 {scheme} 的密钥签名：{reason}。",
  },
  "policy.statement": {
    status: 400,
    en: "This is not a statement that this key may sign, in its own member's name under its own certificate: {reason}. Write it again.",
    zh: "这不是该密钥可以签署的声明（须以其所属成员的名义并使用其自身证书）：{reason}。请重新生成。",
  },
  "policy.certificate": {
    status: 400,
    en: "This is not a certificate that this key may sign, which is of itself alone: {reason}. Write it again.",
    zh: "这不是该密钥可以签发的证书（只能为其自身签发）：{reason}。请重新生成。",
  },
  "policy.spending.full": {
    status: 409,
    en: "This key has moved coins and tokens of more than {most} kinds within a month, more than are counted. Wait, or use another key.",
    zh: "该密钥一个月内涉及的币种和代币超过 {most} 种，超出可统计的数量。请等待或使用其他密钥。",
  },
});
