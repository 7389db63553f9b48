/** What reports on bundles are made of. */
import type { Language } from "../base/refusal.ts";
import type { Explanation } from "../evidence/explain.ts";
import { printable, table } from "./table.ts";
import { say, text } from "./text.ts";

/** A UTC time to the second. */
export const utc = (iso: string): string => iso.slice(0, 19).replace("T", " ");

export const leftOut = text("(left out)", "（已省略）");

export const sectionOf = (title: string, body: string): string =>
  `${title}\n${body
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n")}`;

export const listOf = (mark: string, lines: readonly string[]): string =>
  lines.map((line) => `${mark} ${printable(line)}`).join("\n");

const NAMES = {
  when: text("when (UTC)", "时间（UTC）"),
  entry: text("entry", "条目"),
  who: text("who", "操作方"),
  what: text("what", "操作"),
  about: text("about", "对象"),
  name: text("name", "名称"),
  appId: text("APPID", "APPID"),
  fingerprint: text("fingerprint", "指纹"),
  pinned: text("pinned", "已固定"),
} as const;

/** Who said what, and when. */
export const actsTable = (acts: Explanation["acts"], language: Language): string =>
  table(
    [NAMES.when, NAMES.entry, NAMES.who, NAMES.what, NAMES.about].map((name) => say(name, language)),
    acts.map(({ at, index, by, text, about }) => [utc(at), String(index), by, text, about]),
  );

export const partiesTable = (parties: Explanation["parties"], language: Language): string =>
  table(
    [NAMES.name, NAMES.appId, NAMES.fingerprint, NAMES.pinned].map((name) => say(name, language)),
    parties.map(({ nickname, appId, fingerprints, pinned }) => [
      nickname ?? say(leftOut, language),
      appId,
      fingerprints[0] ?? "",
      pinned ? "✔" : "-",
    ]),
  );
