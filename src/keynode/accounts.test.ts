/** Accounts over a store that fails, and before the ledger that they go by is sealed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING_SPENT } from "../policy/spending.ts";
import { createAccounts } from "./accounts.ts";
import type { Store } from "./store.ts";

const broken = {
  get: () => undefined,
  put: () => Promise.reject(new Error("the disk is full")),
  putSoon: () => undefined,
  anchor: async () => undefined,
} as unknown as Store;

test("a store that fails ends what depends on the account, and not the process", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const accounts = createAccounts(broken, async () => undefined);
  await assert.rejects(accounts.set("K1", NOTHING_SPENT, true), /full/);
  await accounts.set("K1", NOTHING_SPENT, false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(unhandled.mock.callCount(), 0);
});

test("what is spent counts at once, and is written when the ledger that it was counted by is sealed", async () => {
  const rows = new Map<string, Uint8Array>();
  const write = (name: string, value: Uint8Array) => void rows.set(name, value);
  const store = {
    get: (name: string) => rows.get(name),
    put: async (name: string, value: Uint8Array) => write(name, value),
    putSoon: write,
    anchor: async () => undefined,
  } as unknown as Store;
  const AT = { hour: 1, day: 1, week: 1, month: 1 };
  const COUNTED = [
    ["R1", AT],
    ["R2", AT],
  ];
  for (const limits of [true, false]) {
    rows.clear();
    const gate = Promise.withResolvers<void>();
    const accounts = createAccounts(store, () => gate.promise);
    const counts = ["R1", "R2"].map((request) =>
      accounts.set("K1", { ...accounts.of("K1"), requests: [...accounts.of("K1").requests, [request, AT]] }, limits),
    );
    assert.deepEqual(accounts.of("K1").requests, COUNTED);
    assert.equal(rows.size, 0, "a process that ends now leaves what was counted before");
    gate.resolve();
    await Promise.all(counts);
    assert.deepEqual(createAccounts(store, async () => undefined).of("K1").requests, COUNTED);
  }
  const accounts = createAccounts(store, () => Promise.reject(new Error("not sealed")));
  await assert.rejects(accounts.set("K2", NOTHING_SPENT, true), /not sealed/);
  assert.equal(rows.has("spent/K2"), false);
});
