import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "#crypto";
import { streamOf, until } from "../../test/support/peers.ts";
import { code, failing, idsOf, useOf, WITHIN, withPools } from "../../test/support/pools.ts";
import type { Refusal } from "../base/refusal.ts";
import { encodePlain } from "../mpc/codec.ts";
import { MAX_LED } from "./pools.ts";
import { PRESIGN } from "./presigning.ts";

test("nodes that hold shares of two attempts at one epoch do not presign, and blame nobody", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    b.known.chainCode = new Uint8Array(32).fill(1);
    await assert.rejects(a.pools.take(useOf(1, 2), 1, WITHIN), code("run.ended"));
    assert.ok(!a.store.isBanned(b.node) && !b.store.isBanned(a.node));
    b.known.chainCode = a.known.chainCode;
    assert.equal((await a.pools.take(useOf(1, 2), 1, WITHIN)).length, 1);
  }));

test("the leader's presignatures are the followers' too, each given away once at both", () =>
  withPools(3, async ([a, b, c]) => {
    assert.ok(a && b && c);
    const use = useOf(1, 2, 3);
    const taken = await a.pools.take(use, 5, WITHIN);
    assert.equal(new Set(idsOf(taken)).size, 5);
    for (const follower of [b, c]) {
      await until(() => follower.pools.status().followed >= 5);
      assert.deepEqual(idsOf(await follower.pools.follow(a.node, use, idsOf(taken))), idsOf(taken));
      await assert.rejects(follower.pools.follow(a.node, use, idsOf(taken)), code("presignature.missing"));
    }
    const again = await a.pools.take(use, 5, WITHIN);
    assert.equal(new Set(idsOf([...taken, ...again])).size, 10);
    // Named twice in one breath, named by who does not lead, named for another use: none of it gives any away.
    const [first = "", second = "", third = ""] = idsOf(again);
    await until(() => b.pools.status().followed >= 5);
    await assert.rejects(b.pools.follow(a.node, use, [first, first]), code("presignature.missing"));
    await assert.rejects(b.pools.follow(c.node, use, [second]), code("presignature.missing"));
    await assert.rejects(b.pools.follow(a.node, { ...use, path: [1] }, [third]), code("presignature.missing"));
    await assert.rejects(b.pools.follow(a.node, use, [third]), code("presignature.missing"));
  }));

test("many calls at once get presignatures of their own, made together", () =>
  withPools(2, async ([a]) => {
    assert.ok(a);
    const taken = await Promise.all(Array.from({ length: 200 }, () => a.pools.take(useOf(1, 2), 1, WITHIN)));
    assert.equal(new Set(taken.flatMap(idsOf)).size, 200);
  }));

test("only keys that are in use again have presignatures made in advance, and their pools grow with what is asked", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    await a.pools.take(useOf(1, 2), 1, WITHIN);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(a.pools.status().led, 0);
    await a.pools.take(useOf(1, 2), 1, WITHIN);
    await until(() => a.pools.status().led === 4);
    for (let i = 0; i < 6; i++) await a.pools.take(useOf(1, 2), 40, WITHIN);
    await until(() => a.pools.status().led >= 57);
    await until(() => b.pools.status().followed >= 57);
    a.pools.prepare({ ...useOf(1, 2), key: "K2" }, 10);
    await until(() => a.pools.status().led === 74);
  }));

test("presignatures are bounded: pools that were not used for longest give way", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    const keys = Array.from({ length: MAX_LED / 64 + 8 }, (_, i) => `K${i}`);
    for (const key of keys) {
      a.pools.prepare({ ...useOf(1, 2), key }, 64);
      const before = a.pools.status().led;
      await until(() => a.pools.status().led >= Math.min(MAX_LED, before + 64) - 8);
    }
    assert.ok(a.pools.status().led <= MAX_LED);
    await until(() => b.pools.status().followed <= MAX_LED);
  }));

test("a node that is started again takes its presignatures with it, everywhere", () =>
  withPools(3, async ([a, b, c], running, start) => {
    assert.ok(a && b && c);
    const use = useOf(1, 2, 3);
    a.pools.prepare(use, 8);
    await until(() => a.pools.status().led === 8 && b.pools.status().followed === 8 && c.pools.status().followed === 8);
    const taken = await a.pools.take(use, 1, WITHIN);
    const before = a.peers.bootOf(c.node);
    const again = start(await running.restart(2));
    // Its connection has ended; that it is another process, the next one says.
    await until(() => a.peers.bootOf(c.node) !== before);
    const fresh = await a.pools.take(use, 1, WITHIN);
    await assert.rejects(again.pools.follow(a.node, use, idsOf(taken)), code("presignature.missing"));
    await until(() => again.pools.status().followed > 0 && b.pools.status().followed > 0);
    for (const { pools } of [b, again])
      assert.deepEqual(idsOf(await pools.follow(a.node, use, idsOf(fresh))), idsOf(fresh));
  }));

test("another epoch, or a key that may not be used, leaves none", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    a.pools.prepare(useOf(1, 2), 8);
    await until(() => a.pools.status().led === 8 && b.pools.status().followed === 8);
    a.pools.drop("K1", 2);
    assert.equal(a.pools.status().led, 0);
    await until(() => b.pools.status().followed === 0);
    b.disabled.add("K1");
    await assert.rejects(a.pools.take(useOf(1, 2), 1, WITHIN), code("peer.refused"));
    a.disabled.add("K1");
    await assert.rejects(a.pools.take(useOf(1, 2), 1, WITHIN), code("presignature.key"));
    await assert.rejects(a.pools.take(useOf(1, 7), 1, WITHIN), code("presignature.key"));
  }));

test("who fails a check while presigning loses set-up and presignatures, and comes back with fresh ones", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    const use = useOf(1, 2);
    a.pools.prepare(use, 4);
    await until(() => a.pools.status().led === 4);
    const before = a.store.pairOf(b.node)?.id;
    failing.add(9);
    await assert.rejects(a.pools.take({ ...use, epoch: 9 }, 1, WITHIN), code("run.aborted"));
    failing.delete(9);
    assert.equal(a.store.isBanned(b.node), true);
    assert.equal(a.pools.status().led, 0);
    assert.equal((await a.pools.take(use, 1, WITHIN)).length, 1);
    assert.equal(a.store.isBanned(b.node), false);
    assert.notEqual(a.store.pairOf(b.node)?.id, before);
  }));

test("where a signer is away, the call ends in time and says who", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    await b.peers.close();
    await assert.rejects(a.pools.take(useOf(1, 2), 1, 200), (error: Refusal) => {
      assert.deepEqual([error.code, error.details.nodes], ["peer.unreachable", [streamOf(1)]]);
      return true;
    });
  }));

test("a leader that calls to many runs and joins none keeps the others busy with a few of them alone", () =>
  withPools(2, async ([a, b]) => {
    assert.ok(a && b);
    const call = () => encodePlain([randomBytes(32), "K1", 1, [1, 2], [], 64, "bulk"]);
    const ask = () => a.peers.ask(b.node, PRESIGN, call(), { within: WITHIN, lane: "urgent" });
    const asked = await Promise.allSettled(Array.from({ length: 100 }, ask));
    const refusals = asked.flatMap((one) => (one.status === "rejected" ? [(one.reason as Refusal).details.code] : []));
    assert.deepEqual([refusals.length, new Set(refusals)], [100 - 32, new Set(["peer.busy"])]);
  }));
