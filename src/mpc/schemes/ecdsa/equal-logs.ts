/** Proof that two points have the same logarithm over two bases (Chaum and Pedersen, 1992), non-interactive. */
import { concat } from "../../../base/bytes.ts";
import type { Curve } from "../../curve.ts";
import { hashBytes } from "../../ot/hash.ts";
import { mod, randomScalar, toInteger } from "../../scalars.ts";
import { type Reader, scalarBytes } from "../../wire.ts";

/** log over the curve's base of `first` = log over `base` of `second`. */
export interface EqualLogs<P> {
  readonly base: P;
  readonly first: P;
  readonly second: P;
}

export interface EqualLogsProof {
  readonly challenge: bigint;
  readonly answer: bigint;
}

const challengeOf = <P>(curve: Curve<P>, scope: Uint8Array, points: readonly P[]): bigint =>
  mod(toInteger(hashBytes("equal-logs/1", scope, ...points.map((point) => curve.encode(point)))), curve.order);

/** @param scope binds the proof to run, prover and purpose */
export const proveEqualLogs = <P>(
  curve: Curve<P>,
  scope: Uint8Array,
  { base, first, second }: EqualLogs<P>,
  log: bigint,
  random: (length: number) => Uint8Array,
): Uint8Array => {
  const nonce = randomScalar(random, curve);
  const commitments = [curve.multiplyBase(nonce), curve.multiply(base, nonce)];
  const challenge = challengeOf(curve, scope, [base, first, second, ...commitments]);
  return concat(scalarBytes(challenge), scalarBytes(mod(nonce + challenge * log, curve.order)));
};

export const readEqualLogs = <P>(reader: Reader, curve: Curve<P>): EqualLogsProof => ({
  challenge: reader.scalar(curve),
  answer: reader.scalar(curve),
});

export const haveEqualLogs = <P>(
  curve: Curve<P>,
  scope: Uint8Array,
  { base, first, second }: EqualLogs<P>,
  { challenge, answer }: EqualLogsProof,
): boolean => {
  const commitment = (base: P, point: P) =>
    curve.add(curve.multiplyPublic(base, answer), curve.negate(curve.multiplyPublic(point, challenge)));
  const commitments = [commitment(curve.base, first), commitment(base, second)];
  // Who chooses what it puts in can make its share zero; a neutral element has no encoding.
  if ([first, second, ...commitments].some((point) => curve.isZero(point))) return false;
  return challengeOf(curve, scope, [base, first, second, ...commitments]) === challenge;
};
