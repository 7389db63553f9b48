/**
 * Export (docs/protocols/mpc.md section 12): the private key of t shares, put together where it is wanted and nowhere
 * else. Runs in browsers too.
 */
import type { Curve } from "../curve.ts";
import type { KeyPublic } from "../key-share.ts";
import { Abort } from "../protocol.ts";
import { inverse, lagrange, mod, toBytes32, toInteger } from "../scalars.ts";
import { onBase, requirePublic } from "./sharing.ts";

/**
 * @param shares by index, 32 bytes each, at least t
 * @returns the private scalar, 32 bytes big-endian: for Ed25519 not the seed, of which there was none
 * @throws Abort naming whose share is not what the key's public values say; RangeError for fewer than t
 */
export const combineShares = (curve: Curve, key: KeyPublic, shares: ReadonlyMap<number, Uint8Array>): Uint8Array => {
  const sharing = requirePublic(curve, key);
  const parties = [...shares.keys()].filter((party) => key.parties.includes(party)).slice(0, key.threshold);
  if (parties.length < key.threshold) throw new RangeError("fewer shares than the threshold");
  const values = parties.map((party) => {
    const share = shares.get(party) as Uint8Array;
    const value = toInteger(share);
    const point = curve.decode(key.verifyingShares[party] as Uint8Array);
    const fits = share.length === 32 && value < curve.order && curve.equal(onBase(sharing, value), point);
    if (!fits) throw new Abort("export.share", party);
    return mod(value * lagrange(parties, party, curve), curve.order);
  });
  const secret = mod(
    values.reduce((sum, value) => sum + value, 0n),
    curve.order,
  );
  return toBytes32(key.scheme === "SM2" ? mod(inverse(secret, curve) - 1n, curve.order) : secret);
};
