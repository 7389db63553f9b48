/**
 * The ledger as this browser has come to know it: its key, and the newest checkpoint that continued all before. Whoever
 * rewrites the log would have to answer for that one.
 */
import { toHex } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import type { Client } from "../../sdk/client.ts";
import { read, write } from "../storage.ts";

export interface KeptCheckpoint {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** The signed note. */
  readonly note: string;
  /** When this browser checked it, milliseconds. */
  readonly at: number;
}
export interface KeptLedger {
  /** Verifier key (C2SP vkey). */
  readonly key: string;
  /** Newest first. */
  readonly checkpoints: readonly KeptCheckpoint[];
}

/** `another`: what the server shows now is not signed by the ledger that this browser knows; `rewritten`: what the server shows now is signed, and does not continue what it showed before. */
export type Witnessed = { readonly state: "another"; readonly kept: KeptLedger } | Continued;

/** By the key of the ledger that this browser knows. */
export type Continued =
  | { readonly state: "first" | "continued"; readonly now: KeptCheckpoint; readonly kept: KeptLedger }
  | { readonly state: "rewritten"; readonly now: KeptCheckpoint; readonly kept: KeptLedger; readonly why: string };

const NAME = "ledger";
const KEPT = 20;

export const keptLedger = (): KeptLedger | undefined => read<KeptLedger | undefined>(NAME, undefined);
export const forgetLedger = (): void => write(NAME, undefined);

/** The key that the enclaves follow, where none is known yet. */
export const ledgerKey = async (client: Client): Promise<string> => {
  const known = keptLedger()?.key;
  if (known !== undefined) return known;
  const [enclave] = (await client.enclaves.list()).items;
  if (!enclave) throw new Error("no enclave says which ledger it follows");
  return enclave.ledger;
};

/**
 * Holds the newest note of the log to what is kept, and keeps it.
 * @throws Refusal where the very first is not signed by the ledger that the enclaves follow
 */
export const witness = async (client: Client): Promise<Witnessed> => {
  const note = await (await client.ledger.checkpoint()).text();
  try {
    return await witnessNote(client, note);
  } catch (error) {
    const kept = keptLedger();
    if (kept && error instanceof Refusal && /^(note|checkpoint)\./.test(error.code)) return { state: "another", kept };
    throw error;
  }
};

/** The same of a note that is at hand. @throws Refusal where it is not signed by the ledger */
export const witnessNote = async (client: Client, note: string): Promise<Continued> => {
  const [{ openCheckpoint }, key] = await Promise.all([import("../../trust/log/checkpoint.ts"), ledgerKey(client)]);
  const { size, root } = openCheckpoint(note, key);
  const now = { size, root: toHex(root), note, at: Date.now() };
  // Read after the last wait: another look may have kept a newer one.
  const before = keptLedger();
  const last = before?.checkpoints[0];
  if (!before || !last) return { state: "first", now, kept: keep({ key, checkpoints: [] }, now) };
  const why = await brokenBy(client, last, now);
  if (why !== undefined) return { state: "rewritten", now, kept: before, why };
  return { state: "continued", now, kept: size > last.size ? keep(keptLedger() ?? before, now) : before };
};

const keep = ({ key, checkpoints }: KeptLedger, now: KeptCheckpoint): KeptLedger => {
  const newer = checkpoints.filter(({ size }) => size !== now.size);
  const kept = { key, checkpoints: [now, ...newer].toSorted((a, b) => b.size - a.size).slice(0, KEPT) };
  write(NAME, kept);
  return kept;
};

/** @returns why one of the two is not the beginning of the other */
const brokenBy = async (client: Client, a: KeptCheckpoint, b: KeptCheckpoint): Promise<string | undefined> => {
  const [from, to] = a.size <= b.size ? [a, b] : [b, a];
  if (from.size === to.size) return from.root === to.root ? undefined : "log.consistency";
  const [{ fromBase64, fromHex }, { verifyConsistency }] = await Promise.all([
    import("../../base/bytes.ts"),
    import("../../trust/log/merkle.ts"),
  ]);
  try {
    const { hashes } = await client.ledger.consistency({ from: from.size, to: to.size });
    const proof = hashes.map(fromBase64);
    const roots = { firstRoot: fromHex(from.root), secondRoot: fromHex(to.root) };
    verifyConsistency({ first: from.size, second: to.size, ...roots, proof });
    return undefined;
  } catch (error) {
    // A log that has become shorter has no such proof to give.
    if (error instanceof Refusal && ["log.consistency", "log.range", "ledger.range"].includes(error.code))
      return error.code;
    throw error;
  }
};
