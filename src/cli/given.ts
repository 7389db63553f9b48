/** What was given to a command, and how it is read. */
import { refuse } from "./errors.ts";

/** Values as they were given; flags that were not given are absent. */
export interface Given {
  readonly args: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** A text flag that was given, or undefined. */
export const textOf = ({ flags }: Given, name: string): string | undefined => flags[name] as string | undefined;
/** @throws Refusal usage.missing */
export const requiredText = (given: Given, name: string, command: string): string => {
  const value = textOf(given, name);
  if (value === undefined) throw refuse("usage.missing", { what: `--${name}`, command });
  return value;
};
export const textsOf = ({ flags }: Given, name: string): readonly string[] =>
  (flags[name] as string[] | undefined) ?? [];
export const isSet = ({ flags }: Given, name: string): boolean => flags[name] === true;
export const argOf = ({ args }: Given, name: string): string => args[name] ?? "";
