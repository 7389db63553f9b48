/** The page of the refusals, from every catalogue in src/. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { catalogue, type Language } from "../../src/base/refusal.ts";
import { filesOf, root, textOf } from "../tree.ts";
import { code, head, page, table, text } from "./markdown.ts";

const title = text("Refusals", "拒绝与错误");
const introduction = text(
  "Every “no” that the platform, the enclave, the verifier and the command line can say. The code is stable: programs may rely on it. The text says what to do next, in the language of the request. Words in braces are filled in, and stand under the same names in `details`.",
  "平台、可信执行环境、验证程序与命令行可能给出的全部拒绝。代码保持稳定，程序可以依赖。文本按请求的语言给出，并说明下一步该怎么做。花括号中的内容在返回时填入，并以相同名称出现在 `details` 中。",
);
const heads = { code: text("code", "代码"), status: text("status", "状态码"), text: text("text", "文本") } as const;

/** Reads every declaration under src/ into the catalogue. */
export const loadCatalogue = async (): Promise<void> => {
  const declaring = filesOf(root).filter(
    (file) =>
      /^src\/.*\.ts$/.test(file) && !file.endsWith(".test.ts") && /\brefusals\(\{/.test(textOf(root, file) ?? ""),
  );
  for (const file of declaring) await import(pathToFileURL(join(root, file)).href);
};

/** @returns the page in a language, by the first word of the codes */
export const errorsPage = (language: Language): string => {
  const lines = [...catalogue].sort(([a], [b]) => (a < b ? -1 : 1));
  const areas = Map.groupBy(lines, ([name]) => name.split(".")[0] ?? "");
  return page([
    ...head(title, introduction, language),
    ...[...areas].flatMap(([area, found]) => [
      `## ${area}`,
      ...table(
        [heads.code[language], heads.status[language], heads.text[language]],
        found.map(([name, { status, en, zh }]) => [
          code(name),
          String(status),
          escapeHtml(language === "en" ? en : zh),
        ]),
      ),
    ]),
  ]);
};

/** Texts may speak of `<name>`: outside code that would be a tag. */
const escapeHtml = (content: string): string =>
  content.replace(/`[^`]*`|[<>]/g, (found) => (found === "<" ? "&lt;" : found === ">" ? "&gt;" : found));
