/** What reference pages are written in: two languages at once, and a little Markdown. */
import type { Language } from "../../src/base/refusal.ts";

export const LANGUAGES: readonly Language[] = ["en", "zh-CN"];

/** A text in both languages. */
export type Text = Readonly<Record<Language, string>>;
export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

/** One line of a table cell: pipes would end it. */
const cell = (content: string): string => content.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Code within a line. A table cell keeps pipes in it only when they are escaped. */
export const code = (content: string): string => `\`${content}\``;

/** A table; nothing where there are no rows. */
export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return ["", line(heads), `|${" --- |".repeat(heads.length)}`, ...rows.map(line), ""];
};

/** A block of JSON. */
export const json = (value: unknown): string[] => ["", "```json", JSON.stringify(value, undefined, 2), "```", ""];

/** Lines as a file: no two empty lines in a row, one line feed at the end. */
export const page = (lines: readonly string[]): string =>
  `${lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()}\n`;

const GENERATED = text(
  "Generated from the source by `node scripts/reference.ts`. Change the source, not this page.",
  "本页由 `node scripts/reference.ts` 根据源代码生成。请修改源代码，不要直接修改本页。",
);

/** The head of every page. */
export const head = (title: Text, introduction: Text, language: Language): string[] => [
  `# ${title[language]}`,
  "",
  `> ${GENERATED[language]}`,
  "",
  introduction[language],
  "",
];
