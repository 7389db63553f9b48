/** Every document exists in both languages, with the same headings in the same order of levels. */
import { filesOf, textOf } from "../tree.ts";

const EN = "docs/en/";
const ZH = "docs/zh-CN/";

/** @returns one line a document whose pair is missing or differs */
export const documentPairs = (top: string): string[] => {
  const files = filesOf(top);
  const names = new Set(
    files.flatMap((file) => (file.startsWith(EN) || file.startsWith(ZH) ? [file.replace(EN, "").replace(ZH, "")] : [])),
  );
  const pairs = [...names].sort().map((name) => [EN + name, ZH + name] as const);
  return [["README.md", "README.zh-CN.md"] as const, ...pairs].flatMap(([en, zh]) => {
    const missing = [en, zh].filter((file) => !files.includes(file));
    if (missing.length > 0) return missing.map((file) => `${file} is missing`);
    if (!en.endsWith(".md")) return [];
    const [levelsEn, levelsZh] = [en, zh].map((file) => headings(textOf(top, file) ?? ""));
    return levelsEn === levelsZh ? [] : [`${zh} has not the headings of ${en}: levels ${levelsZh}, not ${levelsEn}`];
  });
};

/** The levels of the headings outside code blocks: `1 2 2 3`. */
const headings = (markdown: string): string =>
  [...markdown.replace(/^(```+|~~~+)[\s\S]*?^\1/gm, "").matchAll(/^(#{1,6}) /gm)]
    .map(([, marks = ""]) => marks.length)
    .join(" ");
