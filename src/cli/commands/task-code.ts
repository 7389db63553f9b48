/** The code of a task, before it is authorised: its files, and what changed since what this member approved last. */
import { Refusal } from "../../base/refusal.ts";
import { Manifest } from "../../enclave/runners/manifest.ts";
import type { AboutToSign } from "../../sdk/workflows/authorise.ts";
import { type CodeFile, type CodeView, viewCode } from "../../sdk/workflows/view-code.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { argOf, type Given, isSet, textOf } from "../given.ts";
import { localTime } from "../show.ts";
import { pairs, printable, shownCode, table } from "../table.ts";
import { say, text } from "../text.ts";
import { manifestChanges } from "./model-manifest.ts";

const SAID = {
  open: {
    nothing: text("You have approved no version of this model before.", "您此前未授权过该模型的任何版本。"),
    same: text("It is the very archive that you approved with {id}.", "与您授权 {id} 时的模型文件完全相同。"),
    changed: text(
      "Since you approved {id}: {changed} files changed, {added} added, {removed} removed.",
      "自您授权 {id} 以来：修改 {changed} 个文件，新增 {added} 个，删除 {removed} 个。",
    ),
    unseen: text(
      "It is another archive than you approved with {id}, and that one can't be read: what changed can't be shown.",
      "与您授权 {id} 时的模型文件不同，且当时的文件无法读取，因此无法显示变化。",
    ),
  },
  sealed: {
    nothing: text(
      "The code is sealed: only the enclave opens it, and you can't read it. You have approved no version of this model before.",
      "代码已加密，仅可信执行环境能够打开，您无法阅读。您此前未授权过该模型的任何版本。",
    ),
    same: text(
      "The code is sealed, and you can't read it. It is the very archive that you approved with {id}, byte for byte.",
      "代码已加密，您无法阅读。它与您授权 {id} 时的模型文件逐字节相同。",
    ),
    unseen: text(
      "The code is sealed, and you can't read it. It is not the archive that you approved with {id}: what changed only its author knows.",
      "代码已加密，您无法阅读。它不是您授权 {id} 时的模型文件：变化之处只有其作者知道。",
    ),
  },
} as const;

/** In a sentence: whether it can be read, and how it compares with what was approved. */
const sentence = ({ open, compared, approved, files }: CodeView): Parameters<Context["note"]> => {
  const said = open || compared === "changed" ? SAID.open[compared] : SAID.sealed[compared];
  const count = (change: CodeFile["change"]) => files.filter((file) => file.change === change).length;
  const counts = { changed: count("changed"), added: count("added"), removed: count("removed") };
  return [said, { id: approved?.id ?? "", ...counts }];
};

const SEE = text("See it: entente tasks code {id} --diff", "查看：entente tasks code {id} --diff");
const UNREAD = text(
  "The code could not be read here: {reason}. Authorise only what you know.",
  "无法在此读取代码：{reason}。请只授权您了解的内容。",
);
/** The code can't be looked at, by no lie of the server: whoever authorises is told, and decides. */
const UNREADABLE = /^(archive\..+|blob\.unknown|permission\.missing)$/;

/** A line about the code that is about to be authorised; its author needs none. */
export const reviewCode = async (context: Context, given: Given, { part, task }: AboutToSign): Promise<void> => {
  if (part === "model" || context.json || isSet(given, "quiet")) return;
  try {
    // By its stream, which the signature is over: no number stands between.
    const view = await viewCode(context.client(), task.stream, { me: await context.member(), diffs: false });
    context.note(...sentence(view));
    if (view.open && view.compared !== "same") context.note(SEE, { id: view.id });
  } catch (error) {
    if (!(error instanceof Refusal) || !UNREADABLE.test(error.code)) throw error;
    context.note(UNREAD, { reason: printable(error.message) });
  }
};

const WORDS = {
  task: text("Task", "计算任务"),
  archive: text("Archive", "模型文件"),
  runner: text("Runs", "运行"),
  approved: text("Approved last", "上次授权"),
  path: text("File", "文件"),
  size: text("Size", "大小"),
  change: text("Change", "变化"),
} as const;
const BYTES = text("{digest}, {size} bytes", "{digest}，{size} 字节");
const MAIN = text("{main}, by {runner}", "{main}，由 {runner} 运行");
const GIVEN = {
  task: text("task {id}, {at}, archive {archive}", "计算任务 {id}，{at}，模型文件 {archive}"),
  grant: text("grant for {id}, {at}, archive {archive}", "{id} 的授权凭证，{at}，模型文件 {archive}"),
};
const CHANGE = {
  added: text("added", "新增"),
  removed: text("removed", "删除"),
  changed: text("changed", "修改"),
  same: text("same", "未变"),
};
const CHANGES = text("What a provider of data should know (! more than before)", "数据提供方须知（! 表示多于此前）");
const NO_DIFF = text(
  "{path}: no text, or too long to be compared line by line",
  "{path}：非文本，或过长而无法逐行比较",
);

/** Manifests by what they say; nothing where one of them is none. */
const changesOf = ({ manifest }: CodeView) => {
  const [before, now] = [Manifest.safeParse(manifest.before), Manifest.safeParse(manifest.now)];
  return before.success && now.success ? manifestChanges(before.data, now.data) : [];
};

const blocks = (view: CodeView, { language }: Context, diff: boolean): string[] => {
  const { id, archive, main, runner, approved, files } = view;
  const words = (of: keyof typeof WORDS) => say(WORDS[of], language);
  const about: [string, string][] = [
    [words("task"), id],
    [words("archive"), say(BYTES, language, archive)],
    [words("runner"), say(MAIN, language, { main: shownCode(main), runner })],
  ];
  if (approved) {
    const details = { ...approved, at: localTime(approved.at) };
    about.push([words("approved"), say(GIVEN[approved.kind], language, details)]);
  }
  const rows = files.map(({ path, size, change, digest }) => [
    shownCode(path),
    size === null ? "-" : String(size),
    change ? say(CHANGE[change], language) : "-",
    digest ?? "-",
  ]);
  const changes = changesOf(view).map((one) => `${one.more ? "!" : " "} ${printable(say(one.text, language))}`);
  const [of, details] = sentence(view);
  return [
    pairs(about),
    say(of, language, details),
    ...(rows.length > 0 ? [table([words("path"), words("size"), words("change"), "SHA-256"], rows)] : []),
    ...(changes.length > 0 ? [[say(CHANGES, language), ...changes].join("\n")] : []),
    ...(diff ? files.filter(isChanged).map((file) => shownDiff(file, language)) : []),
  ];
};

const isChanged = ({ change }: CodeFile): boolean => change !== null && change !== "same";
const shownDiff = ({ path, diff }: CodeFile, language: Context["language"]): string =>
  shownCode(diff ?? say(NO_DIFF, language, { path }));

/** @throws Refusal code.sealed, code.file, code.no-text */
const fileOf = ({ id, open, files }: CodeView, path: string): CodeFile & { readonly text: string } => {
  if (!open) throw refuse("code.sealed", { id });
  const there = files.filter(({ digest }) => digest !== null);
  const found = there.find((file) => file.path === path);
  if (!found)
    throw refuse("code.file", {
      path,
      paths: there
        .slice(0, 50)
        .map((file) => file.path)
        .join(", "),
    });
  const { text, size, digest } = found;
  if (text === null) throw refuse("code.no-text", { path, size, digest });
  return { ...found, text };
};

/** Texts and differences only where they were asked for: they can be long. */
const forPrograms = (view: CodeView, diff: boolean): object => ({
  ...view,
  files: view.files.map(({ text: _, diff: lines, ...file }) => ({ ...file, ...(diff && { diff: lines }) })),
});

export const code: Command = {
  words: ["tasks", "code"],
  summary: text(
    "See the code that a task runs, and what changed since you approved the same model last",
    "查看任务所运行的代码，以及自您上次授权同一模型以来的变化",
  ),
  args: [{ name: "id" }],
  flags: [
    { name: "diff", type: "boolean", summary: text("what changed, line by line", "逐行显示变化") },
    { name: "file", type: "text", value: "PATH", summary: text("the text of this file", "显示该文件的内容") },
  ],
  async run(context, given) {
    const [diff, path] = [isSet(given, "diff"), textOf(given, "file")];
    const view = await viewCode(context.client(), argOf(given, "id"), { me: await context.member(), diffs: diff });
    if (path !== undefined) {
      const file = fileOf(view, path);
      if (context.json) return file;
      context.print(shownCode(file.text));
      return undefined;
    }
    if (context.json) return forPrograms(view, diff);
    context.print(blocks(view, context, diff).join("\n\n"));
    return undefined;
  },
};
