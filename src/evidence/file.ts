/** What holds of every bundle, whatever it is about: its form, its places in a ledger, and that every rule agrees. Pure. */
import { fromBase64, fromHex, fromUtf8 } from "../base/bytes.ts";
import { canonical, parseCanonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import { closureOf } from "../rules/closure.ts";
import { advance, emptyWorld, issuesOf, openDetail, ruledBy, type World } from "../rules/world.ts";
import { digestOf } from "../trust/digest.ts";
import { leafBytes } from "../trust/leaf.ts";
import { type Checkpoint, openCheckpoint } from "../trust/log/checkpoint.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../trust/log/merkle.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { AnyBundle } from "./bundle.ts";
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

/** A bundle whose statements are all in their places and allowed. */
export interface OpenedFile<B extends AnyBundle = AnyBundle> {
  readonly bundle: B;
  readonly world: World;
  readonly entries: readonly VerifiedEntry[];
  readonly checkpoint: Checkpoint;
}

/** @throws Refusal naming the first thing that does not hold */
export const openFile = (bytes: Uint8Array): OpenedFile => {
  const bundle = parseBundle(bytes);
  const checkpoint = openCheckpoint(bundle.checkpoint, bundle.ledger);
  requireOnlySignature(bundle);
  requireOrder(bundle);
  return { bundle, checkpoint, ...replayEntries(placeEntries(bundle, checkpoint)) };
};

const parseBundle = (bytes: Uint8Array): AnyBundle => {
  let value: unknown;
  try {
    value = parseCanonical(fromUtf8(bytes));
  } catch (error) {
    if (error instanceof TypeError) throw refuse("bundle.malformed", { reason: "it is not UTF-8" });
    if (error instanceof Refusal) throw refuse("bundle.malformed", { reason: "its bytes are not canonical JSON" });
    throw error;
  }
  const parsed = AnyBundle.safeParse(value);
  if (!parsed.success) throw refuse("bundle.malformed", { reason: issuesOf(parsed.error) });
  if (canonical(parsed.data) !== canonical(value))
    throw refuse("bundle.malformed", { reason: "it has more than its form" });
  return parsed.data;
};

/** Signatures by keys unknown here prove nothing, and whatever proves nothing could be changed unnoticed. */
const requireOnlySignature = ({ checkpoint }: AnyBundle) => {
  const signatures = checkpoint.slice(checkpoint.lastIndexOf("\n\n") + 2).split("\n");
  if (signatures.length !== 2) throw refuse("bundle.malformed", { reason: "the checkpoint has signatures of others" });
};

/** In the ledger's order: each after the one before, and none earlier. */
const requireOrder = ({ entries }: AnyBundle) => {
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
const placeEntries = ({ entries }: AnyBundle, { size, root }: Checkpoint): Placed[] => {
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
const replayEntries = (placed: readonly Placed[]): { world: World; entries: VerifiedEntry[] } => {
  let world = emptyWorld;
  const entries: VerifiedEntry[] = [];
  for (const { index, time, signed } of placed) {
    const { act, world: next } = advance(world, signed, time);
    world = next;
    entries.push({ index, time, stream: act.stream, by: act.by, signed });
  }
  return { world, entries };
};

/** What was followed when it was done is the beginning of the ledger that the bundle shows. @throws Refusal bundle.receipt */
export const requireContinued = (
  { bundle, checkpoint }: OpenedFile,
  { size, root }: { readonly size: number; readonly root: string },
): void => {
  try {
    verifyConsistency({
      first: size,
      second: checkpoint.size,
      firstRoot: fromHex(root),
      secondRoot: checkpoint.root,
      proof: bundle.consistency.map(fromBase64),
    });
  } catch {
    throw refuse("bundle.receipt", { reason: "the ledger that was followed is not the beginning of this one" });
  }
};

/** No statement is of a stream that `subject` does not need. @throws Refusal bundle.stray */
export const requireNoStray = (subject: string, { entries }: OpenedFile): void => {
  const byStream = Map.groupBy(entries, ({ stream }) => stream);
  const all = closureOf(subject, (stream) => byStream.get(stream)?.map(({ signed }) => signed) ?? []);
  for (const stream of byStream.keys()) if (!all.has(stream)) throw refuse("bundle.stray", { stream });
};

/** Every text shown is one that a statement commits to, and of the form its kind has. */
export const openDetails = ({ bundle, entries }: OpenedFile): Map<string, Record<string, unknown>> => {
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
