import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Ledger } from "../ledger/port.ts";
import { persistentMap } from "../rules/persistent-map.ts";
import { createWork } from "./work.ts";

/** A ledger whose streams only move. */
const fakeLedger = (streams: readonly string[]) => {
  let listener: (size: number) => void = () => undefined;
  let size = 0;
  let moved = new Set<string>();
  const world = { streams: new Map(streams.map((id) => [id, {}])), ids: persistentMap<string>() };
  const ledger = {
    get size() {
      return size;
    },
    world,
    streamsBetween: () => moved,
    onDurable(call: (size: number) => void) {
      listener = call;
      return () => undefined;
    },
  };
  return {
    ledger: ledger as never as Ledger,
    move(...ids: string[]) {
      moved = new Set(ids);
      size += ids.length;
      listener(size);
    },
  };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));
const NEVER = { first: 1_000_000, longest: 1_000_000 };

describe("work that the ledger asks for", () => {
  test("what is due is taken up at the start, so many at a time, one of each owner in turn", async () => {
    const { ledger } = fakeLedger(["a1", "a2", "b1", "idle"]);
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const done = new Set<string>();
    const work = createWork({
      reasons: new Map(),
      ledger,
      due: (id) => (id === "idle" || done.has(id) ? undefined : id.slice(0, 1)),
      attempt: (id) => {
        begun.push(id);
        return new Promise((resolve) =>
          ends.push(() => {
            done.add(id);
            resolve();
          }),
        );
      },
      concurrency: { all: 1, each: 1 },
      pause: NEVER,
      onError: assert.fail,
    });
    work.start();
    for (let i = 0; i < 3; i++) {
      await turn();
      assert.equal(work.active, 1);
      ends[i]?.();
    }
    await turn();
    assert.deepEqual(begun, ["a1", "b1", "a2"]);
    assert.equal(work.active, 0);
    work.stop();
  });

  test("whoever has many that nothing comes of leaves places for others", async () => {
    const { ledger } = fakeLedger(["a1", "a2", "a3", "b1"]);
    const begun: string[] = [];
    const work = createWork({
      reasons: new Map(),
      ledger,
      due: (id) => id.slice(0, 1),
      attempt: (id) => {
        begun.push(id);
        return new Promise(() => undefined);
      },
      concurrency: { all: 4, each: 2 },
      pause: NEVER,
      onError: assert.fail,
    });
    work.start();
    await turn();
    assert.deepEqual(begun, ["a1", "b1", "a2"]);
    work.stop();
  });

  test("what is woken in the moment in which it ends counts once", async () => {
    const { ledger } = fakeLedger(["r", "s"]);
    const ends = new Map<string, () => void>();
    let running = 0;
    const work = createWork({
      reasons: new Map(),
      ledger,
      due: () => "me",
      attempt: (id) => {
        running++;
        return new Promise((resolve) =>
          ends.set(id, () => {
            running--;
            resolve();
          }),
        );
      },
      concurrency: { all: 3, each: 3 },
      pause: NEVER,
      onError: assert.fail,
    });
    work.start();
    for (let round = 0; round < 4; round++) {
      const [[id = "", end] = []] = ends;
      ends.delete(id);
      end?.();
      for (let i = 0; i < 12; i++) {
        await null;
        work.wake();
      }
      await turn();
      assert.deepEqual([work.active, running], [2, 2]);
    }
    work.stop();
  });

  test("what failed sleeps, is woken by its stream, and is forgotten when nothing is to be done any more", async () => {
    const { ledger, move } = fakeLedger(["r"]);
    const told: unknown[] = [];
    let attempts = 0;
    let due = true;
    const work = createWork({
      reasons: new Map(),
      ledger,
      due: () => (due ? "me" : undefined),
      attempt: () => {
        attempts++;
        return Promise.reject(new Error("not yet"));
      },
      concurrency: { all: 2, each: 2 },
      pause: NEVER,
      onError: (id, error) => told.push([id, (error as Error).message]),
      onDone: (id) => told.push([id, "done"]),
    });
    work.start();
    await turn();
    assert.equal(attempts, 1);
    move("r");
    await turn();
    work.wake();
    await turn();
    assert.equal(attempts, 3);
    due = false;
    move("r");
    await turn();
    assert.equal(attempts, 3);
    assert.deepEqual(told, [...Array.from({ length: 3 }, () => ["r", "not yet"]), ["r", "done"]]);
    work.stop();
  });

  test("what moves while it is worked on is looked at again at once", async () => {
    const { ledger, move } = fakeLedger(["r"]);
    const ends: (() => void)[] = [];
    const work = createWork({
      reasons: new Map(),
      ledger,
      due: () => (ends.length < 3 ? "me" : undefined),
      attempt: () => new Promise((resolve) => ends.push(resolve)),
      concurrency: { all: 1, each: 1 },
      pause: NEVER,
      onError: assert.fail,
    });
    work.start();
    move("r");
    ends[0]?.();
    await turn();
    assert.equal(ends.length, 2);
    work.stop();
  });

  test("what is woken while it is tried is tried once more when that fails", async () => {
    const { ledger } = fakeLedger(["r"]);
    const fails: (() => void)[] = [];
    const work = createWork({
      reasons: new Map(),
      ledger,
      due: () => "me",
      attempt: () => new Promise((_, reject) => fails.push(() => reject(new Error("not yet")))),
      concurrency: { all: 1, each: 1 },
      pause: NEVER,
      onError: () => undefined,
    });
    work.start();
    work.wake();
    fails[0]?.();
    await turn();
    assert.equal(fails.length, 2);
    fails[1]?.();
    await turn();
    assert.equal(fails.length, 2, "and then sleeps");
    work.stop();
  });
});
