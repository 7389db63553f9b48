/** Texts of the command line, each in both languages. */
import type { Language } from "../base/refusal.ts";

export type Text = Readonly<Record<Language, string>>;

export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

/** The text in a language; `{name}` stands for the detail of that name. */
export const say = (of: Text, language: Language, details: Readonly<Record<string, unknown>> = {}): string =>
  of[language].replace(/\{(\w+)\}/g, (whole, name: string) => (name in details ? String(details[name]) : whole));

/** Chinese where the machine speaks it, English elsewhere. Node.js reads LANG and LC_ALL into its locale. */
const machineLanguage = (): Language =>
  Intl.DateTimeFormat().resolvedOptions().locale.startsWith("zh") ? "zh-CN" : "en";

/** `--lang` wherever it stands: help and refusals speak it as well. */
export const languageIn = (words: readonly string[]): Language => {
  const at = words.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  const given = at < 0 ? undefined : (words[at]?.split("=")[1] ?? words[at + 1]);
  return given === "en" || given === "zh-CN" ? given : machineLanguage();
};
