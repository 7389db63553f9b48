/**
 * Base oblivious transfers between two parties, 128 in each direction, once: the verified simplest OT of Doerner, Kondi,
 * Lee and shelat (eprint 2018/499, protocol 7), over P-256 (docs/protocols/ot.md section 2).
 */
import { createECDH, type ECDH } from "node:crypto";
import { normalizeZ } from "@noble/curves/abstract/curve.js";
import { p256 } from "@noble/curves/nist.js";
import { concat, equal } from "../../base/bytes.ts";
import { Abort, type Context, others, type Protocol, type Sending } from "../protocol.ts";
import { mod, randomScalar, toBytes32, toInteger } from "../scalars.ts";
import type { PairSetup } from "../scheme.ts";
import { type Reader, read } from "../wire.ts";
import { hashBytes } from "./hash.ts";
import { bitAt, COLUMNS } from "./matrix.ts";

const { Point } = p256;
type Point = InstanceType<typeof Point>;
const ORDER = { order: Point.Fn.ORDER };
/** Uncompressed, as node:crypto takes it without a square root. */
const POINT = 65;
const HASH = 32;

/** What a party keeps between rounds: of its own transfers (it sends: a) and of the other's (it chooses: bits). */
interface Sent {
  readonly secret: bigint;
  readonly point: Uint8Array;
}
interface Chosen extends Sent {
  readonly bits: Uint8Array;
  readonly peerPoint: Uint8Array;
  /** ρ_c of each transfer. */
  readonly keys: Uint8Array;
}
interface Offered extends Chosen {
  /** ρ_0 and ρ_1 of each transfer. */
  readonly zeros: Uint8Array;
  readonly ones: Uint8Array;
}
interface Answered extends Offered {
  readonly challenge: Uint8Array;
}

export const baseOt: Protocol<undefined, PairSetup> = {
  name: "base-ot/1",
  mostHeld: 64 * 1024,

  /** Section 2.1: A = a·G with a proof that a is known. */
  begin(context) {
    if (context.parties.length !== 2) throw new TypeError("two parties at a time");
    const secret = randomScalar(context.random, ORDER);
    const nonce = randomScalar(context.random, ORDER);
    const point = pointOf(keyOf(secret));
    const commitment = pointOf(keyOf(nonce));
    const answer = mod(nonce + proofChallenge(context, context.self, point, commitment) * secret, ORDER.order);
    const state: Sent = { secret, point };
    return { state: { ...state }, send: toPeer(context, concat(point, commitment, toBytes32(answer))) };
  },

  rounds: [
    {
      /** Section 2.2: B = b·G + c·A for every transfer that this party chooses in. */
      expects: { direct: true },
      step(context, state: Sent, inbox) {
        const [peer] = others(context) as [number];
        const { point, commitment, answer } = read(inbox.direct(peer), peer, "base-ot.proof", (reader) => ({
          point: readPoint(reader),
          commitment: readPoint(reader),
          answer: reader.scalar(ORDER),
        }));
        const peerPoint = point.toBytes(false);
        const challenge = proofChallenge(context, peer, peerPoint, commitment.toBytes(false));
        if (!Point.BASE.multiplyUnsafe(answer).subtract(point.multiplyUnsafe(challenge)).equals(commitment))
          throw new Abort("base-ot.proof", peer);

        const bits = context.random(COLUMNS / 8);
        const own = Array.from({ length: COLUMNS }, () => keyOf(randomScalar(context.random, ORDER)));
        const plain = own.map((key) => Point.fromBytes(pointOf(key)));
        const offers = encodeAll([...plain, ...plain.map((b) => b.add(point))]);
        const sent = own.map((_, i) => select(bitAt(bits, i), offers[i]!, offers[COLUMNS + i]!));
        const keys = own.map((key, i) =>
          keyHash(context, peer, i, peerPoint, sent[i]!, shared(key, peerPoint, peer, "base-ot.proof")),
        );
        const kept: Chosen = { ...state, bits, peerPoint, keys: concat(...keys) };
        return { state: { ...kept }, send: toPeer(context, concat(...sent)) };
      },
    },
    {
      /** Section 2.3: both keys of every transfer that this party sends, and the challenge over them. */
      expects: { direct: true },
      step(context, state: Chosen, inbox) {
        const [peer] = others(context) as [number];
        const check = "base-ot.choice";
        const offers = read(inbox.direct(peer), peer, check, (reader) => reader.list(COLUMNS, readPoint));
        const key = keyOf(state.secret);
        const point = Point.fromBytes(state.point);
        const shiftedOffers = offers.map((b) => b.subtract(point));
        if (shiftedOffers.some((b) => b.is0())) throw new Abort(check, peer);
        const encoded = encodeAll([...offers, ...shiftedOffers]);
        const keysOf = (first: number): Uint8Array[] =>
          offers.map((_, i) =>
            keyHash(context, context.self, i, state.point, encoded[i]!, shared(key, encoded[first + i]!, peer, check)),
          );
        const [zeros, ones] = [keysOf(0), keysOf(COLUMNS)];
        const challenge = zeros.map((zero, i) => xor(twice(zero), twice(ones[i]!)));
        const kept: Offered = { ...state, zeros: concat(...zeros), ones: concat(...ones) };
        return { state: { ...kept }, send: toPeer(context, concat(...challenge)) };
      },
    },
    {
      /** Section 2.4: the answer to the challenge shows that the chosen keys are known, not which they are. */
      expects: { direct: true },
      step(context, state: Offered, inbox) {
        const [peer] = others(context) as [number];
        const challenge = read(inbox.direct(peer), peer, "base-ot.challenge", (reader) => reader.bytes(COLUMNS * HASH));
        const none = new Uint8Array(HASH);
        const answers = each(state.keys).map((key, i) =>
          xor(twice(key), select(bitAt(state.bits, i), none, hashAt(challenge, i))),
        );
        const kept: Answered = { ...state, challenge };
        return { state: { ...kept }, send: toPeer(context, hashBytes("base-ot/1 answers", ...answers)) };
      },
    },
    {
      /** Section 2.5: the challenge is opened to whoever has answered it. */
      expects: { direct: true },
      step(context, state: Answered, inbox) {
        const [peer] = others(context) as [number];
        const expected = hashBytes("base-ot/1 answers", ...each(state.zeros).map(twice));
        if (!equal(inbox.direct(peer), expected)) throw new Abort("base-ot.answer", peer);
        const opened = [...each(state.zeros), ...each(state.ones)].map(once);
        return { state: { ...state }, send: toPeer(context, concat(...opened)) };
      },
    },
    {
      /** Section 2.6: both openings are those of the challenge, and one is that of the chosen key. */
      expects: { direct: true },
      step(context, state: Answered, inbox) {
        const [peer] = others(context) as [number];
        const check = "base-ot.opening";
        const opened = read(inbox.direct(peer), peer, check, (reader) => reader.bytes(2 * COLUMNS * HASH));
        const fits = each(state.keys).map((key, i) => {
          const [zero, one] = [hashAt(opened, i), hashAt(opened, COLUMNS + i)];
          const chosen = select(bitAt(state.bits, i), zero, one);
          return equal(once(key), chosen) && equal(xor(again(zero), again(one)), hashAt(state.challenge, i));
        });
        if (!fits.every(Boolean)) throw new Abort(check, peer);
        const seeds = (keys: Uint8Array) => concat(...each(keys).map(seedOf));
        return {
          result: {
            id: hashBytes("base-ot/1 id", context.session),
            peer,
            zeros: seeds(state.zeros),
            ones: seeds(state.ones),
            delta: state.bits,
            chosen: seeds(state.keys),
          },
        };
      },
    },
  ],
};

const toPeer = (context: Context, body: Uint8Array): Sending => ({
  direct: new Map(others(context).map((peer) => [peer, body])),
});

const keyOf = (secret: bigint): ECDH => {
  const key = createECDH("prime256v1");
  key.setPrivateKey(toBytes32(secret));
  return key;
};
const pointOf = (key: ECDH): Uint8Array => new Uint8Array(key.getPublicKey());
/** x of the shared point; OpenSSL checks that the point is on the curve. */
const shared = (key: ECDH, point: Uint8Array, peer: number, check: string): Uint8Array => {
  try {
    return key.computeSecret(point);
  } catch {
    throw new Abort(check, peer);
  }
};
/** On the curve, not the neutral element. */
const readPoint = (reader: Reader): Point => {
  const bytes = reader.bytes(POINT);
  try {
    return Point.fromBytes(bytes);
  } catch {
    throw new RangeError("not a point");
  }
};
const encodeAll = (points: readonly Point[]): Uint8Array[] =>
  normalizeZ(Point, [...points]).map((point) => point.toBytes(false));

const proofChallenge = ({ session }: Context, prover: number, point: Uint8Array, commitment: Uint8Array): bigint =>
  mod(toInteger(hashBytes("base-ot/1 proof", session, Uint8Array.of(prover), point, commitment)), ORDER.order);

/** ρ of transfer i that `sender` sends: bound to the run, its direction and all that was said. */
const keyHash = (
  { session }: Context,
  sender: number,
  i: number,
  point: Uint8Array,
  offer: Uint8Array,
  secret: Uint8Array,
): Uint8Array => hashBytes("base-ot/1 key", session, Uint8Array.of(sender, i), point, offer, secret);

const once = (key: Uint8Array): Uint8Array => hashBytes("base-ot/1 once", key);
const again = (opened: Uint8Array): Uint8Array => hashBytes("base-ot/1 twice", opened);
const twice = (key: Uint8Array): Uint8Array => again(once(key));
const seedOf = (key: Uint8Array): Uint8Array => hashBytes("base-ot/1 seed", key).subarray(0, 16);

const hashAt = (hashes: Uint8Array, i: number): Uint8Array => hashes.subarray(HASH * i, HASH * (i + 1));
const each = (hashes: Uint8Array): Uint8Array[] =>
  Array.from({ length: hashes.length / HASH }, (_, i) => hashAt(hashes, i));
const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ b[i]!);
/** `b` where `bit` is 1, without a branch on it. */
const select = (bit: number, a: Uint8Array, b: Uint8Array): Uint8Array =>
  a.map((byte, i) => byte ^ ((byte ^ b[i]!) & -bit));
