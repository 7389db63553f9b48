/** Two that cheat together while a key is made, refreshed and moved: 3 of 5 and 4 of 4. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Collusion, conspire, conspireAll, rehearse } from "../../../test/support/collusion.ts";
import { madeKey, making, refreshing, resharing } from "../../../test/support/collusion-cases.ts";
import type { Lie } from "../../../test/support/plots.ts";

const ofEcdsa = madeKey("ECDSA_K1", 3, 5);
const ofEddsa = madeKey("EDDSA_ED25519", 3, 5);

const attacks = [
  making("ECDSA_K1", 3, 5),
  making("EDDSA_ED25519", 3, 5),
  making("SM2", 3, 5),
  making("ECDSA_K1", 4, 4),
  refreshing(ofEcdsa),
  refreshing(ofEddsa),
  refreshing(madeKey("EDDSA_ED25519", 4, 4)),
  resharing(ofEcdsa, 3, 3),
  resharing(ofEddsa, 5, 4),
] as unknown as readonly Collusion<unknown, unknown>[];

for (const attack of attacks)
  test(`${attack.name}: two that cheat together are named, or what honest parties have is right and alike`, () => {
    const ends = conspireAll(rehearse(attack), 30);
    const plan = attack.protocol.name.replace(/\/1$/, "");
    // They come as far as to the checks of what was dealt.
    assert.ok([...ends.keys()].some((end) => end.startsWith(`${plan}.`)));
    assert.ok(ends.has("message.equivocated"));
  });

const [ONE, OTHER] = [1, 2];
const shift = (cheat: number, victim: number, by: bigint): Lie => ({
  ...{ cheat, slot: "round 2 one", how: "shift", victims: [victim], by },
});

for (const attack of attacks.filter(({ parties }) => parties.length > 4)) {
  const { name } = attack;
  const rehearsed = rehearse(attack);
  const cheats = [ONE, OTHER];
  const victim = attack.parties[3]!;

  test(`${name}: shares that are wrong and add up do no harm, and both dealers are named where they do not`, () => {
    const harmless = conspire(
      rehearsed,
      { cheats, lies: [shift(ONE, victim, 7n), shift(OTHER, victim, -7n)] },
      "harmless",
    );
    assert.equal(harmless.results.size, attack.parties.length);
    const { outcomes } = conspire(
      rehearsed,
      { cheats, lies: [shift(ONE, victim, 7n), shift(OTHER, victim, 7n)] },
      "wrong",
    );
    const outcome = outcomes.get(victim);
    assert.ok(outcome?.kind === "aborted");
    assert.match(outcome.abort.check, /\.share$/);
    assert.deepEqual(outcome.abort.culprits, cheats);
  });

  test(`${name}: who opens two values is named, though the other swears to each`, () => {
    const honest = attack.parties.filter((party) => !cheats.includes(party));
    const lie = { cheat: ONE, slot: "round 2 all", how: "elsewhere", victims: [victim] } as const;
    const { outcomes } = conspire(rehearsed, { cheats, lies: [lie], swear: true }, "two values");
    for (const party of honest) {
      const outcome = outcomes.get(party);
      assert.ok(outcome?.kind === "aborted", `${party}`);
      assert.deepEqual([outcome.abort.check, outcome.abort.culprits], ["message.equivocated", [ONE]]);
    }
  });
}
