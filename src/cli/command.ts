/** What a command is: words, arguments, flags, and what it does. Help, parsing and completion come from it. */

import type { Context } from "./context.ts";
import type { Given } from "./given.ts";
import type { Text } from "./text.ts";

/** What a flag takes: `json` any JSON text, `pair` NAME=VALUE. */
export type FlagType = "text" | "integer" | "number" | "boolean" | "json" | "pair";

export interface Flag {
  /** Without `--`. */
  readonly name: string;
  readonly type: FlagType;
  /** May be given several times. */
  readonly many?: true;
  readonly required?: true;
  readonly choices?: readonly string[];
  /** Shown where it is left out. */
  readonly default?: unknown;
  /** Limits, as `1..100` or `<= 64 characters`. */
  readonly limits?: string;
  /** What a value stands for in help: FILE, ID. */
  readonly value?: string;
  readonly summary?: Text;
}

export interface Argument {
  readonly name: string;
  readonly optional?: true;
}

export interface Command {
  /** `tasks`, `create`. One word for commands that belong to no resource. */
  readonly words: readonly [string] | readonly [string, string];
  readonly summary: Text;
  readonly args: readonly Argument[];
  readonly flags: readonly Flag[];
  /** What it returns is shown: as a table, as names and values, or as JSON. Nothing is shown for `undefined`. */
  run(context: Context, given: Given): Promise<unknown>;
}

export const nameOf = ({ words }: Pick<Command, "words">): string => words.join(" ");
