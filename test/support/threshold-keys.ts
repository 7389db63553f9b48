/** Keys for tests, made by the protocols themselves. */
import assert from "node:assert/strict";
import { toHex } from "../../src/base/bytes.ts";
import { curveOf } from "../../src/mpc/curves/registry.ts";
import type { KeyShare, SchemeId } from "../../src/mpc/key-share.ts";
import { dkg } from "../../src/mpc/keys/dkg.ts";
import { combineShares } from "../../src/mpc/keys/export.ts";
import { digestOfPublic } from "../../src/mpc/keys/sharing.ts";
import { type Faults, simulate } from "./simulate.ts";

export const partiesUpTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** The shares of a key that `parties` have made, by index. */
export const generated = (
  scheme: SchemeId,
  threshold: number,
  parties: readonly number[],
  seed = "key",
  faults: Faults = {},
) => {
  const { results } = simulate({ protocol: dkg, parties, input: () => ({ scheme, threshold }), seed, faults });
  assert.equal(results.size, parties.length);
  return results;
};

export const secretsOf = (shares: Iterable<KeyShare>): Map<number, Uint8Array> =>
  new Map([...shares].map(({ self, secret }) => [self, secret]));

/** Every t of the shares lead to one private key, that of the public key; which is returned, as hex. */
export const privateKeyOf = (shares: readonly KeyShare[]): string => {
  const [first] = shares as [KeyShare];
  const curve = curveOf(first.curve);
  for (const share of shares) assert.equal(toHex(digestOfPublic(share)), toHex(digestOfPublic(first)));
  const found = new Set<string>();
  for (let from = 0; from < shares.length; from++) {
    const some = [...shares.slice(from), ...shares.slice(0, from)].slice(0, first.threshold);
    found.add(toHex(combineShares(curve, first, secretsOf(some))));
  }
  assert.equal(found.size, 1);
  const [secret] = found as Set<string>;
  assert.equal(toHex(curve.encode(curve.multiplyBase(BigInt(`0x${secret}`)))), toHex(first.publicKey));
  return secret as string;
};
