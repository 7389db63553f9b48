import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeen } from "./seen.ts";

test("an answer is asked for once, until the tables move", async () => {
  const seen = createSeen<boolean>();
  let asked = 0;
  const look = async () => ++asked > 1;
  assert.equal(await seen.ask("a", look), false);
  assert.equal(await seen.ask("a", look), false);
  seen.forget();
  assert.equal(await seen.ask("a", look), true);
  assert.equal(asked, 2);
});

test("what was looked up while the tables moved is not kept", async () => {
  const seen = createSeen<boolean>();
  const old = Promise.withResolvers<boolean>();
  const waiting = seen.ask("a", () => old.promise);
  seen.forget();
  old.resolve(true);
  assert.equal(await waiting, true);
  assert.equal(await seen.ask("a", async () => false), false);
});
