/** The page of the commands, from the commands themselves. */
import type { Language } from "../../src/base/refusal.ts";
import { type Command, type Flag, nameOf } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { RESOURCES } from "../../src/cli/help.ts";
import { GLOBAL_FLAGS } from "../../src/cli/parse.ts";
import { code, head, page, table, text } from "./markdown.ts";

const title = text("Commands", "命令行");
const introduction = text(
  "Every command of `npx entente`. `--help` after any of them shows the same in a terminal; `--json` gives answers to programs. Exit status: 0 done, 1 refused, 2 wrong use, 3 no connection. The settings that `up` and other programs of a platform take as flags are in [configuration.md](configuration.md).",
  "`npx entente` 的全部命令。在任一命令后加 `--help` 可在终端查看相同内容；`--json` 以 JSON 输出，便于程序处理。退出状态：0 完成，1 被拒绝，2 用法错误，3 无法连接。`up` 等平台程序可用的配置项参数见 [configuration.md](configuration.md)。",
);
const WORDS = {
  flag: text("flag", "选项"),
  takes: text("takes", "取值"),
  about: text("meaning", "说明"),
  required: text("required", "必填"),
  many: text("may be repeated", "可重复"),
  preset: text("default", "默认"),
  global: text("Flags of every command", "通用选项"),
  programs: text("Programs", "程序"),
} as const;

/** Not among the commands: they are programs of their own. */
const PROGRAMS: readonly { readonly usage: string; readonly name: string }[] = [
  { usage: "up [--data DIR] [--port P] [--json] …", name: "up" },
  { usage: "demo [--once] [--json] [--data DIR] [--port P] [--lang en|zh-CN]", name: "demo" },
  { usage: "rebuild [--data DIR] [--json] …", name: "rebuild" },
  { usage: "recover [--data DIR] [--json] …", name: "recover" },
  {
    usage:
      "keynode join HOST:PORT --fingerprint HEX --token-file FILE --tag TAG --listen HOST:PORT [--advertise HOST:PORT] …",
    name: "keynode",
  },
  { usage: "verify FILE [--trust FILE] [--json]", name: "verify" },
];

const TAKES = { text: "TEXT", integer: "N", number: "X", boolean: "", json: "JSON", pair: "NAME=VALUE" } as const;

/** @returns the page in a language */
export const cliPage = (language: Language): string => {
  const byResource = Map.groupBy(commands, ({ words }) => words[0]);
  return page([
    ...head(title, introduction, language),
    `## ${WORDS.programs[language]}`,
    "",
    ...PROGRAMS.flatMap(({ usage, name }) => {
      const about = RESOURCES[name];
      return about ? [`- ${code(`entente ${usage}`)}: ${about[language]}`] : [];
    }),
    "",
    `## ${WORDS.global[language]}`,
    ...flagTable(GLOBAL_FLAGS, language),
    ...[...byResource].flatMap(([resource, own]) => [
      `## ${resource}`,
      "",
      ...(own.some(({ words }) => words.length > 1) ? [RESOURCES[resource]?.[language] ?? "", ""] : []),
      ...own.flatMap((command) => section(command, language)),
    ]),
  ]);
};

const section = (command: Command, language: Language): string[] => {
  const args = command.args.map(({ name, optional }) => (optional ? `[${name.toUpperCase()}]` : name.toUpperCase()));
  return [
    `### entente ${[nameOf(command), ...args].join(" ")}`,
    "",
    command.summary[language],
    ...flagTable(command.flags, language),
    "",
  ];
};

const flagTable = (flags: readonly Flag[], language: Language): string[] =>
  table(
    [WORDS.flag[language], WORDS.takes[language], WORDS.about[language]],
    flags.map((flag) => [code(`--${flag.name}`), takes(flag), about(flag, language)]),
  );

const takes = ({ type, value = TAKES[type], choices, limits }: Flag): string =>
  [choices ? choices.map(code).join(", ") : value && code(value), limits].filter(Boolean).join(" ");

const about = (flag: Flag, language: Language): string =>
  [
    flag.summary?.[language],
    flag.required && WORDS.required[language],
    flag.many && WORDS.many[language],
    flag.default !== undefined && `${WORDS.preset[language]} ${code(JSON.stringify(flag.default))}`,
  ]
    .filter(Boolean)
    .join(language === "en" ? "; " : "；");
