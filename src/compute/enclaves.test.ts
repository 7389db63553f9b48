import assert from "node:assert/strict";
import { test } from "node:test";
import { createEnclaves, type EnclavesDeps } from "./enclaves.ts";

test("an account that floods an enclave with questions is told to wait, another is not", async () => {
  const held = Promise.withResolvers<{ answer: string }>();
  const fleet = { of: () => ({ challenge: () => held.promise }) };
  const { challenge } = createEnclaves({ fleet } as unknown as EnclavesDeps);
  const ask = (accountId: string) => challenge({ accountId, member: null }, { id: "e", challenge: "{}" });
  const asked = [1, 2, 3, 4].map(() => ask("a"));
  await assert.rejects(ask("a"), { code: "rate.limited" });
  asked.push(ask("b"));
  held.resolve({ answer: "yes" });
  assert.equal((await Promise.all(asked)).length, 5);
  assert.deepEqual(await ask("a"), { answer: "yes" });
});
