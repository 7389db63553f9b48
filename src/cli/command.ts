/** What a command is: words, arguments, flags, and what it does. Help, parsing and completion come from it. */

import type { Context } from "./context.ts";
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

/** Values as they were given; flags that were not given are absent. */
export interface Given {
  readonly args: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, unknown>>;
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

/** A text flag that was given, or undefined. */
export const textOf = ({ flags }: Given, name: string): string | undefined => flags[name] as string | undefined;
export const textsOf = ({ flags }: Given, name: string): readonly string[] =>
  (flags[name] as string[] | undefined) ?? [];
export const isSet = ({ flags }: Given, name: string): boolean => flags[name] === true;
export const argOf = ({ args }: Given, name: string): string => args[name] ?? "";

export const nameOf = ({ words }: Pick<Command, "words">): string => words.join(" ");
