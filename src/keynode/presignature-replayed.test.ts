/** A presignature that was used once: named again, and named again to a node whose disk was put back to before its use. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { steal } from "../../test/support/stolen-node.ts";
import type { Refusal } from "../base/refusal.ts";
import { decodePlain, encodePlain } from "../mpc/codec.ts";

const HOW = { within: 10_000, lane: "urgent" } as const;

test("serves for no second message, also after its holder's disk was put back", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const [first, second, third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("ECDSA_K1", 2);
  await fleet.make(key);
  // The leader is in hostile hands: it remembers which presignatures there were, and names them as it likes.
  const stolen = await steal(fleet, first);
  t.after(() => stolen.close());
  await second.call("show", {}, key);
  const use = { key, epoch: 1, signers: [1, 2], path: [] };
  const [used, unused] = (await stolen.pools.take(use, 2, 20_000)).map(({ id }) => id) as [string, string];
  const disk = await second.snapshot();

  /** The follower has agreed to sign a digest of its own; the leader names a presignature for it. */
  const named = async (id: string, byte: string) => {
    const request = await fleet.request(key, [{ kind: "digest", hex: byte.repeat(32) }]);
    const agreed = second
      .call("sign", { request, signers: [1, 2], details: fleet.details }, request)
      .catch(() => undefined);
    const body = encodePlain([fleet.meetingOf(request, [1, 2]), [id]]);
    const answer = await stolen.peers.ask(second.id, "sign", body, HOW).then(
      (parts) => (decodePlain(parts) as Uint8Array[]).length,
      (error: Refusal) => error.details.code,
    );
    await agreed;
    return answer;
  };
  assert.equal(await named(used, "a1"), 1, "it is good once");
  assert.equal(await named(used, "a2"), "presignature.missing");
  await second.restart({ directory: disk });
  assert.equal((await second.raw("status", {})).presignatures, 0);
  await second.call("show", {}, key);
  await stolen.peers.reach(second.id, 20_000);
  assert.equal(await named(used, "a3"), "presignature.missing");
  assert.equal(await named(unused, "a4"), "presignature.missing", "nor does one that was never used outlive it");

  const request = await fleet.request(key, [{ kind: "digest", hex: "a5".repeat(32) }]);
  await third.call("show", {}, second.id);
  assert.ok((await fleet.sign(request, [2, 3])).detail, "with an honest leader it signs on");
});
