/**
 * Verifies the bundle of a request for the use of a key: that it was what its requester signed, who had approved it,
 * that by the ledger as the nodes had followed it they might sign, and that the signatures are the key's. Whether the
 * group's policies allowed it, every signing node has judged for itself: they stand in the bundle.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { nobleCurves } from "../mpc/curves/noble.ts";
import { derive } from "../mpc/keys/derive.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import { whatIs } from "../policy/what.ts";
import type { KeyGroup } from "../rules/key-group.ts";
import type { RequestDetail } from "../rules/key-messages.ts";
import { keyNode } from "../rules/key-node.ts";
import type { Outcome } from "../rules/key-request.ts";
import { type Completion, type KeyRequest, requestStreams } from "../rules/key-request-state.ts";
import type { Epoch, Key } from "../rules/key-state.ts";
import { advance, emptyWorld, streamOf, type World } from "../rules/world.ts";
import type { RequestBundle } from "./bundle.ts";
import { refuse } from "./errors.ts";
import { type OpenedFile, openDetails, requireContinued, requireNoStray, type VerifiedEntry } from "./file.ts";
import { verifyKeySignature } from "./key-signature.ts";
import { type Lawful, requireLawful } from "./lawful.ts";

/** One message and its signature, which holds. */
export interface SignedMessage {
  readonly kind: string;
  /** What the key signed, hex. */
  readonly signed: string;
  readonly signature: string;
}

/** What a bundle of a request was found to prove. */
export interface VerifiedRequest extends OpenedFile<RequestBundle> {
  readonly request: KeyRequest;
  readonly completed: Completion;
  /** Key, group and epoch as the nodes had followed them. */
  readonly key: Key;
  readonly group: KeyGroup;
  readonly epoch: Epoch;
  /** Streams of the nodes that took part. */
  readonly signers: readonly string[];
  /** Members whose approvals counted. */
  readonly approvals: readonly string[];
  /** Encoded point (hex) that signed: the key's, or its child's. */
  readonly publicKey: string;
  /** Null where a text that it takes was left out; none where the key was exported. */
  readonly messages: readonly SignedMessage[] | null;
  /** Texts that were shown, by digest. */
  readonly details: ReadonlyMap<string, Record<string, unknown>>;
}

/** @throws Refusal naming the first thing that does not hold */
export const verifyRequest = (opened: OpenedFile<RequestBundle>): VerifiedRequest => {
  const { bundle, world, entries } = opened;
  const { request, completed } = requireCompleted(bundle, world, entries);
  requireContinued(opened, completed.checkpoint);
  requireNoStray(bundle.request, opened);
  const judged = requireAllowed(bundle, entries, completed);
  const signers = completed.signers.map((index) => judged.epoch.participants[index - 1] ?? "");
  if (signers.some((node) => streamOf(world, keyNode, node)?.state.ledger !== bundle.ledger))
    throw refuse("bundle.ledger");
  const details = openDetails(opened);
  const shown = details.get(request.detail) as RequestDetail | undefined;
  const outcome = details.get(completed.detail) as Outcome | undefined;
  if (outcome) requireOutcome(request, outcome, completed);
  return {
    ...opened,
    ...judged,
    request,
    completed,
    signers,
    details,
    ...signedOf(judged.key, shown, outcome),
  };
};

/** The request was completed, and that is the last thing in the bundle. */
const requireCompleted = ({ request: id }: RequestBundle, world: World, entries: readonly VerifiedEntry[]) => {
  const stream = streamOf(world, requestStreams, id);
  if (!stream) throw refuse("bundle.malformed", { reason: "the request's stream is missing" });
  const { completed, status } = stream.state;
  if (!completed) throw refuse("bundle.unfinished", { state: status });
  const last = entries.at(-1);
  if (last?.signed.digest !== stream.head)
    throw refuse("bundle.receipt", { reason: "its completion is not the last of the bundle" });
  if (completed.checkpoint.size > last.index)
    throw refuse("bundle.receipt", { reason: "it speaks of a ledger that it is part of" });
  return { request: stream.state, completed };
};

/** By the ledger as it had been followed. */
const requireAllowed = (
  { request: id }: RequestBundle,
  entries: readonly VerifiedEntry[],
  completed: Completion,
): Lawful => {
  const followed = entries.filter(({ index }) => index < completed.checkpoint.size);
  // Their signatures were verified when the bundle was opened.
  const world = followed.reduce((now, { signed, time }) => advance(now, signed, time, true).world, emptyWorld);
  return requireLawful(world, followed.at(-1)?.time ?? 0, id, completed);
};

/** What came of it is what was asked for. */
const requireOutcome = ({ action, count }: KeyRequest, outcome: Outcome, { signers }: Completion) => {
  const fits =
    "signatures" in outcome
      ? action === "sign" && outcome.signatures.length === count
      : action === "export" && outcome.shares.map(({ index }) => index).join() === signers.join();
  if (!fits) throw refuse("bundle.receipt", { reason: "what is shown is not what was asked for" });
};

/** Every signature is of its message, by the key or its child. @throws Refusal bundle.signature, policy.* */
const signedOf = (
  key: Key,
  detail: RequestDetail | undefined,
  outcome: Outcome | undefined,
): Pick<VerifiedRequest, "publicKey" | "messages"> => {
  const { scheme } = key;
  if (outcome && "shares" in outcome) return { publicKey: key.publicKey, messages: [] };
  if (!outcome || !detail) return { publicKey: outcome?.publicKey ?? key.publicKey, messages: null };
  const own = { scheme, publicKey: fromHex(key.publicKey), chainCode: fromHex(key.chainCode) };
  const { publicKey } = derive(nobleCurves[CURVE_OF[scheme]], own, detail.path ?? []);
  // A key of BIP 340 is an x alone: both points with it are the same key.
  const from = scheme === "SCHNORR_BIP340" ? 2 : 0;
  if (toHex(publicKey).slice(from) !== outcome.publicKey.slice(from)) throw refuse("bundle.signature", { place: 0 });
  const messages = detail.messages.map((message, i) => {
    const { sign } = whatIs({ scheme, publicKey }, message, i + 1);
    const signature = outcome.signatures[i] ?? "";
    if (!verifyKeySignature(scheme, publicKey, sign, fromHex(signature)))
      throw refuse("bundle.signature", { place: i + 1 });
    return { kind: message.kind, signed: toHex(sign), signature };
  });
  return { publicKey: outcome.publicKey, messages };
};
