/** Two models compared: their files, and what their manifests say. */
import { isUtf8 } from "node:buffer";
import { sha256Hex } from "#crypto";
import { equal } from "../../base/bytes.ts";
import { readManifest } from "../../enclave/runners/manifest.ts";
import { unifiedDiff } from "./model-lines.ts";
import { type ManifestChange, manifestChanges } from "./model-manifest.ts";

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

export interface Comparison {
  readonly manifest: readonly ManifestChange[];
  readonly files: readonly FileChange[];
}

/** @throws Refusal model.manifest */
export const compareModels = (a: Files, b: Files): Comparison => ({
  manifest: manifestChanges(readManifest(a), readManifest(b)),
  files: [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((path) => fileChange(path, a.get(path), b.get(path))),
});

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

const diffOf = (path: string, a?: Uint8Array, b?: Uint8Array): string | null => {
  const [before, after] = [a, b].map((bytes = new Uint8Array()) => textOf(bytes));
  if (before === undefined || after === undefined) return null;
  const names = [`--- ${a ? `a/${path}` : "/dev/null"}`, `+++ ${b ? `b/${path}` : "/dev/null"}`];
  return [...names, ...unifiedDiff(before, after)].join("\n");
};

/** Undefined where the bytes are no text. */
const textOf = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) && !bytes.includes(0) ? Buffer.from(bytes).toString("utf8") : undefined;
