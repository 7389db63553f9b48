import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns, inTurn, once } from "./turns.ts";

test("each begins when the one before has ended, and one that fails ends only itself", async () => {
  const take = createTurns();
  const steps: string[] = [];
  const work = (name: string, rounds: number) => async () => {
    steps.push(`${name} begins`);
    for (let i = 0; i < rounds; i++) await Promise.resolve();
    steps.push(`${name} ends`);
    if (name === "b") throw new Error(name);
    return name;
  };
  const all = await Promise.allSettled([take(work("a", 9)), take(work("b", 3)), take(work("c", 0))]);
  assert.deepEqual(
    all.map((one) => (one.status === "fulfilled" ? one.value : one.reason.message)),
    ["a", "b", "c"],
  );
  assert.equal(all[1]?.status, "rejected");
  assert.deepEqual(steps, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("calls of a function in turn see what the call before left", async () => {
  let sum = 0;
  const add = inTurn(async (one: number) => {
    const before = sum;
    await Promise.resolve();
    sum = before + one;
    return sum;
  });
  assert.deepEqual(await Promise.all([1, 2, 3].map(add)), [1, 3, 6]);
});

test("what is done once is done again only where it failed", async () => {
  let calls = 0;
  const work = once(async () => {
    calls++;
    await Promise.resolve();
    if (calls === 1) throw new Error("not yet");
    return calls;
  });
  await Promise.all([work(), work()].map((one) => assert.rejects(one, /not yet/)));
  assert.deepEqual(await Promise.all([work(), work()]), [2, 2]);
  assert.equal(await work(), 2);
});
