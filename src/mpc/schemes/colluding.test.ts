/** Two that cheat together while SM2 keys are converted and changed, and while every kind of scheme signs: 3 of 5 and 4 of 4. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Collusion, conspire, conspireAll, rehearse } from "../../../test/support/collusion.ts";
import { converting, madeKey, presigning, refreshing, resharing } from "../../../test/support/collusion-cases.ts";
import type { Lie } from "../../../test/support/plots.ts";
import { ecdsaK1 } from "./ecdsa/index.ts";
import { eddsaEd25519, schnorrBip340 } from "./schnorr/index.ts";
import { sm2 } from "./sm2/index.ts";

const ofEcdsa = madeKey("ECDSA_K1", 3, 5);
const ofSm2 = madeKey("SM2", 3, 5);
const ofEddsa = madeKey("EDDSA_ED25519", 3, 5);

const attacks = [
  [6, converting(3, 5)],
  [4, converting(4, 4)],
  [8, refreshing(ofSm2)],
  [8, resharing(ofSm2, 4, 3)],
  [16, presigning(ecdsaK1, ofEcdsa, [1, 3, 5])],
  [8, presigning(ecdsaK1, ofEcdsa, [1, 2, 4, 5], { path: [44, 7] })],
  [6, presigning(ecdsaK1, ofEcdsa, [1, 2, 3, 4, 5])],
  [8, presigning(ecdsaK1, madeKey("ECDSA_K1", 4, 4), [1, 2, 3, 4])],
  [10, presigning(sm2, ofSm2, [2, 3, 5])],
  [5, presigning(sm2, ofSm2, [1, 2, 4, 5])],
  [4, presigning(sm2, ofSm2, [1, 2, 3, 4, 5])],
  [40, presigning(eddsaEd25519, ofEddsa, [1, 2, 3, 4, 5], { count: 2 })],
  [40, presigning(eddsaEd25519, ofEddsa, [2, 3, 4], { path: [3] })],
  [40, presigning(schnorrBip340, madeKey("SCHNORR_BIP340", 4, 4), [1, 2, 3, 4])],
] as unknown as readonly (readonly [number, Collusion<unknown, unknown>])[];

for (const [runs, attack] of attacks)
  test(`${attack.name}: two that cheat together are named, or what honest parties have is right and alike`, () => {
    const ends = conspireAll(rehearse(attack), runs);
    assert.ok(ends.size > 1);
  });

/** Of the third round: ψ for the party at that place among the others. */
const offset = (cheat: number, at: number, by: bigint): Lie => ({
  ...{ cheat, slot: "round 3 all", how: "shift", victims: [4], believed: true, at, by },
});

for (const [scheme, shares] of [
  [ecdsaK1, ofEcdsa],
  [sm2, ofSm2],
] as const) {
  const rehearsed = rehearse(presigning(scheme, shares, [1, 2, 4]));
  const cheats = [1, 2];

  test(`${scheme.id}: other factors against one that make up for one another do no harm, or a cheat is named`, () => {
    const harmless = conspire(rehearsed, { cheats, lies: [offset(1, 1, 7n), offset(2, 1, -7n)] }, "harmless");
    assert.equal(harmless.results.size, 3);
    const { outcomes } = conspire(rehearsed, { cheats, lies: [offset(1, 1, 7n), offset(2, 1, 7n)] }, "wrong");
    const outcome = outcomes.get(4);
    assert.ok(outcome?.kind === "aborted");
    assert.match(outcome.abort.check, /^(products\.opening|ecdsa\.dispute|sm2\.dispute)$/);
    assert.ok(outcome.abort.culprits.every((culprit) => cheats.includes(culprit)));
  });
}
