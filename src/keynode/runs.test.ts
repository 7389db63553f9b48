import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { startWire, streamOf, until } from "../../test/support/peers.ts";
import { gossip, type RunningNet, type RunningNode, startRunning } from "../../test/support/runs.ts";
import type { Refusal } from "../base/refusal.ts";
import { createPairStore } from "./pair-store.ts";
import type { RunTerms } from "./runs.ts";

const withRunning = async (count: number, work: (running: RunningNet, nodes: RunningNode[]) => Promise<void>) => {
  const running = await startRunning(count);
  try {
    await work(running, running.nodes);
  } finally {
    await running.close();
  }
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const termsOf = (parties: Map<number, string>, more: Partial<RunTerms> = {}): RunTerms => ({
  ...{ id: randomBytes(32), binding: new Uint8Array(), parties, within: 20_000 },
  ...more,
});
interface Ended {
  /** "" where there is a result. */
  readonly code: string;
  readonly result?: unknown;
  readonly details: Record<string, unknown>;
}
const outcome = (run: Promise<unknown>): Promise<Ended> =>
  run.then(
    (result) => ({ code: "", result, details: {} }),
    ({ code, details, message }: Refusal) => ({ code: code ?? message, details }),
  );
const all = (nodes: readonly RunningNode[], work: (node: RunningNode) => Promise<unknown>): Promise<Ended[]> =>
  Promise.all(nodes.map((node) => outcome(work(node))));

for (const count of [2, 3, 5, 9])
  test(`${count} nodes run a protocol, each joining when it likes`, () =>
    withRunning(count, async ({ parties }, nodes) => {
      const terms = termsOf(parties(...nodes.keys()));
      const results = await all(nodes, async ({ runs }) => {
        await pause(Math.random() * 50);
        return runs.run(gossip(3), terms, 0);
      });
      assert.equal(new Set(results.map(({ result }) => result)).size, 1);
      assert.equal(typeof results[0]?.result, "string");
    }));

test("runs go on side by side, and a run is joined once", () =>
  withRunning(3, async ({ parties }, nodes) => {
    const many = Array.from({ length: 20 }, (_, i) => termsOf(parties(0, 1, 2), { lane: i % 2 ? "bulk" : "urgent" }));
    const results = await Promise.all(many.map((terms) => all(nodes, ({ runs }) => runs.run(gossip(2), terms, 0))));
    assert.equal(new Set(results.flat().map(({ result }) => result)).size, 20);
    const [again] = await all(nodes.slice(0, 1), ({ runs }) => runs.run(gossip(2), many[0] as RunTerms, 0));
    assert.equal(again?.code, "run.known");
  }));

test("a run goes on over a slow wire that is cut again and again", (t) =>
  withRunning(3, async ({ net, parties }, nodes) => {
    const wire = await startWire({ delay: 20, jitter: 20 });
    t.after(() => wire.close());
    wire.to = nodes[1]?.peers.address.port ?? 0;
    net.addresses.set(streamOf(1), `127.0.0.1:${wire.port}`);
    const terms = termsOf(parties(0, 1, 2));
    const run = all(nodes, ({ runs }) => runs.run(gossip(12, { size: 300_000 }), terms, 0));
    for (let i = 0; i < 8; i++) {
      await pause(250);
      wire.cut();
    }
    const results = await run;
    assert.deepEqual(
      results.map(({ code }) => code),
      ["", "", ""],
    );
    assert.equal(new Set(results.map(({ result }) => result)).size, 1);
  }));

test("whoever does not join is named, and the others do not wait for one another", () =>
  withRunning(3, async ({ parties }, nodes) => {
    const terms = termsOf(parties(0, 1, 2), { within: 500 });
    const [a, b] = await all(nodes.slice(0, 2), ({ runs, node }) =>
      runs.run(gossip(2), node === streamOf(0) ? terms : { ...terms, within: 60_000 }, 0),
    );
    assert.deepEqual([a?.code, a?.details.nodes], ["peer.unreachable", [streamOf(2)]]);
    assert.deepEqual([b?.code, b?.details.node], ["run.ended", streamOf(0)]);
    assert.equal(nodes[0]?.store.isBanned(streamOf(2)), false);
  }));

test("whoever is connected and does not join keeps the others no longer than until they should have met", () =>
  withRunning(3, async ({ parties }, nodes) => {
    const terms = termsOf(parties(0, 1, 2), { within: 600_000, meet: 300 });
    const [a, b] = await all(nodes.slice(0, 2), ({ runs }) => runs.run(gossip(2), terms, 0));
    const [named] = [a, b].filter((one) => one?.code === "peer.unreachable");
    assert.deepEqual(named?.details.nodes, [streamOf(2)]);
    const next = { ...terms, id: randomBytes(32), meet: 60_000 };
    for (const { code } of await all(nodes, ({ runs }) => runs.run(gossip(2), next, 0))) assert.equal(code, "");
  }));

test("whoever can't be connected with is named", () =>
  withRunning(3, async ({ net, parties }, nodes) => {
    net.addresses.set(streamOf(2), "127.0.0.1:1");
    const terms = termsOf(parties(0, 1, 2), { within: 300 });
    const [a] = await all(nodes.slice(0, 2), ({ runs }) => runs.run(gossip(2), terms, 0));
    assert.deepEqual([a?.code, a?.details.nodes], ["peer.unreachable", [streamOf(2)]]);
  }));

test("a node that is started again ends the run at once, and the same id serves for the next attempt", () =>
  withRunning(3, async (running, nodes) => {
    const terms = termsOf(running.parties(0, 1, 2), { within: 60_000 });
    const run = all(nodes.slice(0, 2), ({ runs }) => runs.run(gossip(2), terms, 0));
    await until(() => nodes[0]?.peers.bootOf(streamOf(2)) !== undefined);
    await running.restart(2);
    for (const { code } of await run) assert.match(code, /^(peer\.restarted|run\.ended)$/);
    await until(() => nodes.every(({ peers }) => peers.status().every(({ connected }) => connected)));
    const results = await all(running.nodes, ({ runs }) => runs.run(gossip(2), terms, 0));
    assert.equal(new Set(results.map(({ result }) => result)).size, 1);
    assert.equal(results[0]?.code, "");
  }));

test("who fails a check is banned durably before anything else goes to it", () =>
  withRunning(2, async ({ parties }, [a, b]) => {
    assert.ok(a && b);
    a.rows.slow = 150;
    const said: boolean[] = [];
    const { tell } = a.peers;
    a.peers.tell = (...what) => {
      if (a.store.isBanned(b.node)) said.push(a.rows.anchors > 0);
      tell(...what);
    };
    const terms = termsOf(parties(0, 1));
    const other = termsOf(parties(0, 1), { within: 5_000 });
    const [honest, unrelated] = await Promise.all([
      outcome(a.runs.run(gossip(1), terms, 0)),
      outcome(a.runs.run(gossip(1), other, 0)),
      outcome(b.runs.run(gossip(1, { lies: true }), terms, 0)),
    ]);
    assert.deepEqual([honest.code, unrelated.code], ["run.aborted", "run.ended"]);
    await until(() => said.length > 0);
    assert.ok(said.every(Boolean));
  }));

test("a lie is proved to those who found it; their word alone bans nobody", () =>
  withRunning(3, async (running, nodes) => {
    const [a, b, c] = nodes;
    assert.ok(a && b && c);
    const terms = termsOf(running.parties(0, 1, 2));
    const results = await all(nodes, ({ runs, node }) => runs.run(gossip(2, { lies: node === streamOf(2) }), terms, 0));
    for (const { code } of results.slice(0, 2)) assert.match(code, /^run\.(aborted|ended)$/);
    const found = [a, b].filter((_, at) => results[at]?.code === "run.aborted");
    assert.ok(found.length > 0);
    for (const { store, rows } of found) {
      assert.equal(store.isBanned(c.node), true);
      assert.equal(createPairStore(rows, () => 0).isBanned(c.node), true, "after a restart too");
      assert.ok(rows.anchors > 0);
    }
    const blamed = nodes.some(({ store }) => store.isBanned(streamOf(0)) || store.isBanned(streamOf(1)));
    assert.equal(blamed, false, "nobody who was honest");
    const next = { ...terms, id: randomBytes(32), within: 500 };
    const [again] = await all(found.slice(0, 1), ({ runs }) => runs.run(gossip(2), next, 0));
    assert.equal(again?.code, "peer.unreachable", "let in again, since a fresh set-up was made, but it does not join");
    for (const { store } of found) {
      await store.ban(c.node, "test");
      await store.ban(c.node, "test");
    }
    const [kept] = await all(found.slice(0, 1), ({ runs }) => runs.run(gossip(2), { ...next, id: randomBytes(32) }, 0));
    assert.deepEqual([kept?.code, kept?.details.node], ["pair.banned", c.node]);
  }));

test("nodes whose set-ups differ are told so, and nobody is blamed", () =>
  withRunning(2, async ({ parties }, [a, b]) => {
    assert.ok(a && b);
    const terms = termsOf(parties(0, 1));
    const results = await Promise.all([
      outcome(a.runs.run(gossip(1), { ...terms, pairs: new Map([[b.node, "11".repeat(32)]]) }, 0)),
      outcome(b.runs.run(gossip(1), { ...terms, pairs: new Map([[a.node, "22".repeat(32)]]) }, 0)),
    ]);
    assert.ok(results.some(({ code }) => code === "pair.differs"));
    assert.equal(a.store.isBanned(b.node) || b.store.isBanned(a.node), false);
  }));

test("what differs in purpose ends without blame", () =>
  withRunning(2, async ({ parties }, nodes) => {
    const terms = termsOf(parties(0, 1));
    const results = await all(nodes, ({ runs, node }) =>
      runs.run(gossip(1), { ...terms, binding: Buffer.from(node) }, 0),
    );
    for (const { code } of results) assert.match(code, /^run\.(aborted|ended)$/);
    assert.equal(
      nodes.some(({ store }) => store.isBanned(streamOf(0)) || store.isBanned(streamOf(1))),
      false,
    );
  }));

test("a stranger to the run, and messages of a run that has ended, change nothing", () =>
  withRunning(3, async ({ parties }, nodes) => {
    const [a, b, c] = nodes;
    assert.ok(a && b && c);
    const seen: Uint8Array[] = [];
    const { tell } = b.peers;
    b.peers.tell = (node, topic, body, how) => {
      if (topic === "run") seen.push(body);
      tell(node, topic, body, how);
    };
    const first = termsOf(parties(0, 1));
    await all([a, b], ({ runs }) => runs.run(gossip(2), first, 0));
    const how = { within: 5_000, lane: "urgent" } as const;
    // Replayed by who sent them, and sent by who is no party, before and after the next run begins.
    const replay = () => {
      for (const body of seen) for (const from of [b, c]) (from === b ? tell : c.peers.tell)(a.node, "run", body, how);
      c.peers.tell(a.node, "run-over", first.id, how);
    };
    replay();
    const next = termsOf(parties(0, 1));
    const running = all([a, b], ({ runs }) => runs.run(gossip(6), next, 0));
    replay();
    c.peers.tell(a.node, "run-over", next.id, how);
    const results = await running;
    assert.deepEqual(
      results.map(({ code }) => code),
      ["", ""],
    );
  }));

test("a node that floods another with runs nobody joins is told so, and others go on", () =>
  withRunning(3, async ({ parties }, nodes) => {
    const [a, b, c] = nodes;
    assert.ok(a && b && c);
    a.peers.keep([b.node, c.node]);
    await Promise.all([c.peers.reach(a.node, 5_000), b.peers.reach(a.node, 5_000)]);
    let told = 0;
    c.peers.hear("run-over", () => told++);
    const flood = async () => {
      for (let i = 0; i < 200; i++) {
        for (let j = 0; j < 50; j++) {
          const message = Buffer.alloc(32 + 42 + 60_000);
          message[32] = 1;
          message.writeUInt32BE(i * 50 + j, 32 + 5);
          try {
            c.peers.tell(a.node, "run", message, { within: 10_000, lane: "bulk" });
          } catch {
            // Its own session is full: it goes on when there is room.
          }
        }
        await pause(5);
      }
    };
    const flooding = flood();
    await pause(50);
    const terms = Array.from({ length: 5 }, () => termsOf(parties(0, 1)));
    for (const one of terms) {
      const results = await all([a, b], ({ runs }) => runs.run(gossip(2), one, 0));
      for (const result of results) assert.equal(result.code, "");
    }
    await flooding;
    await until(() => told > 0);
  }));
