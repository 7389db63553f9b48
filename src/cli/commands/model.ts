/** A model's project on this machine: begun, tried, packed, compared. Published models are the group `models`. */
import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { sha256Hex } from "#crypto";
import type { Language } from "../../base/refusal.ts";
import { unpack } from "../../enclave/archive.ts";
import { MANIFEST_FILE } from "../../enclave/runners/manifest.ts";
import { MAX_ARCHIVE_BYTES } from "../../rules/archive.ts";
import type { FileChange, Files } from "../../sdk/compare-files.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { isDirectory, writeTo } from "../files.ts";
import { argOf, type Given, textOf } from "../given.ts";
import { pairs, printable, safeJson, shownCode } from "../table.ts";
import { say, text } from "../text.ts";
import { type Comparison, compareModels } from "./model-diff.ts";
import { refuse } from "./model-errors.ts";
import { initProject, RUNNERS } from "./model-init.ts";
import { TEST_FLAGS, testModel } from "./model-try.ts";
import { archiveOf } from "./models.ts";

const pathOf = (given: Given): string => argOf(given, "path") || ".";

/** The archive of a folder or an archive. @throws Refusal project.missing, archive.*, model.manifest */
const openProject = async (path: string): Promise<{ archive: Uint8Array; files: Files }> => {
  if (!existsSync(isDirectory(path) ? join(path, MANIFEST_FILE) : path)) throw refuse("project.missing", { path });
  const archive = await archiveOf(path);
  return { archive, files: await unpack(archive) };
};

const BEGUN = text(
  "{path} is there, with {files}.\nTry it: entente model test {path}",
  "已创建 {path}，包含 {files}。\n试运行：entente model test {path}",
);

const WORDS = {
  file: text("File", "文件"),
  size: text("Size", "大小"),
  files: text("Files", "文件数"),
  digest: text("SHA-256", "SHA-256"),
};
const OF = text("{size} of at most {limit} bytes", "{size} 字节，上限 {limit} 字节");

const pack = async (context: Context, given: Given): Promise<unknown> => {
  const path = pathOf(given);
  const folder = resolve(path);
  const out = textOf(given, "out") ?? relative(".", join(dirname(folder), `${basename(folder)}.tar.gz`));
  if (!isDirectory(path)) throw refuse("project.missing", { path });
  if (!relative(folder, resolve(out)).startsWith(`..${sep}`)) throw refuse("project.out", { path: out });
  const { archive, files } = await openProject(path);
  writeTo(out, archive);
  const packed = { file: out, size: archive.length, limit: MAX_ARCHIVE_BYTES, files: files.size };
  if (context.json) return { ...packed, sha256: sha256Hex(archive) };
  const said = (of: keyof typeof WORDS, value: string) => [say(WORDS[of], context.language), value] as const;
  context.print(
    pairs([
      said("file", out),
      said("size", say(OF, context.language, packed)),
      said("files", [...files.keys()].join("\n")),
      said("digest", sha256Hex(archive)),
    ]),
  );
  return undefined;
};

const SAME = text("The two models are the same, file for file.", "两个模型的文件完全相同。");
const CHANGES = text("What a provider of data should know (! more than before)", "数据提供方须知（! 表示多于此前）");
const BYTES = text(
  "{path}: {change}, not text: SHA-256 {before} -> {after}",
  "{path}：{change}，非文本：SHA-256 {before} -> {after}",
);
const CHANGE = { added: text("added", "新增"), removed: text("removed", "删除"), changed: text("changed", "修改") };

const fileText = ({ path, change, before, after, diff }: FileChange, language: Language): string =>
  diff === null
    ? printable(
        say(BYTES, language, {
          path,
          change: say(CHANGE[change], language),
          before: before ?? "-",
          after: after ?? "-",
        }),
      )
    : shownCode(diff);

const comparisonText = ({ manifest, files }: Comparison, language: Language): string => {
  const words = manifest.map((change) => `${change.more ? "!" : " "} ${printable(say(change.text, language))}`);
  const told = words.length > 0 ? [[say(CHANGES, language), ...words].join("\n")] : [];
  return [...told, ...files.map((file) => fileText(file, language))].join("\n\n");
};

const diff = async (context: Context, given: Given): Promise<unknown> => {
  const [a, b] = [argOf(given, "a"), argOf(given, "b")];
  const [before, after] = [await openProject(a), await openProject(b)];
  const compared = compareModels(before.files, after.files);
  const manifest = compared.manifest.map(({ more, text }) => ({ more, text: say(text, context.language) }));
  const same = compared.files.length === 0;
  if (context.json) context.print(safeJson({ same, manifest, files: compared.files }));
  else context.print(same ? say(SAME, context.language) : comparisonText(compared, context.language));
  if (!same) throw refuse("project.different", { a, b, files: compared.files.length });
  return undefined;
};

export const projectCommands: readonly Command[] = [
  {
    words: ["model", "init"],
    summary: text("Begin a model: a folder with a small one that works", "新建模型项目：包含一个可运行的小模型"),
    args: [{ name: "name" }],
    flags: [
      {
        name: "language",
        type: "text",
        choices: RUNNERS,
        default: "javascript",
        summary: text("what the model is written in", "模型所用语言"),
      },
    ],
    async run(context, given) {
      const path = argOf(given, "name");
      const language = RUNNERS.find((one) => one === textOf(given, "language")) ?? "javascript";
      const files = initProject(path, language, context.language);
      if (context.json) return { path, files };
      context.print(say(BEGUN, context.language, { path, files: files.join(", ") }));
      return undefined;
    },
  },
  {
    words: ["model", "test"],
    summary: text(
      "Run a model in the enclave's sandbox on this machine, on rows that are made up or on files",
      "在本机以可信执行环境的沙箱试运行模型，使用合成数据或文件",
    ),
    args: [{ name: "path", optional: true }],
    flags: TEST_FLAGS,
    run: async (context, given) => testModel(context, given, (await openProject(pathOf(given))).files),
  },
  {
    words: ["model", "pack"],
    summary: text(
      "Pack a model as it is published: the same files give the same bytes, at most 20 MiB",
      "按发布格式打包模型：相同的文件得到相同的字节，上限 20 MiB",
    ),
    args: [{ name: "path", optional: true }],
    flags: [
      { name: "out", type: "text", value: "FILE", summary: text("beside the folder, unless given", "默认位于目录旁") },
    ],
    run: pack,
  },
  {
    words: ["model", "diff"],
    summary: text(
      "Compare two models, folders or archives: what they read, what they return, line by line",
      "比较两个模型（目录或归档）：读取与返回的内容，以及逐行差异",
    ),
    args: [{ name: "a" }, { name: "b" }],
    flags: [],
    run: diff,
  },
];
