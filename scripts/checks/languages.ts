/** Every text the product shows exists in English and in Chinese. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RefusalText } from "../../src/base/refusal.ts";
import { filesOf, textOf } from "../tree.ts";

const HAN = /\p{Script=Han}/u;

/** Modules whose exports carry texts of the kind `{en, zh}` or `{en, "zh-CN"}`. */
const WITH_TEXTS = /^src\/(contract|platform\/config|platform\/accounts)\/.*\.ts$|^src\/cli\/commands?\/.*\.ts$/;

/**
 * Loads every module that declares refusals or texts, and compares the languages.
 * @returns one line a text that lacks a language or a placeholder
 */
export const languages = async (top: string): Promise<string[]> => {
  const files = filesOf(top).filter((file) => /^src\/.*\.ts$/.test(file) && !file.endsWith(".test.ts"));
  const load = (file: string): Promise<object> => import(pathToFileURL(join(top, file)).href);
  const declaring = files.filter((file) => /\brefusals\(\{/.test(textOf(top, file) ?? ""));
  const failures: string[] = [];
  for (const file of declaring) await load(file);
  const { catalogue } = (await load("src/base/refusal.ts")) as { catalogue: ReadonlyMap<string, RefusalText> };
  for (const [code, { en, zh }] of catalogue) failures.push(...disagreements(`refusal ${code}`, en, zh));
  for (const file of files.filter((each) => WITH_TEXTS.test(each)))
    for (const [where, en, zh] of textsIn(await load(file), file)) failures.push(...disagreements(where, en, zh, true));
  return failures;
};

/**
 * What is wrong with a text in two languages; nothing, mostly.
 * @param label it may be a name or a symbol (URL, SHA-256), the same in both
 */
export const disagreements = (where: string, en: unknown, zh: unknown, label = false): string[] => {
  if (typeof en !== "string" || en.trim() === "") return [`${where}: the English text is missing`];
  if (typeof zh !== "string" || zh.trim() === "") return [`${where}: the Chinese text is missing`];
  const [inEn, inZh] = [en, zh].map((text) => [...new Set(text.match(/\{\w+\}/g))].sort().join(" "));
  return [
    ...(/[A-Za-z]/.test(en) ? [] : [`${where}: the English text holds no English`]),
    ...(HAN.test(zh) || (label && en === zh) ? [] : [`${where}: the Chinese text holds no Chinese`]),
    ...(inEn === inZh ? [] : [`${where}: placeholders ${inEn || "none"} in English, ${inZh || "none"} in Chinese`]),
  ];
};

/** Every plain object with `en` within a value, wherever it lies. */
const textsIn = (value: unknown, where: string, seen = new Set<unknown>()): [string, unknown, unknown][] => {
  if (typeof value !== "object" || value === null || seen.has(value)) return [];
  seen.add(value);
  const record = value as Record<string, unknown>;
  const prototype: unknown = Object.getPrototypeOf(value);
  const walkable = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!walkable) return [];
  if (typeof record.en === "string") return [[`${where} "${record.en}"`, record.en, record.zh ?? record["zh-CN"]]];
  return Object.entries(record).flatMap(([key, member]) => textsIn(member, `${where} ${key}`, seen));
};
