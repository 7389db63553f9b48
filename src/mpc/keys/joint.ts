/**
 * Joint verifiable secret sharing (docs/protocols/mpc.md section 7): dealers share values among receivers, whose shares
 * are the sums. Key generation, refresh and resharing are this with different values:
 * Pedersen's DKG (Eurocrypt '91) over Feldman's sharing (FOCS '87), every dealer committed before any opens, so that
 * nobody chooses by what others have (Gennaro, Jarecki, Krawczyk, Rabin 1999, section 3).
 */
import { concat, equal } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import { hashOf, hashToScalar } from "../hash.ts";
import { Abort, type Context, type Inbox, others, type PlainRecord, type Round } from "../protocol.ts";
import { evaluate, mod, randomScalar } from "../scalars.ts";
import { read, scalarBytes } from "../wire.ts";
import { evaluatePoints, onBase, type Sharing } from "./sharing.ts";

/** A party of the run and its evaluation point: they differ where nodes change. */
export interface Place {
  readonly party: number;
  readonly index: number;
}

export interface Plan extends Pick<Sharing, "curve" | "base"> {
  /** `dkg`: begins the names of its checks, and is in every hash. */
  readonly name: string;
  /** What all must mean alike beside the session: goes into every commitment. */
  readonly purpose: Uint8Array;
  readonly threshold: number;
  readonly dealers: readonly Place[];
  readonly receivers: readonly Place[];
  /** `value · base` of a dealer's value, where all know it; otherwise the dealer sends and proves it. */
  known?(dealer: Place): unknown;
}

/** What the parties have come to. */
export interface Joint {
  /** Sum of the shares for this party; undefined if it receives none. */
  readonly share: bigint | undefined;
  /** Commitments to the sum's coefficients: the first is the secret's point. */
  readonly commitments: readonly unknown[];
  /** 32 bytes that all dealers have made together, nobody choosing. */
  readonly beacon: Uint8Array;
}

type Dealt = {
  readonly coefficients: readonly bigint[];
  readonly opening: Uint8Array;
};

/** @param value this party's, if it deals: a secret scalar */
export const deal = (
  context: Context,
  plan: Plan,
  value: bigint | undefined,
): { dealt: Dealt | null; send: Uint8Array } => {
  const place = placeOf(plan.dealers, context.self);
  if (!place || value === undefined) return { dealt: null, send: new Uint8Array(0) };
  const { curve, threshold } = plan;
  const coefficients = [value];
  while (coefficients.length < threshold) coefficients.push(randomScalar(context.random, curve));
  const points = coefficients.slice(1).map((coefficient) => curve.encode(onBase(plan, coefficient)));
  const proof = plan.known ? [] : prove(context, plan, value);
  const opening = concat(...proof, ...points, context.random(32));
  return { dealt: { coefficients, opening }, send: commitmentOf(context, plan, context.self, opening) };
};

const commitmentOf = ({ session }: Context, { name, purpose }: Plan, dealer: number, opening: Uint8Array): Uint8Array =>
  hashOf(`${name} commitment`, session, purpose, dealer, opening);

/** Schnorr's proof that the dealer knows its value: value · base, R, s. */
const prove = (context: Context, plan: Plan, value: bigint): Uint8Array[] => {
  const { curve } = plan;
  const nonce = randomScalar(context.random, curve);
  const point = curve.encode(onBase(plan, value));
  const R = curve.encode(onBase(plan, nonce));
  const answer = mod(nonce + value * challengeOf(context, plan, context.self, point, R), curve.order);
  return [point, R, scalarBytes(answer)];
};

const challengeOf = (
  { session }: Context,
  { curve, name, purpose }: Plan,
  dealer: number,
  point: Uint8Array,
  R: Uint8Array,
) => hashToScalar(curve, `${name} proof`, session, purpose, dealer, point, R);

/** Round 1: commitments are there. Round 2: openings, the same for all, and each receiver's share. */
export const rounds = <S extends PlainRecord, R>(
  planOf: (context: Context, input: S) => Plan,
  finish: (context: Context, input: S, plan: Plan, joint: Joint) => R,
): readonly Round<R>[] => [
  {
    expects: { broadcast: "plain" },
    step(context: Context, { input, dealt }: { input: S; dealt: Dealt | null }, inbox) {
      const plan = planOf(context, input);
      const commitments = context.parties.map((party) => inbox.broadcast(party));
      const shareOf = (party: number) => {
        const place = placeOf(plan.receivers, party);
        return dealt && place ? scalarBytes(evaluate(dealt.coefficients, place.index, plan.curve)) : new Uint8Array(0);
      };
      return {
        state: { input, dealt, commitments },
        send: {
          broadcast: dealt ? dealt.opening : new Uint8Array(0),
          direct: new Map(others(context).map((party) => [party, shareOf(party)])),
        },
      };
    },
  },
  {
    expects: { broadcast: "echo", direct: true },
    step(context: Context, state: { input: S; dealt: Dealt | null; commitments: Uint8Array[] }, inbox) {
      const plan = planOf(context, state.input);
      return { result: finish(context, state.input, plan, conclude(context, plan, state, inbox)) };
    },
  },
];

const conclude = (
  context: Context,
  plan: Plan,
  { dealt, commitments }: { dealt: Dealt | null; commitments: readonly Uint8Array[] },
  inbox: Inbox,
): Joint => {
  const { curve, name } = plan;
  const opened = context.parties.map((party, i) =>
    opening(context, plan, party, commitments[i] as Uint8Array, inbox.broadcast(party)),
  );
  const sum = Array.from({ length: plan.threshold }, (_, k) =>
    opened.reduce((total, polynomial) => (polynomial ? curve.add(total, polynomial[k]) : total), curve.zero as unknown),
  );
  const self = placeOf(plan.receivers, context.self);
  const shares = new Map<number, bigint>();
  for (const party of context.parties) {
    const length = self && placeOf(plan.dealers, party) ? 32 : 0;
    if (party === context.self) {
      if (self && dealt) shares.set(party, evaluate(dealt.coefficients, self.index, curve));
    } else
      read(inbox.direct(party), party, `${name}.share`, (reader) => {
        if (length > 0) shares.set(party, reader.scalar(curve));
      });
  }
  const share = mod(
    [...shares.values()].reduce((total, part) => total + part, 0n),
    curve.order,
  );
  const fits = (value: bigint, polynomial: readonly unknown[]) =>
    curve.equal(onBase(plan, value), evaluatePoints(curve, polynomial, (self as Place).index));
  // One check for all; who is to blame is looked for only when it fails.
  if (self && !fits(share, sum)) {
    const guilty = context.parties.filter((party, i) => opened[i] && !fits(shares.get(party) as bigint, opened[i]));
    throw new Abort(`${name}.share`, ...guilty);
  }
  const beacon = hashOf(
    `${name} beacon`,
    context.session,
    plan.purpose,
    context.parties.map((party) => inbox.broadcast(party)),
  );
  return { share: self ? share : undefined, commitments: sum, beacon };
};

/** A dealer's committed polynomial; undefined of a party that does not deal. */
const opening = (
  context: Context,
  plan: Plan,
  party: number,
  commitment: Uint8Array,
  body: Uint8Array,
): readonly unknown[] | undefined => {
  const { curve, name, threshold, known } = plan;
  const place = placeOf(plan.dealers, party);
  if (!place) {
    if (body.length > 0 || commitment.length > 0) throw new Abort(`${name}.opening`, party);
    return undefined;
  }
  if (!equal(commitmentOf(context, plan, party, body), commitment)) throw new Abort(`${name}.commitment`, party);
  return read(body, party, `${name}.opening`, (reader) => {
    const value = known
      ? known(place)
      : proven(context, plan, party, reader.bytes(2 * curve.pointLength), reader.scalar(curve));
    const points = reader.list(threshold - 1, (item) => item.point(curve));
    // Hides the opening in its commitment, and is the dealer's part of the beacon.
    reader.bytes(32);
    return [value, ...points];
  });
};

const proven = (context: Context, plan: Plan, dealer: number, encoded: Uint8Array, answer: bigint): unknown => {
  const { curve, base, name } = plan;
  const [point, R] = [encoded.slice(0, curve.pointLength), encoded.slice(curve.pointLength)];
  const value = curve.decode(point);
  const challenge = challengeOf(context, plan, dealer, point, R);
  const left = curve.add(curve.multiplyPublic(base, answer), curve.negate(curve.multiplyPublic(value, challenge)));
  if (!curve.equal(left, curve.decode(R))) throw new Abort(`${name}.proof`, dealer);
  return value;
};

const placeOf = (places: readonly Place[], party: number): Place | undefined =>
  places.find((place) => place.party === party);

/** Encoded share · base of every receiver, by index. */
export const verifyingShares = (curve: Curve, commitments: readonly unknown[], receivers: readonly Place[]) =>
  Object.fromEntries(receivers.map(({ index }) => [index, curve.encode(evaluatePoints(curve, commitments, index))]));
