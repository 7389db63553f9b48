/** Accounts over a store that fails, and before the ledger that they go by is sealed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING_SPENT } from "../policy/spending.ts";
import { createAccounts } from "./accounts.ts";
import type { Store } from "./store.ts";

const broken = {
  get: () => undefined,
  names: () => [],
  write: () => Promise.reject(new Error("the disk is full")),
  writeSoon: () => undefined,
  anchor: async () => undefined,
} as unknown as Store;

test("a store that fails ends what depends on the account, and not the process", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const accounts = createAccounts(broken, async () => undefined);
  await assert.rejects(accounts.set("K1", "R1", NOTHING_SPENT, true), /full/);
  await accounts.set("K1", "R1", NOTHING_SPENT, false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(unhandled.mock.callCount(), 0);
});

test("what is spent counts at once, and is written when the ledger that it was counted by is sealed", async () => {
  const rows = new Map<string, Uint8Array>();
  const write = (changes: ReadonlyMap<string, Uint8Array>) => {
    for (const [name, value] of changes) rows.set(name, value);
  };
  const store = {
    get: (name: string) => rows.get(name),
    names: (prefix: string) => [...rows.keys()].filter((name) => name.startsWith(prefix)),
    write: async (changes: ReadonlyMap<string, Uint8Array>) => write(changes),
    writeSoon: write,
    anchor: async () => undefined,
  } as unknown as Store;
  const at = (time: number) => ({ hour: time, day: time, week: time, month: time });
  // Of rows of their own, and of one.
  const COUNTED = ["b1", "a1", "a2"].map((request, i) => [request, at(i)] as const);
  for (const limits of [true, false]) {
    rows.clear();
    const gate = Promise.withResolvers<void>();
    const accounts = createAccounts(store, () => gate.promise);
    const counts = COUNTED.map((counted) => {
      const before = accounts.of("K1");
      return accounts.set("K1", counted[0], { ...before, requests: [...before.requests, counted] }, limits);
    });
    assert.deepEqual(accounts.of("K1").requests, COUNTED);
    assert.equal(rows.size, 0, "a process that ends now leaves what was counted before");
    gate.resolve();
    await Promise.all(counts);
    assert.deepEqual(createAccounts(store, async () => undefined).of("K1").requests, COUNTED);
  }
  const accounts = createAccounts(store, () => Promise.reject(new Error("not sealed")));
  await assert.rejects(accounts.set("K2", "R1", NOTHING_SPENT, true), /not sealed/);
  assert.equal(rows.has("spent/K2"), false);
});
