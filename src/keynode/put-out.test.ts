/** Nodes and founders that a group has put out after they were asked for, or agreed to: nothing is made for them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "#crypto";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { toHex } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";

const idsOf = (nodes: readonly HeldNode[]): string[] => nodes.map(({ id }) => id);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      return error.code;
    },
  );

type Fleet = Awaited<ReturnType<typeof openKeyNodes>>;
/** What each says when it is to make what a key's attempt asks for. */
const make = ({ details }: Fleet, nodes: readonly HeldNode[], key: string): Promise<string[]> => {
  const params = { key, run: toHex(randomBytes(32)), details };
  return Promise.all(nodes.map((node) => codeOf(node.call("make", params, key))));
};

test("a node that the group put out gets no share of what was agreed to before, and stands in nobody's way", async (t) => {
  const fleet = await openKeyNodes(t, { nodes: 5, patience: 3_000 });
  const [a, b, c, d, e] = fleet.nodes as [HeldNode, HeldNode, HeldNode, HeldNode, HeldNode];
  const [first, second] = fleet.administrators;
  const key = await fleet.foundKey("EDDSA_ED25519", 2, [a, b, c]);
  await fleet.make(key, [a, b, c]);
  const ask = (kind: string, participants: string[]) => ({ epoch: 2, kind, threshold: 2, participants });
  await act(fleet.stage, first, "key.reshare-requested", key, ask("reshare", idsOf([d, e])));
  await act(fleet.stage, first, "key-group.change-proposed", fleet.group, {
    change: { nodes: idsOf([a, b, c]).sort() },
  });
  assert.deepEqual(
    await make(fleet, [a, b, d, e], key),
    Array.from({ length: 4 }, () => "key.nodes"),
  );
  for (const node of [d, e])
    assert.deepEqual(await node.raw("status", {}), { ...(await node.raw("status", {})), keys: 0 });
  await act(fleet.stage, second, "key.reshare-requested", key, ask("refresh", idsOf([a, b, c])));
  await fleet.make(key, [a, b, c]);
});

test("no key is made for whom the group has put out before it was made", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await act(fleet.stage, fleet.administrators[0], "key-group.change-proposed", fleet.group, {
    change: { requesters: [] },
  });
  assert.deepEqual(
    await make(fleet, fleet.nodes, key),
    Array.from({ length: 3 }, () => "keynode.key"),
  );
});

test("an attempt that is over by the node's own clock is not worked on, though its ledger stands still", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  await act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: 2, kind: "reshare", threshold: 2, participants: idsOf(fleet.nodes) },
  });
  fleet.clock.advance(60 * DAY);
  for (const code of await make(fleet, fleet.nodes, key)) assert.notEqual(code, "done");
});
