/** One of the signers is in hostile hands: what it holds up, and for how long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../test/support/peers.ts";
import { code, type Pooled, useOf, WITHIN, withPools } from "../../test/support/pools.ts";
import { toHex } from "../base/bytes.ts";
import type { Refusal } from "../base/refusal.ts";
import { PRESIGN, type Use } from "./presigning.ts";

const never = () => new Promise<Uint8Array>(() => undefined);
const [ALL, WITH_B, WITH_C] = [useOf(1, 2, 3), useOf(1, 2), useOf(1, 3)];
/** One each of so many keys, at once. @returns what became of them: "ok", or why not */
const takeMany = async ({ pools }: Pooled, use: Use, count: number, within: number, each = 1): Promise<Set<string>> => {
  const taken = Array.from({ length: count }, (_, i) => pools.take({ ...use, key: `K${i}` }, each, within));
  const all = await Promise.allSettled(taken);
  return new Set(all.map((one) => (one.status === "fulfilled" ? "ok" : (one.reason as Refusal).code)));
};
/** Milliseconds that those wait who are held up; and less, in which nobody else may be. */
const [HELD, PATIENT] = [60_000, 30_000];
const OK = new Set(["ok"]);
const UNREACHABLE = new Set(["peer.unreachable"]);

test("a node that says it joins runs, and joins none, holds up nobody else", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    await a.pools.take(ALL, 1, WITHIN);
    c.twist = async () => new Uint8Array();
    void takeMany(a, ALL, 30, HELD);
    assert.deepEqual(await takeMany(a, WITH_B, 30, PATIENT), OK);
  }));

test("it holds up itself while somebody waits for it, here and at the others", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    await a.pools.take(ALL, 1, WITHIN);
    c.twist = async () => new Uint8Array();
    for (let i = 0; i < 5; i++) assert.deepEqual(await takeMany(a, { ...ALL, path: [i] }, 12, 200), UNREACHABLE);
    c.twist = undefined;
    for (const use of [WITH_C, ALL]) assert.deepEqual(await takeMany(a, { ...use, path: [9] }, 12, PATIENT), OK);
  }));

test("a node that is silent while a set-up is made is waited for once, and only as long as somebody waits", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    for (const topic of ["pair-same", "pair-make", "pair-begin"]) c.peers.answer(topic, never);
    void takeMany(a, ALL, 30, HELD);
    assert.deepEqual(await takeMany(a, WITH_B, 30, PATIENT), OK);
    assert.deepEqual(await takeMany(a, { ...ALL, path: [1] }, 3, 300), UNREACHABLE);
  }));

test("a node that is silent towards one signer alone takes no places from it", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    await Promise.all([a.pools.take(WITH_B, 1, WITHIN), a.pools.take(WITH_C, 1, WITHIN)]);
    c.peers.answer("pair-make", never);
    void takeMany(a, ALL, 30, HELD);
    assert.deepEqual(await takeMany(a, { ...WITH_B, path: [1] }, 10, PATIENT), OK);
  }));

test("where many signers say nothing, the oldest of their runs give way to those who have none", () =>
  withPools(5, async ([a, b, ...silent]) => {
    assert.ok(a && b);
    for (const index of [2, 3, 4, 5]) await a.pools.take(useOf(1, index), 1, WITHIN);
    for (const node of silent) node.twist = async () => new Uint8Array();
    for (const index of [3, 4, 5]) void takeMany(a, useOf(1, index), 12, HELD);
    assert.deepEqual(await takeMany(a, { ...WITH_B, path: [1] }, 3, PATIENT), OK);
  }));

test("one that is silent in every set of signers but one keeps no place from those who have none", () =>
  withPools(7, async ([a, , c]) => {
    assert.ok(a && c);
    await Promise.all([2, 3, 4, 5, 6, 7].map((index) => a.pools.take(useOf(1, index), 1, WITHIN)));
    c.twist = async () => new Uint8Array();
    const rest = [2, 4, 5, 6, 7];
    /** Party 3 and up to three of the others: 25 sets. */
    const sets = Array.from({ length: 2 ** rest.length }, (_, bits) => rest.filter((_, i) => bits & (1 << i)));
    const silent = sets.filter(({ length }) => length < 4);
    assert.ok(silent.length > 24);
    for (const some of silent) void takeMany(a, useOf(1, ...[3, ...some].sort()), 1, HELD);
    assert.deepEqual(await takeMany(a, { ...WITH_B, path: [1] }, 3, PATIENT), OK);
  }));

test("a node that answers no call, but takes part in the run, holds up nothing; nor does its refusal undo what was made", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    const late = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      throw new Error("too late");
    };
    for (const twist of [never, late]) {
      c.twist = async (topic, honest) => {
        await honest();
        return topic === PRESIGN ? twist() : new Uint8Array();
      };
      assert.deepEqual(await takeMany(a, { ...ALL, path: [twist === never ? 1 : 2] }, 40, WITHIN), OK);
    }
  }));

test("a node that ends runs for their leader alone keeps no place for them at the others", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    await a.pools.take(ALL, 1, WITHIN);
    c.accuses = 1;
    const { tell } = c.peers;
    c.peers.tell = (to, topic, ...what) => {
      if (to !== b.node || !topic.startsWith("run")) tell(to, topic, ...what);
    };
    assert.ok(!(await takeMany(a, ALL, 40, WITHIN)).has("ok"));
    assert.deepEqual(await takeMany(a, WITH_B, 10, WITHIN), OK);
  }));

test("what a leader does not come to, since one signer keeps its last word from it, the others do not keep", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    await a.pools.take(ALL, 1, WITHIN);
    await until(() => b.pools.status().followed === 1);
    const said = new Map<string, number>();
    const { tell } = c.peers;
    c.peers.tell = (to, topic, body, how) => {
      const run = topic === "run" && to === a.node ? toHex(body.subarray(37, 69)) : "";
      said.set(run, (said.get(run) ?? 0) + 1);
      if (run === "" || (said.get(run) ?? 0) <= 4) tell(to, topic, body, how);
    };
    for (let i = 0; i < 4; i++) await takeMany(a, { ...ALL, path: [i] }, 8, 500, 64);
    // Of those that go on at the leader there are eight.
    await until(() => b.pools.status().followed <= 8 * 64 + 1);
    assert.ok(b.pools.status().followed > 1, "it comes to the end of them");
  }));

test("a set-up that a ban takes away while another is waited for is not used any more", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    await a.pools.take(WITH_B, 1, WITHIN);
    const pair = a.store.pairOf(b.node)?.id ?? "";
    const { promise: waits, resolve: go } = Promise.withResolvers<void>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    const { ask, tell } = a.peers;
    a.peers.ask = async (node, topic, ...what) => {
      if (node === c.node && topic.startsWith("pair-")) {
        isAsked();
        await waits;
      }
      return ask(node, topic, ...what);
    };
    const used: string[] = [];
    a.peers.tell = (to, topic, body, how) => {
      if (topic === "run" && to === b.node) used.push(toHex(body.subarray(0, 32)));
      tell(to, topic, body, how);
    };
    const taking = assert.rejects(a.pools.take(ALL, 1, WITHIN), code("pair.differs"));
    await asked;
    await a.store.ban(b.node, "toy.check");
    go();
    await taking;
    assert.ok(!used.includes(pair));
  }));
