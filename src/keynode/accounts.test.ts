/** Accounts over a store that fails. */
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
  const accounts = createAccounts(broken);
  await assert.rejects(accounts.set("K1", NOTHING_SPENT, true), /full/);
  await accounts.set("K1", NOTHING_SPENT, false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(unhandled.mock.callCount(), 0);
});
