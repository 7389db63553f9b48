/**
 * `entente`: one program for people and scripts. What starts a platform or verifies a file is loaded only when asked
 * for, so that each stays quick.
 */
import type { Flags } from "./up.ts";

const [program = "", ...rest] = process.argv.slice(2);
const terminal = { out: (line: string) => console.log(line), error: (line: string) => console.error(line) };

/** `--name value`, `--name=value` and `--name` alone, as the settings of a platform are given. */
const platformFlags = (words: readonly string[]): Flags => {
  const flags: Record<string, string | undefined> = {};
  for (let i = 0; i < words.length; i++) {
    const [, name, inline] = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(words[i] ?? "") ?? [];
    if (name === undefined) throw new Error(`\`${words[i]}\` is no flag`);
    const next = words[i + 1];
    if (inline !== undefined) flags[name] = inline;
    else if (next !== undefined && !next.startsWith("--")) flags[name] = words[++i];
    else flags[name] = "true";
  }
  return flags;
};
