import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attack, disturb, flipEverything, replayEverything } from "../../../test/support/attacks.ts";
import { seeded } from "../../../test/support/simulate.ts";
import { privateKeyOf } from "../../../test/support/threshold-keys.ts";
import { curveOf } from "../curves/registry.ts";
import type { KeyShare } from "../key-share.ts";
import { acceptDealt, dealKey } from "./dealer.ts";
import { dkg } from "./dkg.ts";
import { refresh } from "./refresh.ts";
import { reshare } from "./reshare.ts";
import { CURVE_OF, publicOf } from "./sharing.ts";

const scheme = "ECDSA_K1";
const curve = curveOf(CURVE_OF[scheme]);
const parties = [1, 2, 3];
const privateKey = seeded("faults")(32);
const { dealt, shares: secrets } = dealKey(curve, { scheme, threshold: 2, parties }, privateKey, seeded("deal"));
const shares = new Map(
  parties.map((party) => [party, acceptDealt(curve, dealt, party, secrets.get(party) as Uint8Array)]),
);
const key = publicOf(shares.get(1) as KeyShare);
/** The honest parties' shares are of one key: the one that was dealt, where there was one before. */
const keepsKey = (results: ReadonlyMap<number, KeyShare | undefined>) =>
  assert.equal(
    privateKeyOf([...results.values()].filter((share) => share !== undefined)),
    Buffer.from(privateKey).toString("hex"),
  );

const attacks: readonly Attack<never, never>[] = [
  {
    protocol: dkg,
    parties,
    input: () => ({ scheme, threshold: 2 }),
    cheat: 2,
    right: (results: ReadonlyMap<number, KeyShare>) => assert.ok(privateKeyOf([...results.values()])),
  },
  { protocol: refresh, parties, input: (party: number) => ({ share: shares.get(party) }), cheat: 2, right: keepsKey },
  {
    protocol: reshare,
    parties: [1, 2, 4],
    input: (party: number) => ({
      key,
      share: shares.get(party),
      threshold: 2,
      dealers: [1, 2].map((index) => ({ party: index, index })),
      receivers: [1, 2, 4].map((party, i) => ({ party, index: i + 1 })),
    }),
    cheat: 2,
    right: keepsKey,
  },
] as never;

for (const attack of attacks) {
  const { name } = attack.protocol;
  test(`${name}: whatever bit a cheat flips, wherever, it is named or the result is right`, () => {
    assert.ok(flipEverything(attack) > 300);
  });
  test(`${name}: nothing of another session counts`, () => replayEverything(attack));
  test(`${name}: survives loss, disorder, and every party dying at every message`, () => disturb(attack));
}
