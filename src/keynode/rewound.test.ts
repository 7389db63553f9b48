/** A node that was started again is shown the ledger as it was long ago: nothing that it holds is erased by that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { replayable } from "../evidence/export.ts";
import { epochOf } from "../rules/key-state.ts";

test("shares are not erased by a ledger that is not as new as the one followed before", async (t) => {
  const fleet = await openKeyNodes(t);
  const { ledger } = fleet;
  const [first] = fleet.nodes as [HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const old = ledger.size;
  await act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: 2, kind: "refresh", threshold: 2, participants: fleet.nodes.map(({ id }) => id) },
  });
  await fleet.make(key);
  assert.equal(epochOf(fleet.keyOf(key))?.epoch, 2);
  await first.call("show", {}, key);
  await first.fork(ledger.leaves(0, old));
  await first.raw("show", {}, await replayable(ledger, key, old)).catch(() => undefined);
  assert.equal((await first.raw("status", {})).keys, 1, "its share of epoch 2 is there still");
  const size = ledger.size;
  await first.raw("follow", { from: old, leaves: ledger.leaves(old, size), checkpoint: ledger.checkpoint(size) });
  // Shown of another stream first: the key as it was shown before is not what it is now.
  await first.raw("show", {}, await replayable(ledger, first.id, size));
  assert.equal((await first.raw("status", {})).keys, 1);
  await first.raw("show", {}, await replayable(ledger, key, size));
  assert.equal((await first.raw("status", {})).keys, 1);
});
