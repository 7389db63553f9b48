/** What a key's sharing is over, alike for every scheme (docs/protocols/mpc.md section 6). */
import { equal } from "../../base/bytes.ts";
import type { Curve, CurveId } from "../curve.ts";
import { hashOf } from "../hash.ts";
import type { KeyPublic, KeyShare, SchemeId } from "../key-share.ts";
import { lagrange, toInteger } from "../scalars.ts";

export const CURVE_OF: Readonly<Record<SchemeId, CurveId>> = {
  ECDSA_K1: "secp256k1",
  ECDSA_R1: "P-256",
  EDDSA_ED25519: "Ed25519",
  SCHNORR_BIP340: "secp256k1",
  SCHNORR_K1: "secp256k1",
  SCHNORR_R1: "P-256",
  SM2: "SM2",
};

export const MAX_PARTIES = 16;

/** A sharing of `secret` whose commitments are over `base`: `secret · base` is `point`. */
export interface Sharing {
  readonly curve: Curve;
  readonly base: unknown;
  readonly point: unknown;
}

/** Of a key: its private key over the curve's base; for SM2 (1 + d)^-1 over G + P, which makes G. */
export const sharingOf = (curve: Curve, { scheme, publicKey }: Pick<KeyPublic, "scheme" | "publicKey">): Sharing => {
  const point = curve.decode(publicKey);
  return scheme === "SM2"
    ? { curve, base: curve.add(curve.base, point), point: curve.base }
    : { curve, base: curve.base, point };
};

/** @throws RangeError unless 2 <= threshold <= parties <= 16, ascending, of 1 to 255: no zero, nothing twice */
export const requireThreshold = (threshold: number, parties: readonly number[]): void => {
  const ascending = parties.every(
    (party, i) => Number.isInteger(party) && party > (parties[i - 1] ?? 0) && party < 256,
  );
  if (!ascending || parties.length > MAX_PARTIES)
    throw new RangeError("parties of a key: up to 16, ascending, 1 to 255");
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > parties.length)
    throw new RangeError("threshold: 2 to the number of parties");
};

/** For a secret k: k · base, by the fast way where there is one. */
export const onBase = ({ curve, base }: Pick<Sharing, "curve" | "base">, k: bigint): unknown =>
  base === curve.base ? curve.multiplyBase(k) : curve.multiply(base, k);

/** f(at) · base of committed coefficients, from the constant one up; all of it public. */
export const evaluatePoints = (curve: Curve, commitments: readonly unknown[], at: number): unknown =>
  commitments.reduceRight(
    (value, commitment) => curve.add(curve.multiplyPublic(value, BigInt(at)), commitment),
    curve.zero,
  );

/** The point that verifying shares (any t of them) lead to at `at`. */
export const interpolatePoints = (curve: Curve, shares: ReadonlyMap<number, unknown>, at = 0): unknown => {
  const parties = [...shares.keys()];
  return curve.sumPublic(
    [...shares.values()],
    parties.map((party) => lagrange(parties, party, curve, at)),
  );
};

/** @throws RangeError when the public values do not go together: shares that are of no polynomial below the threshold */
export const requirePublic = (curve: Curve, key: KeyPublic): Sharing => {
  requireThreshold(key.threshold, key.parties);
  const sharing = sharingOf(curve, key);
  const { point } = sharing;
  if (key.curve !== curve.id || key.chainCode.length !== 32) throw new RangeError("not a key of its scheme");
  const shares = new Map(
    key.parties.map((party) => [party, curve.decode(key.verifyingShares[party] ?? new Uint8Array())]),
  );
  const first = new Map([...shares].slice(0, key.threshold));
  if (!curve.equal(interpolatePoints(curve, first), point)) throw new RangeError("shares of another key");
  for (const [party, share] of [...shares].slice(key.threshold))
    if (!curve.equal(interpolatePoints(curve, first, party), share)) throw new RangeError("a share of another key");
  return sharing;
};

/** Whether the secret is the logarithm of the verifying share at the index. */
export const isShare = (curve: Curve, key: KeyPublic, index: number, secret: Uint8Array): boolean => {
  const value = toInteger(secret);
  const point = key.verifyingShares[index];
  if (secret.length !== 32 || value === 0n || value >= curve.order || !point) return false;
  return equal(curve.encode(onBase(sharingOf(curve, key), value)), point);
};

/** What is public of a share. */
export const publicOf = ({ self: _, secret: __, ...key }: KeyShare): KeyPublic => key;

/** Names a key's public values in hashes. */
export const digestOfPublic = ({
  scheme,
  threshold,
  parties,
  epoch,
  publicKey,
  verifyingShares,
  chainCode,
}: KeyPublic) =>
  hashOf("entente mpc key/1", scheme, threshold, parties, epoch, publicKey, { ...verifyingShares }, chainCode);
