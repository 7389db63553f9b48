/** Whoever asks about a slow server keeps nobody else waiting for long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createQuestions } from "./questions.ts";

const until = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("the connection is gone"))));

test("an owner asks one question at a time", async () => {
  const questions = createQuestions();
  const first = Promise.withResolvers<number>();
  const asked = questions("owner", () => first.promise);
  await assert.rejects(
    questions("owner", async () => 2),
    { code: "enclave.busy" },
  );
  assert.equal(await questions("another", async () => 3), 3);
  first.resolve(1);
  assert.equal(await asked, 1);
  assert.equal(await questions("owner", async () => 4), 4);
});

test("what takes too long is ended, and makes room", async () => {
  const questions = createQuestions(20);
  const slow = ["a", "b", "c", "d"].map((owner) => questions(owner, until));
  const waits = questions("e", async () => "answered");
  for (const one of slow) await assert.rejects(one, { code: "enclave.slow", details: { seconds: 0.02 } });
  assert.equal(await waits, "answered");
});
