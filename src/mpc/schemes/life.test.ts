/** A key from its making to signatures after its shares have changed, with every scheme that multiplies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pairsOf, partiesOf } from "../../../test/support/dealt.ts";
import { simulate } from "../../../test/support/simulate.ts";
import type { KeyShare } from "../key-share.ts";
import { dkg } from "../keys/dkg.ts";
import { refresh } from "../keys/refresh.ts";
import { reshare } from "../keys/reshare.ts";
import type { Scheme } from "../scheme.ts";
import { ecdsaK1, ecdsaR1 } from "./ecdsa/index.ts";
import { schemes } from "./registry.ts";
import { convert } from "./sm2/convert.ts";
import { sm2 } from "./sm2/index.ts";

const DIGEST = new Uint8Array(32).fill(42);
type Shares = ReadonlyMap<number, KeyShare>;

const make = (scheme: Scheme, threshold: number, n: number): Shares => {
  const parties = partiesOf(n);
  const input = () => ({ scheme: scheme.id, threshold });
  const { results } = simulate({ protocol: dkg, parties, input });
  if (scheme !== sm2) return results;
  const toConvert = (party: number) => ({ share: results.get(party)!, pairs: pairsOf(party, parties) });
  return simulate({ protocol: convert, parties, input: toConvert }).results;
};
const presign = (scheme: Scheme, shares: Shares, signers: readonly number[]) =>
  simulate({
    protocol: scheme.presign,
    parties: signers,
    input: (party) => ({ share: shares.get(party)!, count: 1, path: [], pairs: pairsOf(party, signers) }),
  }).results;
const signs = (scheme: Scheme, shares: Shares, signers: readonly number[]): boolean => {
  const made = presign(scheme, shares, signers);
  const parts = new Map(signers.map((party) => [party, scheme.respond(made.get(party)![0]!, DIGEST)]));
  const { publicKey } = shares.get(signers[0]!)!;
  return scheme.verify(publicKey, DIGEST, scheme.combine(made.get(signers[0]!)![0]!, DIGEST, parts));
};

for (const scheme of [ecdsaK1, ecdsaR1, sm2]) {
  test(`${scheme.id}: made, signed with, refreshed, signed with; shares of two epochs never go together`, () => {
    const before = make(scheme, 2, 3);
    for (const signers of [
      [1, 2],
      [1, 3],
      [2, 3],
    ])
      assert.ok(signs(scheme, before, signers));
    const after = simulate({
      protocol: refresh,
      parties: [1, 2, 3],
      input: (party) => ({ share: before.get(party)! }),
    }).results;
    assert.deepEqual(after.get(1)!.publicKey, before.get(1)!.publicKey);
    assert.ok(signs(scheme, after, [1, 3]));
    assert.equal(presign(scheme, new Map(before).set(3, after.get(3)!), [1, 3]).size, 0);
  });

  test(`${scheme.id}: given to other parties under another threshold, it signs with the same public key`, () => {
    const before = make(scheme, 2, 2);
    const places = (parties: readonly number[]) => parties.map((party) => ({ party, index: party }));
    const after = simulate({
      protocol: reshare,
      parties: [1, 2, 3, 4],
      input: (party) => ({
        key: before.get(1)!,
        ...(before.has(party) && { share: before.get(party)! }),
        threshold: 3,
        dealers: places([1, 2]),
        receivers: places([1, 2, 3, 4]),
      }),
    }).results as Shares;
    assert.deepEqual(after.get(4)!.publicKey, before.get(1)!.publicKey);
    assert.ok(signs(scheme, after, [2, 3, 4]));
  });
}

test("every scheme is registered under its name", () => {
  for (const scheme of [ecdsaK1, ecdsaR1, sm2]) assert.equal(schemes.get(scheme.id), scheme);
});
