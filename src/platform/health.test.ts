import assert from "node:assert/strict";
import { test } from "node:test";
import { createHealth } from "./health.ts";

test("one failing or silent check makes the server fail, and is named", async () => {
  const health = createHealth({ timeout: 20 });
  health.add("database", () => 1);
  assert.equal((await health.report()).status, "ok");
  health.add("ledger", () => {
    throw new Error("disk is read-only");
  });
  health.add("enclave", () => new Promise(() => undefined));
  const { status, checks } = await health.report();
  assert.equal(status, "failing");
  assert.equal(checks.database?.ok, true);
  assert.equal(checks.ledger?.message, "disk is read-only");
  assert.match(checks.enclave?.message ?? "", /no answer/);
});
