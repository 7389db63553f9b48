/** What the nodes of a key say they made. All have to say the same, or nothing was made. */
import { z } from "zod";
import { canonical } from "../base/canonical.ts";
import { refuse } from "./key-errors.ts";
import { isPointOf, Point } from "./key-schemes.ts";
import {
  type Attempt,
  attemptAt,
  epochOf,
  type Failure,
  groupOf,
  indexIn,
  type Key,
  kind,
  type Made,
  nodesOf,
  requireReady,
} from "./key-state.ts";
import type { Act } from "./rulebook.ts";
import { Digest } from "./shapes.ts";

/** Of which attempt a node speaks. */
const attempt = { request: Digest, epoch: z.int().min(1).max(1_000_000) };

/** Nodes can end what was begun, whatever else is full. */
const reserve = 1 << 20;

export const made = kind({
  name: "key.made",
  by: "key-node",
  payload: z.strictObject({
    ...attempt,
    publicKey: Point,
    /** By index of the participant. */
    verifyingShares: z.record(z.string().regex(/^([1-9]|1[0-6])$/), Point),
    /** BIP 32. */
    chainCode: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  reserve,
  apply: (state, act, elsewhere) => {
    const open = requireAttempt(state, act);
    if (!open.participants.includes(act.by)) throw refuse("key.party", { id: state.id });
    if (open.said.includes(act.by)) throw refuse("key.said", { id: state.id });
    requireReady(state, open, groupOf(state, elsewhere));
    const { publicKey, verifyingShares, chainCode } = act.payload;
    const said: Made = { publicKey, verifyingShares, chainCode };
    if (!fits(state, open, said)) return fail(state, act, "key.unfit", [indexIn(open.participants, act.by)]);
    // Who of the two lies is not known here.
    if (open.made && canonical(open.made) !== canonical(said)) return fail(state, act, "key.conflict", []);
    const next: Attempt = { ...open, said: [...open.said, act.by], made: said };
    return next.said.length === open.participants.length
      ? complete(state, next, said, act.time)
      : { ...state, attempt: next };
  },
});

/** The key is the one that was there, or that was to be imported; and there is a share of every participant. */
const fits = ({ scheme, origin, epochs, ...key }: Key, { participants }: Attempt, said: Made): boolean => {
  const { publicKey, verifyingShares, chainCode } = said;
  const known = epochs.length > 0 ? key.publicKey : origin.kind === "imported" ? origin.publicKey : publicKey;
  return (
    publicKey === known &&
    (epochs.length === 0 || chainCode === key.chainCode) &&
    Object.keys(verifyingShares).length === participants.length &&
    participants.every((_, place) => verifyingShares[place + 1] !== undefined) &&
    [publicKey, ...Object.values(verifyingShares)].every((point) => isPointOf(scheme, point))
  );
};

/** The switch: from here on the shares of this epoch are the key's, and those before may be erased. */
const complete = (state: Key, { epoch, threshold, participants }: Attempt, said: Made, time: number): Key => ({
  ...state,
  status: state.epochs.length === 0 ? "enabled" : state.status,
  publicKey: said.publicKey,
  chainCode: said.chainCode,
  epochs: [...state.epochs, { epoch, threshold, participants, verifyingShares: said.verifyingShares, since: time }],
  attempt: undefined,
});

/** A key that was never made has failed; one that is there stays as it was. */
const fail = (state: Key, { by, time }: Act<unknown>, code: string, culprits: Failure["culprits"]): Key => ({
  ...state,
  status: state.status === "pending" ? "failed" : state.status,
  attempt: undefined,
  failure: { request: state.attempt?.request ?? "", by, code, culprits, time },
});

export const failed = kind({
  name: "key.failed",
  by: "key-node",
  payload: z.strictObject({
    ...attempt,
    code: z.string().regex(/^[a-z0-9.-]{1,64}$/),
    /** Indices of participants whose messages did not hold. */
    culprits: z.array(z.int().min(1).max(16)).max(16),
  }),
  reserve,
  apply: (state, act) => {
    const open = requireAttempt(state, act);
    if (!nodesOf(state, open).has(act.by)) throw refuse("key.party", { id: state.id });
    return fail(state, act, act.payload.code, act.payload.culprits);
  },
});

/** The attempt that the node speaks of, if it is the one that is open. */
const requireAttempt = (state: Key, { time, payload }: Act<{ request: string; epoch: number }>): Attempt => {
  const { request, epoch } = payload;
  const open = attemptAt(state, time);
  if (open?.request !== request || open.epoch !== epoch) throw refuse("key.attempt", { id: state.id, request, epoch });
  return open;
};

/** The epoch that the next attempt makes. */
export const nextEpoch = (state: Pick<Key, "epochs">): number => (epochOf(state)?.epoch ?? 0) + 1;
