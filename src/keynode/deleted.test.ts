/** Shares of a deleted key: erased when its time has come, by nodes that agree on it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "#crypto";
import { forked } from "../../test/support/forked.ts";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { toHex } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";
import { replayable } from "../evidence/export.ts";

type Nodes = [HeldNode, HeldNode, HeldNode];
const openFleet = async (t: Parameters<typeof openKeyNodes>[0]) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  await act(fleet.stage, fleet.administrators[0], "key.deletion-scheduled", key, { days: 7 });
  return { fleet, key, nodes: fleet.nodes as Nodes };
};
const held = async (nodes: readonly HeldNode[]): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await node.raw("status", {})).keys));
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200 && !(await holds()); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(await holds());
};

test("nodes that run erase the shares of a deleted key when the ledger has come to its time", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  for (const node of nodes) await node.call("show", {}, key);
  assert.deepEqual(await held(nodes), [1, 1, 1]);
  fleet.clock.advance(8 * DAY);
  await fleet.foundKey("EDDSA_ED25519", 2);
  for (const node of nodes) await node.follow();
  await until(async () => (await held(nodes)).every((keys) => keys === 0));
});

test("nodes that were shown no cancellation erase nothing while another holder knows of it", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const [a, b, c] = nodes;
  const shown = await replayable(fleet.ledger, key);
  const size = fleet.ledger.size;
  for (const node of [a, b]) await node.follow();
  await act(fleet.stage, fleet.administrators[1], "key.deletion-cancelled", key);
  await c.call("show", {}, key);
  // Thirty days and more after its time, too.
  fleet.clock.advance(40 * DAY);
  const statement = toHex(randomBytes(32));
  const step = forked(fleet, size, [{ seq: 0, statement, stream: statement, time: fleet.clock.now() }]);
  for (const node of [a, b]) {
    await node.raw("follow", step);
    await node.raw("show", {}, shown);
  }
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.deepEqual(await held(nodes), [1, 1, 1]);
});

test("a holder that is gone is waited for thirty days", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const [a, b, c] = nodes;
  await c.stop();
  const comesTo = async (days: number) => {
    fleet.clock.advance(days * DAY);
    await fleet.foundKey("EDDSA_ED25519", 2);
    for (const node of [a, b]) await node.call("show", {}, key);
    await new Promise((resolve) => setTimeout(resolve, 3_500));
  };
  await comesTo(8);
  assert.deepEqual(await held([a, b]), [1, 1]);
  await comesTo(30);
  await until(async () => (await held([a, b])).every((keys) => keys === 0));
});
