import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryRows, type RunningNet, type RunningNode, startRunning } from "../../test/support/runs.ts";
import { toHex } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { encodePlain } from "../mpc/codec.ts";
import { createPairStore, MAX_FAILURES } from "./pair-store.ts";

const withRunning = async (count: number, work: (running: RunningNet, nodes: RunningNode[]) => Promise<void>) => {
  const running = await startRunning(count);
  try {
    await work(running, running.nodes);
  } finally {
    await running.close();
  }
};
const code = (expected: string) => (error: unknown) => error instanceof Refusal && error.code === expected;
const refused = (said: string) => (error: unknown) =>
  code("peer.refused")(error) && (error as Refusal).details.code === said;
const othersOf = (node: RunningNode, nodes: readonly RunningNode[]) =>
  nodes.filter((other) => other !== node).map((other) => other.node);
const idOf = (a: RunningNode, b: RunningNode) => a.store.pairOf(b.node)?.id;

test("all pairs of five are made at once from both ends, and are the same at both", () =>
  withRunning(5, async (_, nodes) => {
    const all = await Promise.all(nodes.map((node) => node.pairs.ensure(othersOf(node, nodes))));
    for (const [i, a] of nodes.entries())
      for (const [j, b] of nodes.entries()) {
        if (i === j) continue;
        const [there, here] = [all[i]?.get(b.node), all[j]?.get(a.node)];
        assert.equal(there?.id, here?.id);
        assert.equal(toHex(there?.setup.of as Uint8Array), toHex(here?.setup.of as Uint8Array));
      }
  }));

test("no set-up outlives its process: whoever kills a node before its ban is durable gets a fresh one", () =>
  withRunning(2, async (running, [a, b]) => {
    assert.ok(a && b);
    await a.pairs.ensure([b.node]);
    const first = idOf(a, b);
    assert.deepEqual(
      [...b.rows.rows.keys()].filter((row) => row.startsWith("pair/")),
      [],
      "it is on no disk",
    );
    b.rows.rows.set(`pair/${a.node}`, Uint8Array.of(1));
    const again = await running.restart(1);
    assert.deepEqual([idOf(again, a), b.rows.rows.size], [undefined, 0], "one of a version before is erased");
    const made = await again.pairs.ensure([a.node]);
    assert.notEqual(made.get(a.node)?.id, first);
    assert.equal(idOf(a, again), idOf(again, a));
  }));

test("a ban takes the set-up with it and is durable; only a fresh one ends it", () =>
  withRunning(2, async (running, [a, b]) => {
    assert.ok(a && b);
    await a.pairs.ensure([b.node]);
    const first = idOf(a, b);
    await a.store.ban(b.node, "ole.check");
    assert.equal(idOf(a, b), undefined);
    const reopened = createPairStore(a.rows, () => 0);
    assert.throws(() => reopened.requireAdmitted(b.node), code("pair.banned"));
    await b.pairs.ensure([a.node]);
    assert.equal(a.store.isBanned(b.node), false);
    assert.notEqual(idOf(a, b), first);
    assert.equal(idOf(a, b), idOf(b, a));
    await running.restart(0);
    assert.equal(running.nodes[0]?.store.isBanned(b.node), false);
  }));

test("nothing is made anew with a node before its ban is durable, whoever asks for it", () =>
  withRunning(2, async (_, [a, b]) => {
    assert.ok(a && b);
    for (const [at, { node, peers, store, rows }] of [a, b].entries()) {
      const other = at === 0 ? b : a;
      await a.pairs.ensure([b.node]);
      rows.slow = 150;
      const before = rows.anchors;
      const said: boolean[] = [];
      const { ask, tell } = peers;
      peers.ask = (...what) => {
        said.push(rows.anchors > before);
        return ask(...what);
      };
      peers.tell = (...what) => {
        said.push(rows.anchors > before);
        tell(...what);
      };
      const banned = store.ban(other.node, "ole.check");
      await Promise.all([banned, a.pairs.ensure([b.node]), b.pairs.ensure([a.node])]);
      Object.assign(peers, { ask, tell });
      rows.slow = 0;
      assert.ok(said.length > 0 && said.every(Boolean), `said by ${node}`);
    }
  }));

test("who fails again and again is let in once the groups that it failed have asked for it, each for what was before", () =>
  withRunning(2, async (running, [a, b]) => {
    assert.ok(a && b);
    const isKeptOut = async () => {
      await assert.rejects(a.pairs.ensure([b.node]), code("pair.banned"));
      await assert.rejects(b.pairs.ensure([a.node]), refused("pair.banned"));
    };
    a.rows.time = 1_000;
    for (let i = 1; i <= MAX_FAILURES; i++) {
      await a.pairs.ensure([b.node]);
      await a.store.ban(b.node, "ole.check", i === 1 ? "G1" : "G2");
    }
    assert.deepEqual(a.store.banned(), [b.node]);
    await isKeptOut();
    await a.store.pardon(b.node, "G3", 2_000);
    await a.store.pardon(b.node, "G1", 1_000);
    await a.store.pardon(b.node, "G1", 2_000);
    await isKeptOut();
    const reopened = createPairStore(a.rows, () => 0);
    assert.throws(() => reopened.requireAdmissible(b.node), code("pair.banned"));
    await a.store.pardon(b.node, "G2", 1_500);
    await a.pairs.ensure([b.node]);
    assert.equal(idOf(a, b), idOf(b, a));
    // Started again, a node is shown an old ledger first, and old pardons with it.
    const again = await running.restart(0);
    again.rows.time = 10;
    await again.store.ban(b.node, "ole.check", "G1");
    await again.store.pardon(b.node, "G1", 2_000);
    await assert.rejects(again.pairs.ensure([b.node]), code("pair.banned"));
    await again.store.pardon(b.node, "G1", 2_001);
    await again.pairs.ensure([b.node]);
  }));

test("a ban of a version before is lifted by any group that both are in", () => {
  const rows = createMemoryRows();
  rows.rows.set("ban/n", encodePlain([3, "ole.check", true, false]));
  const store = createPairStore(rows, () => 0);
  assert.throws(() => store.requireAdmissible("n"), code("pair.banned"));
  void store.pardon("n", "G1", 1);
  store.requireAdmissible("n");
});

test("a node can't keep another busy with set-ups, nor begin those that are not its to begin", () =>
  withRunning(2, async (_, [a, b]) => {
    assert.ok(a && b);
    const how = { within: 5_000, lane: "urgent" } as const;
    a.peers.keep([b.node]);
    await assert.rejects(b.peers.ask(a.node, "pair-make", new Uint8Array(32), how), refused("peer.malformed"));
    await assert.rejects(a.peers.ask(b.node, "pair-begin", new Uint8Array(1), how), refused("peer.malformed"));
    const asked = async () => {
      for (let i = 0; i < 40; i++) {
        await b.store.admit(a.node, { id: "ab".repeat(32), setup: { self: 1 } });
        await b.peers.ask(a.node, "pair-begin", new Uint8Array(1), how);
      }
    };
    await assert.rejects(asked(), refused("peer.busy"));
  }));

test("a set-up that only one of them has kept is made again before it is used", () =>
  withRunning(2, async (_, [a, b]) => {
    assert.ok(a && b);
    await a.pairs.ensure([b.node]);
    await a.store.admit(b.node, { id: "ab".repeat(32), setup: { self: 1 } });
    a.pairs.doubt([b.node]);
    const made = await a.pairs.ensure([b.node]);
    assert.notEqual(made.get(b.node)?.id, "ab".repeat(32));
    assert.equal(idOf(a, b), idOf(b, a));
  }));

test("a ban that comes as a fresh set-up is there is not ended by it, nor is what it counts", () =>
  withRunning(2, async (_, [a, b]) => {
    assert.ok(a && b);
    const { run } = a.runs;
    a.runs.run = async (...what) => {
      const result = await run(...what);
      void a.store.ban(b.node, "ole.check");
      return result;
    };
    for (let i = 1; i <= MAX_FAILURES; i++) await assert.rejects(a.pairs.ensure([b.node]), code("pair.differs"));
    assert.deepEqual([a.store.isBanned(b.node), idOf(a, b)], [true, undefined]);
    a.runs.run = run;
    await assert.rejects(a.pairs.ensure([b.node]), code("pair.banned"));
  }));
