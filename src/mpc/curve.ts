/** A group of prime order in which a key lives. Implementations: `curves/`. */

export type CurveId = "secp256k1" | "P-256" | "Ed25519" | "SM2";

/**
 * @typeParam P a point, as the implementation has it: opaque, immutable, valid (on the curve and in the subgroup of
 * prime order). The neutral element may come out of arithmetic and goes into it; it is never decoded.
 */
export interface Curve<P = unknown> {
  readonly id: CurveId;
  readonly order: bigint;
  /** Bytes of an encoded point: 33 (SEC 1 compressed), 32 for Ed25519 (RFC 8032). */
  readonly pointLength: number;
  readonly base: P;
  readonly zero: P;
  add(a: P, b: P): P;
  negate(a: P): P;
  equal(a: P, b: P): boolean;
  isZero(a: P): boolean;
  /** `k · base`, for a secret k in [0, order). */
  multiplyBase(k: bigint): P;
  /** `k · a`, for a secret k in [0, order). */
  multiply(a: P, k: bigint): P;
  /** `k · a` where k and a are public: faster, its time depends on k. */
  multiplyPublic(a: P, k: bigint): P;
  /** The sum of all `k · a`, of as many k as a, all public: faster than one by one. */
  sumPublic(a: readonly P[], k: readonly bigint[]): P;
  encode(a: P): Uint8Array;
  /** @throws RangeError for whatever is not the canonical encoding of a point of prime order, or is the neutral element */
  decode(bytes: Uint8Array): P;
  /** Affine x, as an integer: ECDSA, SM2 and BIP340 sign with it. @throws RangeError for the neutral element */
  x(a: P): bigint;
  hasEvenY(a: P): boolean;
  /** Whether an ECDSA signature (r || s) with a low s holds; where the implementation has it. Bytes that are none: false. */
  verifiesEcdsa?(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
}
