/** The files of two models compared, path by path. */
import { sha256Hex } from "#crypto";
import { equal, fromUtf8 } from "../base/bytes.ts";
import { unifiedDiff } from "./lines.ts";

export type Files = ReadonlyMap<string, Uint8Array>;

export interface FileChange {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** SHA-256, hexadecimal; null where there is no such file. */
  readonly before: string | null;
  readonly after: string | null;
  /** `diff -u`; null where a side is no text. */
  readonly diff: string | null;
}

/** The paths of both, sorted. */
export const pathsOf = (a: Files, b: Files): string[] => [...new Set([...a.keys(), ...b.keys()])].sort();

export const fileChanges = (a: Files, b: Files): FileChange[] =>
  pathsOf(a, b).flatMap((path) => fileChange(path, a.get(path), b.get(path)));

const fileChange = (path: string, a?: Uint8Array, b?: Uint8Array): FileChange[] => {
  if (a && b && equal(a, b)) return [];
  return [
    {
      path,
      change: a ? (b ? "changed" : "removed") : "added",
      before: a ? sha256Hex(a) : null,
      after: b ? sha256Hex(b) : null,
      diff: diffOf(path, a, b),
    },
  ];
};

/** `diff -u` of a file that was or is there; null where a side is no text. */
export const diffOf = (path: string, a?: Uint8Array, b?: Uint8Array): string | null => {
  const [before, after] = [a, b].map((bytes = new Uint8Array()) => textOf(bytes));
  if (before === undefined || after === undefined) return null;
  const names = [`--- ${a ? `a/${path}` : "/dev/null"}`, `+++ ${b ? `b/${path}` : "/dev/null"}`];
  return [...names, ...unifiedDiff(before, after)].join("\n");
};

/** Undefined where the bytes are no text. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.includes(0)) return undefined;
  try {
    return fromUtf8(bytes);
  } catch {
    return undefined;
  }
};
