/** From the words of a command line to a command and what was given to it. */
import { parseArgs } from "node:util";
import { type Command, type Flag, nameOf } from "./command.ts";
import { refuse } from "./errors.ts";
import { readSecret, readText } from "./files.ts";
import type { Given } from "./given.ts";
import { text } from "./text.ts";

/** Flags that every command has. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: "profile", type: "text", value: "NAME", summary: text("profile to use", "使用的配置") },
  { name: "profiles", type: "text", value: "DIR", summary: text("where profiles are kept", "配置所在目录") },
  { name: "url", type: "text", value: "URL", summary: text("address of the platform", "平台地址") },
  {
    name: "passphrase-file",
    type: "text",
    value: "FILE",
    summary: text("passphrase of the profile's keys; - is the input", "配置中私钥的口令文件，- 表示标准输入"),
  },
  {
    name: "lang",
    type: "text",
    choices: ["en", "zh-CN"],
    summary: text("language of texts", "显示语言"),
  },
  { name: "json", type: "boolean", summary: text("answers as JSON", "以 JSON 输出") },
  { name: "quiet", type: "boolean", summary: text("no progress", "不显示进度") },
  { name: "help", type: "boolean", summary: text("this help", "显示帮助") },
];

/** The command that the words begin with, and the words after it. */
export const findCommand = (
  commands: readonly Command[],
  words: readonly string[],
): { command: Command; rest: readonly string[] } | undefined => {
  const matches = (command: Command) => command.words.every((word, i) => words[i] === word);
  const command = commands.find(matches);
  return command && { command, rest: words.slice(command.words.length) };
};

/** @throws Refusal usage.flag, usage.missing, usage.value, file.unreadable */
export const parseGiven = (command: Command, words: readonly string[]): Given => {
  const called = `entente ${nameOf(command)}`;
  const flags = [...command.flags, ...GLOBAL_FLAGS];
  const options = Object.fromEntries(
    flags.map(({ name, type, many }) => [
      name,
      { type: type === "boolean" ? ("boolean" as const) : ("string" as const), multiple: many === true },
    ]),
  );
  const parsed = readable(
    () => parseArgs({ args: [...words], options, allowPositionals: true, allowNegative: true }),
    called,
  );
  if (parsed.values.help === true) return { args: {}, flags: { help: true } };
  const values = Object.fromEntries(
    flags.flatMap((flag) => {
      const given = parsed.values[flag.name];
      if (given === undefined) return [];
      return [[flag.name, readValue(flag, given, called)]];
    }),
  );
  const missing = flags.find(({ name, required }) => required && !isGiven(values, name));
  if (missing) throw refuse("usage.missing", { what: `--${missing.name}`, command: called });
  return { args: argsOf(command, parsed.positionals, called), flags: values };
};

/** By itself, in a file of its own, or in the file of the whole input: the schema looks into that. */
const isGiven = (values: Readonly<Record<string, unknown>>, name: string): boolean =>
  [name, `${name}-file`, "input"].some((each) => values[each] !== undefined);

const readable = <T>(read: () => T, command: string): T => {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
    throw refuse("usage.flag", { reason: message.split(". ")[0] ?? message, command });
  }
};

const argsOf = ({ args }: Command, positionals: readonly string[], command: string): Record<string, string> => {
  const surplus = positionals[args.length];
  if (surplus !== undefined) throw refuse("usage.flag", { reason: `\`${surplus}\` is one argument too many`, command });
  return Object.fromEntries(
    args.flatMap(({ name, optional }, i) => {
      const given = positionals[i];
      if (given === undefined && !optional) throw refuse("usage.missing", { what: name.toUpperCase(), command });
      return given === undefined ? [] : [[name, given]];
    }),
  );
};

type Raw = string | boolean | readonly (string | boolean)[];

const readValue = (flag: Flag, given: Raw, command: string): unknown => {
  const each = (raw: string | boolean) => (typeof raw === "boolean" ? raw : scalar(flag, raw, command));
  if (!Array.isArray(given)) return each(given as string | boolean);
  const values = given.map(each);
  return flag.type === "pair" ? Object.fromEntries(values as [string, unknown][]) : values;
};

const scalar = (flag: Flag, raw: string, command: string): unknown => {
  const no = (expected: string) => refuse("usage.value", { flag: `--${flag.name}`, value: raw, expected, command });
  if (flag.choices && !flag.choices.includes(raw)) throw no(flag.choices.join(" | "));
  switch (flag.type) {
    case "integer":
    case "number": {
      const value = raw.trim() === "" ? Number.NaN : Number(raw);
      if (!Number.isFinite(value) || (flag.type === "integer" && !Number.isSafeInteger(value)))
        throw no(flag.limits ?? flag.type);
      return value;
    }
    case "json":
      return parseJson(raw) ?? (raw.trim() === "null" ? null : raise(no("JSON")));
    case "pair":
      return pairOf(raw) ?? raise(no("NAME=VALUE"));
    default:
      return raw;
  }
};

const raise = (error: Error): never => {
  throw error;
};

const parseJson = (textual: string): unknown => {
  try {
    return JSON.parse(textual);
  } catch {
    return undefined;
  }
};

/** A number or a boolean where the value reads as one; quotes make it text: `id="007"`. */
const pairOf = (raw: string): [string, unknown] | undefined => {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(raw) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const read = parseJson(value);
  return [name, typeof read === "number" || typeof read === "boolean" || typeof read === "string" ? read : value];
};

/** The whole input as JSON from `--input FILE|-`. @throws Refusal usage.value, file.unreadable */
export const inputFile = ({ flags }: Given, command: string): Record<string, unknown> => {
  const path = flags.input;
  if (typeof path !== "string") return {};
  const value = parseJson(readText(path));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refuse("usage.value", { flag: "--input", value: path, expected: "JSON object", command });
  return value as Record<string, unknown>;
};

/** A secret that a flag names the file of. */
export const secretOf = ({ flags }: Given, flag: string): string | undefined => {
  const path = flags[flag];
  return typeof path === "string" ? readSecret(path) : undefined;
};
