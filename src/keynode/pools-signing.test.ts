/** Keys of real schemes, made and used by nodes over real connections. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { startRunning } from "../../test/support/runs.ts";
import type { KeyShare } from "../mpc/key-share.ts";
import { dkg } from "../mpc/keys/dkg.ts";
import { baseOt } from "../mpc/ot/base.ts";
import { KeyScheme } from "../rules/key-schemes.ts";
import { createPools } from "./pools.ts";
import { schemeOf } from "./schemes.ts";

/** `count` nodes make a key for any `threshold` of them, and two sets of signers sign with it. */
const makeAndSign = async (id: KeyScheme, threshold: number, count: number): Promise<void> => {
  const running = await startRunning(count, baseOt);
  const parties = running.parties(...running.nodes.keys());
  const shares = new Map<number, KeyShare>();
  const pools = running.nodes.map((node, at) => {
    const heldOf = () => ({ share: shares.get(at + 1) as KeyShare, group: "G", nodes: parties });
    return createPools({ ...node, heldOf, schemeOf });
  });
  try {
    const terms = { id: randomBytes(32), binding: new Uint8Array(), parties, within: 60_000 };
    const made = await Promise.all(running.nodes.map(({ runs }) => runs.run(dkg, terms, { scheme: id, threshold })));
    for (const share of made) shares.set(share.self, share);
    const scheme = schemeOf(id);
    const signers = [...parties.keys()];
    for (const some of [signers.slice(0, threshold), signers.slice(-threshold)]) {
      const use = { key: "K", epoch: made[0]?.epoch ?? 0, signers: some, path: [] };
      const [leader = 0] = some;
      const taken = (await pools[leader - 1]?.take(use, 3, 60_000)) ?? [];
      const ids = taken.map((presignature) => presignature.id);
      const theirs = await Promise.all(
        some.slice(1).map(async (index) => {
          const followed = await pools[index - 1]?.follow(parties.get(leader) ?? "", use, ids);
          return [index, followed ?? []] as const;
        }),
      );
      for (const [i, presignature] of taken.entries()) {
        const message = createHash("sha256").update(`${i}`).digest();
        const parts = new Map(theirs.map(([index, all]) => [index, scheme.respond(all[i] ?? presignature, message)]));
        parts.set(leader, scheme.respond(presignature, message));
        assert.ok(scheme.verify(presignature.publicKey, message, scheme.combine(presignature, message, parts)));
      }
    }
  } finally {
    for (const pool of pools) pool.close();
    await running.close();
  }
};

for (const id of KeyScheme.options)
  if (id !== "SM2") test(`two of three nodes sign with ${id}`, () => makeAndSign(id, 2, 3));
test("three of five nodes sign", () => makeAndSign("EDDSA_ED25519", 3, 5));
