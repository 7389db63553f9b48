/** Proof that the logarithms of points over one base are known (Schnorr 1991; many at once), non-interactive. */
import { concat } from "../base/bytes.ts";
import type { Curve } from "./curve.ts";
import { hashBytes } from "./ot/hash.ts";
import { mod, randomScalar, toInteger } from "./scalars.ts";
import { type Reader, scalarBytes } from "./wire.ts";

export interface KnownLogsProof {
  readonly challenge: bigint;
  readonly answer: bigint;
}

/** The challenge e weighs the points with e, e², and so on: 128 bits make the multiplications half as long. */
const CHALLENGE = 16;

const challengeOf = <P>(curve: Curve<P>, scope: Uint8Array, points: readonly P[]): Uint8Array =>
  hashBytes("known-logs/1", scope, ...points.map((point) => curve.encode(point))).subarray(0, CHALLENGE);

/** @param scope binds the proof to run, prover and purpose */
export const proveKnownLogs = <P>(
  curve: Curve<P>,
  scope: Uint8Array,
  { base, points }: { readonly base: P; readonly points: readonly P[] },
  logs: readonly bigint[],
  random: (length: number) => Uint8Array,
): Uint8Array => {
  const nonce = randomScalar(random, curve);
  const challenge = challengeOf(curve, scope, [base, ...points, curve.multiply(base, nonce)]);
  const e = toInteger(challenge);
  const weighted = logs.reduceRight((sum, log) => mod((sum + log) * e, curve.order), 0n);
  return concat(challenge, scalarBytes(mod(nonce + weighted, curve.order)));
};

export const readKnownLogs = <P>(reader: Reader, curve: Curve<P>): KnownLogsProof => ({
  challenge: toInteger(reader.bytes(CHALLENGE)),
  answer: reader.scalar(curve),
});

export const haveKnownLogs = <P>(
  curve: Curve<P>,
  scope: Uint8Array,
  { base, points }: { readonly base: P; readonly points: readonly P[] },
  { challenge, answer }: KnownLogsProof,
): boolean => {
  const weighted = points.reduceRight(
    (sum, point) => curve.multiplyPublic(curve.add(sum, point), challenge),
    curve.zero,
  );
  const commitment = curve.add(curve.multiplyPublic(base, answer), curve.negate(weighted));
  if ([commitment, ...points].some(curve.isZero)) return false;
  return toInteger(challengeOf(curve, scope, [base, ...points, commitment])) === challenge;
};
