/** What reports on bundles are made of. */
import { printable } from "./table.ts";
import { text } from "./text.ts";

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
