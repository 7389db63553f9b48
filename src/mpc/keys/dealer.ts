/**
 * Import (docs/protocols/mpc.md section 12): who has a private key splits it, gives every party its share in an envelope
 * of its own and publishes the commitments; every party checks its share. Runs in browsers too. A refresh follows, so
 * that what was dealt is of no more use to anybody.
 */
import { sha512 } from "@noble/hashes/sha2.js";
import type { Curve } from "../curve.ts";
import { hashOf } from "../hash.ts";
import type { KeyShare, SchemeId } from "../key-share.ts";
import { evaluate, inverse, mod, randomScalar, toBytes32, toInteger } from "../scalars.ts";
import { CURVE_OF, evaluatePoints, onBase, requireThreshold, sharingOf } from "./sharing.ts";

/** What all may see of a dealt key. */
export interface Dealt {
  readonly scheme: SchemeId;
  readonly threshold: number;
  readonly parties: readonly number[];
  /** Encoded point. */
  readonly publicKey: Uint8Array;
  /** Feldman's, to the coefficients from the constant one up: `threshold` encoded points. */
  readonly commitments: readonly Uint8Array[];
}

/**
 * The scalar of a private key, 32 bytes as its file has them: of Ed25519 the seed (RFC 8032 section 5.1.5) or the 64
 * bytes that are made of one, the scalar little-endian at their beginning; otherwise big-endian. The public key stays;
 * what is exported later is the scalar, not the seed.
 * @throws RangeError for what is no private key
 */
export const scalarOf = (scheme: SchemeId, privateKey: Uint8Array, { order }: Pick<Curve, "order">): bigint => {
  const isExpanded = scheme === "EDDSA_ED25519" && privateKey.length === 64;
  if (privateKey.length !== 32 && !isExpanded) throw new RangeError("a private key has 32 bytes");
  if (isExpanded) return requireScalar(mod(toInteger(privateKey.slice(0, 32).reverse()), order), order);
  if (scheme === "EDDSA_ED25519") {
    const expanded = sha512(privateKey).slice(0, 32);
    expanded[0] = (expanded[0] as number) & 248;
    expanded[31] = ((expanded[31] as number) & 63) | 64;
    return mod(toInteger(expanded.reverse()), order);
  }
  // For SM2, 1 + d has to have an inverse (GB/T 32918.1 section 6.1).
  return requireScalar(toInteger(privateKey), scheme === "SM2" ? order - 1n : order);
};

const requireScalar = (scalar: bigint, below: bigint): bigint => {
  if (scalar === 0n || scalar >= below) throw new RangeError("not a private key");
  return scalar;
};

/** Splits a private key. The shares, by index, are secret: 32 bytes each. @throws RangeError */
export const dealKey = (
  curve: Curve,
  { scheme, threshold, parties }: Pick<Dealt, "scheme" | "threshold" | "parties">,
  privateKey: Uint8Array,
  random: (length: number) => Uint8Array,
): { readonly dealt: Dealt; readonly shares: ReadonlyMap<number, Uint8Array> } => {
  requireThreshold(threshold, parties);
  const scalar = scalarOf(scheme, privateKey, curve);
  const publicKey = curve.encode(curve.multiplyBase(scalar));
  const sharing = sharingOf(curve, { scheme, publicKey });
  const coefficients = [scheme === "SM2" ? inverse(scalar + 1n, curve) : scalar];
  while (coefficients.length < threshold) coefficients.push(randomScalar(random, curve));
  const commitments = coefficients.map((coefficient) => curve.encode(onBase(sharing, coefficient)));
  const shares = parties.map((party) => [party, toBytes32(evaluate(coefficients, party, curve))] as const);
  return { dealt: { scheme, threshold, parties, publicKey, commitments }, shares: new Map(shares) };
};

/** A dealt share that fits; of epoch 0. @throws RangeError for one that does not, and for commitments that can't be */
export const acceptDealt = (curve: Curve, dealt: Dealt, self: number, share: Uint8Array): KeyShare => {
  const { scheme, threshold, parties, publicKey } = dealt;
  requireThreshold(threshold, parties);
  if (curve.id !== CURVE_OF[scheme] || !parties.includes(self)) throw new RangeError("a share of another key");
  const sharing = sharingOf(curve, dealt);
  const commitments = dealt.commitments.map((commitment) => curve.decode(commitment));
  if (commitments.length !== threshold || !curve.equal(commitments[0], sharing.point))
    throw new RangeError("commitments of another key");
  const secret = toInteger(share);
  const fits =
    share.length === 32 &&
    secret < curve.order &&
    curve.equal(onBase(sharing, secret), evaluatePoints(curve, commitments, self));
  if (!fits) throw new RangeError("the share does not fit the commitments");
  const point = (party: number) => {
    const value = evaluatePoints(curve, commitments, party);
    if (curve.isZero(value)) throw new RangeError("a share that is zero");
    return [party, curve.encode(value)] as const;
  };
  return {
    scheme,
    curve: curve.id,
    threshold,
    parties: [...parties],
    epoch: 0,
    publicKey: Uint8Array.from(publicKey),
    verifyingShares: Object.fromEntries(parties.map(point)),
    // What has no chain code yet gets one that all can compute.
    chainCode: hashOf("entente mpc dealt chain code/1", publicKey),
    self,
    secret: Uint8Array.from(share),
  };
};
