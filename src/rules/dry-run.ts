/**
 * 试运行: what a task's model gives for rows that were made up from the structure of its sources, in the enclave's word.
 * No source is opened for it. It is what a party looks at before it agrees.
 */
import { z } from "zod";
import { sha256Hex } from "#crypto";
import { fromUtf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { PrivateKey, PublicKey, SigningKind } from "../trust/crypto/crypto.ts";
import { digestOf } from "../trust/digest.ts";
import { parseJws, signJws, verifyJws } from "../trust/jws.ts";
import { refuse } from "./errors.ts";
import type { Definition } from "./task-definition.ts";

const TYPE = "entente-dry-run+jws";

export const DryRun = z.strictObject({
  /** Refusal of the model, with its text in English; null where it gave a result. */
  failure: z.strictObject({ code: z.string(), reason: z.string() }).nullable(),
  /** Result as CSV, cut after 64 KiB; empty where there is none. */
  csv: z.string(),
  /** Rows of the whole result. */
  rows: z.int().min(0),
  /** What the model printed, cut as logs are. */
  log: z.string(),
  /** Rows that were made up of each table. */
  made: z.int().min(1),
});
export type DryRun = z.output<typeof DryRun>;

/** @param task stream */
const wordsOf = (task: string, definition: Definition, run: DryRun): string =>
  canonical({
    use: "entente/dry-run/1",
    task,
    definition: digestOf(definition),
    run: sha256Hex(canonical(run)),
  });

/** @param key of the enclave */
export const signDryRun = (task: string, definition: Definition, run: DryRun, key: PrivateKey<SigningKind>): string =>
  signJws({ key, typ: TYPE, payload: wordsOf(task, definition, run) });

/** That the enclave with this key made this run of this definition. @throws Refusal dry-run.other, jws.* */
export const verifyDryRun = (said: string, task: string, definition: Definition, run: DryRun, key: PublicKey): void => {
  const jws = parseJws(said, TYPE);
  verifyJws(jws, key);
  if (fromUtf8(jws.payload) !== wordsOf(task, definition, run)) throw refuse("dry-run.other");
};
