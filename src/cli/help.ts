/** Help, made from the commands themselves. */
import type { Language } from "../base/refusal.ts";
import { type Command, type Flag, nameOf } from "./command.ts";
import { GLOBAL_FLAGS } from "./parse.ts";
import { pairs } from "./table.ts";
import { say, type Text, text } from "./text.ts";

const USAGE = text("Usage", "用法");
const COMMANDS = text("Commands", "命令");
const FLAGS = text("Flags", "选项");
const GLOBAL = text("Flags of every command", "通用选项");
const REQUIRED = text("required", "必填");
const MANY = text("may be repeated", "可重复");
const CHARACTERS = text("{limits} characters", "{limits} 个字符");
const DEFAULT = text("default {value}", "默认 {value}");
const ONE = text("one of {choices}", "可选值 {choices}");
const MORE = text(
  "`entente RESOURCE --help` lists its commands, `entente RESOURCE ACTION --help` its flags.",
  "`entente RESOURCE --help` 查看其命令，`entente RESOURCE ACTION --help` 查看其选项。",
);
const EXIT = text(
  "Exit status: 0 done, 1 refused, 2 wrong use, 3 no connection.",
  "退出状态：0 完成，1 被拒绝，2 用法错误，3 无法连接。",
);

const PROGRAM = text(
  "Entente: organisations compute on one another's private data; every act is signed and provable.",
  "协约：机构之间在互不公开数据的前提下联合计算，每一步操作均经签名并可验证。",
);

/** What a resource is about. */
export const RESOURCES: Readonly<Record<string, Text>> = {
  up: text("start the platform", "启动平台"),
  demo: text("play the main job from beginning to end", "完整演示主要流程"),
  rebuild: text("make the computed tables again from the ledger", "根据账本重建计算表"),
  recover: text("a new access key for the operator", "为平台运营方生成新的访问密钥"),
  keynode: text("runs a key node on this machine for a platform elsewhere", "在本机为其他平台运行密钥节点"),
  verify: text("verify an evidence bundle, offline", "离线验证证据包"),
  login: text("store an address and an access key as a profile", "将平台地址与访问密钥保存为配置"),
  completion: text("completion script for a shell", "生成命令行补全脚本"),
  profile: text("profiles on this machine", "本机配置"),
  identity: text("your organisation's certificate authority and keys", "机构的证书颁发机构与密钥"),
  keys: text("keys that nobody holds, and keys for receiving results", "分布式密钥与结果接收密钥"),
  "key-nodes": text("nodes that hold shares of keys", "密钥节点管理"),
  "key-groups": text("groups of nodes, their members and policies", "群组与策略管理"),
  "key-requests": text("signatures asked for, and approvals", "签名请求与审批"),
  ethereum: text(
    "the platform's Ethereum node: what a payment needs, sending, receipts",
    "平台的以太坊节点：付款所需信息、发送与回执",
  ),
  members: text("find and verify other members", "查找并验证其他成员"),
  accounts: text("accounts and real-name verification", "账号与实名认证"),
  users: text("users of your account", "账号用户"),
  "access-keys": text("access keys", "访问密钥"),
  sessions: text("browser sessions", "浏览器会话"),
  organisations: text("chain identities", "链身份"),
  enclaves: text("trusted execution environments", "可信执行环境"),
  alliances: text("compute alliances", "计算联盟管理"),
  model: text("a model you write: begin, try, pack and compare it", "编写模型：新建、试运行、打包与比较"),
  models: text("compute models", "计算模型管理"),
  sources: text("data sources", "数据源管理"),
  tasks: text("compute tasks", "计算任务管理"),
  events: text("event centre", "事件中心"),
  blobs: text("content by digest", "按摘要存取内容"),
  ledger: text("the ledger, as anybody may check it", "账本"),
  streams: text("signed statements of a stream", "流中的签名声明"),
  audit: text("audit trail", "审计日志"),
  system: text("health, metrics and interface of the platform", "平台健康、指标与接口"),
};

export const programHelp = (commands: readonly Command[], language: Language): string => {
  const known = new Set([
    "up",
    "demo",
    "rebuild",
    "recover",
    "keynode",
    "verify",
    ...commands.map(({ words }) => words[0]),
  ]);
  const lines = [...known].map((name) => [name, RESOURCES[name]?.[language] ?? ""] as const);
  return [
    say(PROGRAM, language),
    `${say(USAGE, language)}: entente RESOURCE ACTION [ID] [--flag value]`,
    `${say(COMMANDS, language)}\n${pairs(lines, "  ")}`,
    `${say(GLOBAL, language)}\n${flagLines(GLOBAL_FLAGS, language)}`,
    say(MORE, language),
    say(EXIT, language),
  ].join("\n\n");
};

export const resourceHelp = (name: string, commands: readonly Command[], language: Language): string => {
  const lines = commands.map((command) => [usageOf(command), say(command.summary, language)] as const);
  const title = RESOURCES[name]?.[language] ?? name;
  return [title, `${say(COMMANDS, language)}\n${pairs(lines, "  ")}`, say(MORE, language)].join("\n\n");
};

export const commandHelp = (command: Command, language: Language): string =>
  [
    say(command.summary, language),
    `${say(USAGE, language)}: entente ${usageOf(command)}${command.flags.length > 0 ? " [--flag value]" : ""}`,
    ...(command.flags.length > 0 ? [`${say(FLAGS, language)}\n${flagLines(command.flags, language)}`] : []),
    `${say(GLOBAL, language)}\n${flagLines(GLOBAL_FLAGS, language)}`,
  ].join("\n\n");

const usageOf = (command: Command): string =>
  [
    nameOf(command),
    ...command.args.map(({ name, optional }) => (optional ? `[${name.toUpperCase()}]` : name.toUpperCase())),
  ].join(" ");

const flagLines = (flags: readonly Flag[], language: Language): string =>
  pairs(
    flags.map((flag) => [`--${flag.name}${valueName(flag)}`, describe(flag, language)] as const),
    "  ",
  );

const VALUES = { text: "TEXT", integer: "N", number: "X", boolean: "", json: "JSON", pair: "NAME=VALUE" } as const;

const valueName = ({ type, value = VALUES[type] }: Flag): string => (value === "" ? "" : ` ${value}`);

const describe = (flag: Flag, language: Language): string =>
  [
    flag.summary && say(flag.summary, language),
    flag.choices && say(ONE, language, { choices: flag.choices.join(" | ") }),
    flag.limits && (flag.type === "text" ? say(CHARACTERS, language, { limits: flag.limits }) : flag.limits),
    flag.default !== undefined && say(DEFAULT, language, { value: JSON.stringify(flag.default) }),
    flag.required && say(REQUIRED, language),
    flag.many && say(MANY, language),
  ]
    .filter(Boolean)
    .join(language === "en" ? ", " : "，");
