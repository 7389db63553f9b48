/**
 * What one cheat or a bad network can do to protocols over oblivious transfers: bits of messages to all, to one alone
 * and on the wire, messages of other sessions, loss, and every party dying at every message.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attack, disturb, flipEverything, replayEverything } from "../../../test/support/attacks.ts";
import { pairsOf } from "../../../test/support/dealt.ts";
import { simulate } from "../../../test/support/simulate.ts";
import { generated, privateKeyOf } from "../../../test/support/threshold-keys.ts";
import { toHex } from "../../base/bytes.ts";
import type { KeyShare } from "../key-share.ts";
import type { Presignature, Scheme } from "../scheme.ts";
import { ecdsaK1 } from "./ecdsa/index.ts";
import { convert } from "./sm2/convert.ts";
import { sm2 } from "./sm2/index.ts";

type Shares = ReadonlyMap<number, KeyShare>;

const parties = [1, 2, 3];
const DIGEST = new Uint8Array(32).fill(9);
const ofD = generated("SM2", 3, parties);
const converting = {
  protocol: convert,
  parties,
  input: (party: number) => ({ share: ofD.get(party) as KeyShare, pairs: pairsOf(party, parties) }),
};
const converted = simulate(converting).results;

/** All agree on what was made; where all are there, it signs. */
const signs = (scheme: Scheme, shares: Shares) => (results: ReadonlyMap<number, readonly Presignature[]>) => {
  const own = new Map([...results].map(([party, made]) => [party, made[0] as Presignature]));
  assert.equal(new Set([...own.values()].map(({ id }) => id)).size, 1);
  if (own.size < parties.length) return;
  const parts = new Map([...own].map(([party, presignature]) => [party, scheme.respond(presignature, DIGEST)]));
  const { publicKey } = shares.get(1) as KeyShare;
  for (const presignature of own.values())
    assert.ok(scheme.verify(publicKey, DIGEST, scheme.combine(presignature, DIGEST, parts)));
};
const presigning = (scheme: Scheme, shares: Shares) => ({
  protocol: scheme.presign,
  parties,
  input: (party: number) => ({
    ...{ share: shares.get(party) as KeyShare, count: 1, path: [], pairs: pairsOf(party, parties) },
  }),
  right: signs(scheme, shares),
});

const attacks: readonly Attack<never, never>[] = [
  presigning(ecdsaK1, generated("ECDSA_K1", 3, parties)),
  presigning(sm2, converted),
  {
    ...converting,
    right(results: Shares) {
      const all = [...results.values()];
      assert.equal(new Set(all.map((share) => toHex(share.verifyingShares[1] as Uint8Array))).size, 1);
      if (all.length === parties.length) privateKeyOf(all);
    },
  },
] as never;

for (const attack of attacks.map((one) => ({ ...one, cheat: 2, step: 16_001 }))) {
  const { name } = attack.protocol;
  test(`${name}: bits flipped to all, to one and on the wire name the cheat, or the result is right`, () => {
    assert.ok(flipEverything(attack) > 40);
  });
  test(`${name}: nothing of another session counts`, () => replayEverything(attack));
  test(`${name}: survives loss, disorder, and every party dying at every message`, () => disturb(attack, 1));
}
