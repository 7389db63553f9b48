/** Verifies an evidence bundle: the same rulebooks that ledger and enclave ran, over what the bundle holds. Pure. */
import { fromBase64, fromHex, fromUtf8 } from "../base/bytes.ts";
import { canonical, parseCanonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import { closureOf } from "../rules/closure.ts";
import { enclave } from "../rules/enclave.ts";
import { task as taskBook } from "../rules/task.ts";
import type { Receipt } from "../rules/task-definition.ts";
import type { Task } from "../rules/task-state.ts";
import { advance, emptyWorld, issuesOf, openDetail, ruledBy, streamOf, type World } from "../rules/world.ts";
import { digestOf } from "../trust/digest.ts";
import { leafBytes } from "../trust/leaf.ts";
import { type Checkpoint, openCheckpoint } from "../trust/log/checkpoint.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../trust/log/merkle.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { Bundle } from "./bundle.ts";
import { refuse } from "./errors.ts";

/** A statement of the bundle after it has been verified. */
export interface VerifiedEntry {
  readonly index: number;
  /** Ledger's time, milliseconds. */
  readonly time: number;
  /** Stream and principal, by id. */
  readonly stream: string;
  readonly by: string;
  readonly signed: SignedStatement;
}

/** What a bundle was found to prove. */
export interface Verified {
  readonly bundle: Bundle;
  readonly world: World;
  readonly entries: readonly VerifiedEntry[];
  readonly task: Task;
  readonly receipt: Receipt;
  readonly checkpoint: Checkpoint;
  /** Texts that were shown, by digest. */
  readonly details: ReadonlyMap<string, Record<string, unknown>>;
}

/** @throws Refusal naming the first thing that does not hold */
export const verifyBundle = (bytes: Uint8Array): Verified => {
  const bundle = parseBundle(bytes);
  const checkpoint = openCheckpoint(bundle.checkpoint, bundle.ledger);
  requireOnlySignature(bundle);
  requireOrder(bundle);
  const { world, entries } = replayEntries(placeEntries(bundle, checkpoint));
  const { task, receipt } = requireCompleted(bundle, world, entries);
  requireLedger(bundle, checkpoint, world, task, receipt);
  requireSeen(bundle, entries, receipt);
  return { bundle, world, entries, task, receipt, checkpoint, details: openDetails(bundle, entries) };
};

const parseBundle = (bytes: Uint8Array): Bundle => {
  let value: unknown;
  try {
    value = parseCanonical(fromUtf8(bytes));
  } catch (error) {
    if (error instanceof TypeError) throw refuse("bundle.malformed", { reason: "it is not UTF-8" });
    if (error instanceof Refusal) throw refuse("bundle.malformed", { reason: "its bytes are not canonical JSON" });
    throw error;
  }
  const parsed = Bundle.safeParse(value);
  if (!parsed.success) throw refuse("bundle.malformed", { reason: issuesOf(parsed.error) });
  if (canonical(parsed.data) !== canonical(value))
    throw refuse("bundle.malformed", { reason: "it has more than its form" });
  return parsed.data;
};

/** Signatures by keys unknown here prove nothing, and whatever proves nothing could be changed unnoticed. */
const requireOnlySignature = ({ checkpoint }: Bundle) => {
  const signatures = checkpoint.slice(checkpoint.lastIndexOf("\n\n") + 2).split("\n");
  if (signatures.length !== 2) throw refuse("bundle.malformed", { reason: "the checkpoint has signatures of others" });
};

/** In the ledger's order: each after the one before, and none earlier. */
const requireOrder = ({ entries }: Bundle) => {
  let last = { index: -1, time: 0 };
  for (const { index, time } of entries) {
    if (index <= last.index || time < last.time) throw refuse("bundle.order", { index });
    last = { index, time };
  }
};

interface Placed {
  readonly index: number;
  readonly time: number;
  readonly signed: SignedStatement;
}

/** Every statement is in its place in the ledger. Hashes come before signatures: damage shows at once. */
const placeEntries = ({ entries }: Bundle, { size, root }: Checkpoint): Placed[] => {
  const lengths = new Map<string, number>();
  return entries.map(({ index, time, jws, proof }) => {
    const signed = parseStatement(jws);
    const stream = signed.statement.stream || signed.digest;
    const seq = lengths.get(stream) ?? 0;
    lengths.set(stream, seq + 1);
    const leaf = leafHash(leafBytes({ seq, statement: signed.digest, stream, time }));
    try {
      verifyInclusion({ index, size, leafHash: leaf, proof: proof.map(fromBase64), root });
    } catch {
      throw refuse("bundle.inclusion", { index });
    }
    return { index, time, signed };
  });
};

/** Every statement is signed as it has to be, and every rule agrees. */
const replayEntries = (placed: readonly Placed[]) => {
  let world = emptyWorld;
  const entries: VerifiedEntry[] = [];
  for (const { index, time, signed } of placed) {
    const { act, world: next } = advance(world, signed, time);
    world = next;
    entries.push({ index, time, stream: act.stream, by: act.by, signed });
  }
  return { world, entries };
};

/** The task succeeded, and its receipt is the last thing in the bundle, or the receiver's word that it has the result. */
const requireCompleted = (bundle: Bundle, world: World, entries: readonly VerifiedEntry[]) => {
  const state = streamOf(world, taskBook, bundle.task)?.state;
  if (!state) throw refuse("bundle.malformed", { reason: "the task's stream is missing" });
  if (state.state !== "succeeded" || !state.receipt) throw refuse("bundle.unfinished", { state: state.state });
  const last = entries.at(-1);
  if (last?.stream !== bundle.task || last.signed.digest !== streamOf(world, taskBook, bundle.task)?.head)
    throw refuse("bundle.receipt", { reason: "the receipt is not the last of the task" });
  return { task: state, receipt: state.receipt };
};

/** The enclave followed this very ledger, and what it saw of it is the beginning of what the bundle shows. */
const requireLedger = (bundle: Bundle, checkpoint: Checkpoint, world: World, task: Task, receipt: Receipt) => {
  if (streamOf(world, enclave, task.runner)?.state.ledger !== bundle.ledger) throw refuse("bundle.ledger");
  const { size, root } = receipt.checkpoint;
  try {
    verifyConsistency({
      first: size,
      second: checkpoint.size,
      firstRoot: fromHex(root),
      secondRoot: checkpoint.root,
      proof: bundle.consistency.map(fromBase64),
    });
  } catch {
    throw refuse("bundle.receipt", { reason: "the ledger the enclave saw is not the beginning of this one" });
  }
};

/** The enclave replayed exactly the streams that matter, each to the newest statement that the ledger then had. */
const requireSeen = (bundle: Bundle, entries: readonly VerifiedEntry[], receipt: Receipt) => {
  const byStream = Map.groupBy(entries, (entry) => entry.stream);
  const signedOf = (some: readonly VerifiedEntry[] | undefined) => (some ?? []).map(({ signed }) => signed);
  const before = (stream: string) => byStream.get(stream)?.filter(({ index }) => index < receipt.checkpoint.size);

  const all = closureOf(bundle.task, (stream) => signedOf(byStream.get(stream)));
  for (const stream of byStream.keys()) if (!all.has(stream)) throw refuse("bundle.stray", { stream });
  const seen = closureOf(bundle.task, (stream) => signedOf(before(stream)));
  for (const stream of seen)
    if (receipt.heads[stream] !== before(stream)?.at(-1)?.signed.digest) throw refuse("bundle.heads", { stream });
  for (const stream of Object.keys(receipt.heads)) if (!seen.has(stream)) throw refuse("bundle.heads", { stream });
};

/** Every text shown is one that a statement commits to, and of the form its kind has. */
const openDetails = (bundle: Bundle, entries: readonly VerifiedEntry[]) => {
  const details = new Map<string, Record<string, unknown>>();
  for (const { signed } of entries) {
    const payload = signed.statement.payload as { detail?: string };
    const shown = payload.detail === undefined ? undefined : bundle.details[payload.detail];
    if (!payload.detail || !shown) continue;
    openDetail(ruledBy(signed.statement.kind).kind, payload, shown);
    details.set(payload.detail, shown);
  }
  for (const [digest, text] of Object.entries(bundle.details))
    if (!details.has(digest) || digestOf(text) !== digest) throw refuse("bundle.detail", { digest });
  return details;
};
