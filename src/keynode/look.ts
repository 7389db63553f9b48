/** What the ledger says of a key and of a request, as the node replayed it; texts held to the digests that name them. */

import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { KeyDetail } from "../rules/key.ts";
import { type KeyGroup, keyGroup } from "../rules/key-group.ts";
import { RequestDetail } from "../rules/key-messages.ts";
import { type KeyRequest, requestStreams } from "../rules/key-request-state.ts";
import { type Key, keyStreams } from "../rules/key-state.ts";
import { issuesOf } from "../rules/world.ts";
import type { Follower } from "../tee/follower.ts";
import { digestOf } from "../trust/digest.ts";
import { refuse } from "./errors.ts";
import type { Witness } from "./witness.ts";

export interface LookDeps {
  readonly clock: Clock;
  readonly follower: Follower;
  readonly witness: Witness;
}

export interface LookedKey {
  readonly stream: string;
  /** Newest statement of each stream that was looked at. */
  readonly heads: Readonly<Record<string, string>>;
  readonly key: Key;
  readonly group: KeyGroup;
}

export interface LookedRequest extends LookedKey {
  readonly request: KeyRequest & { readonly stream: string };
}

/** By the node's clock or the newest leaf's, whichever is later: what has lapsed for one of them has lapsed. */
export const timeOf = ({ clock, follower }: Pick<LookDeps, "clock" | "follower">): number =>
  Math.max(clock.now(), follower.time);

/** @throws Refusal keynode.statements, keynode.key, enclave.ledger.stale */
export const lookAtKey = ({ follower, witness }: LookDeps, stream: string): LookedKey => {
  follower.requireCurrent();
  const found = witness.stream(keyStreams, stream);
  const group = found && witness.stream(keyGroup, found.state.group);
  if (!group) throw refuse("keynode.key", { id: stream, reason: "the ledger has no such key" });
  const heads = { [stream]: found.head, [found.state.group]: group.head };
  return { stream, heads, key: found.state, group: group.state };
};

/** @throws Refusal keynode.statements, keynode.request, keynode.key, enclave.ledger.stale */
export const lookAtRequest = (deps: LookDeps, stream: string): LookedRequest => {
  deps.follower.requireCurrent();
  const found = deps.witness.stream(requestStreams, stream);
  if (!found) throw refuse("keynode.request", { id: stream, reason: "the ledger has no such request" });
  const looked = lookAtKey(deps, found.state.key);
  return { ...looked, heads: { ...looked.heads, [stream]: found.head }, request: { ...found.state, stream } };
};

/** The text with a digest. @throws Refusal keynode.detail */
const detailOf = <S extends z.ZodType>(
  shape: S,
  digest: string,
  details: Readonly<Record<string, unknown>>,
): z.output<S> => {
  const given = Object.hasOwn(details, digest) ? details[digest] : undefined;
  if (given === undefined || digestOf(given) !== digest)
    throw refuse("keynode.detail", { digest, reason: "it was not shown" });
  const parsed = shape.safeParse(given);
  if (!parsed.success) throw refuse("keynode.detail", { digest, reason: issuesOf(parsed.error) });
  return parsed.data;
};

export const keyDetailOf = ({ detail }: Key, details: Readonly<Record<string, unknown>>): KeyDetail =>
  detailOf(KeyDetail, detail, details);

/** @throws Refusal keynode.detail, also where it has another number of messages than the ledger says */
export const requestDetailOf = (
  { detail: digest, count }: KeyRequest,
  details: Readonly<Record<string, unknown>>,
): RequestDetail => {
  const detail = detailOf(RequestDetail, digest, details);
  if (detail.messages.length !== count)
    throw refuse("keynode.detail", { digest, reason: "another number of messages" });
  return detail;
};
