import assert from "node:assert/strict";
import { test } from "node:test";
import { createRateLimit } from "./rate-limit.ts";

const at = (now: number) => ({ now: () => now });

test("a burst, then the rate, each key for itself", () => {
  let now = 0;
  const limit = createRateLimit({ clock: { now: () => now }, perSecond: 2, burst: 3 });
  assert.deepEqual(
    [1, 2, 3].map(() => limit.take("a").allowed),
    [true, true, true],
  );
  assert.deepEqual(limit.take("a"), { allowed: false, remaining: 0, retryAfter: 500 });
  assert.throws(() => limit.check("a"), { code: "rate.limited", status: 429, details: { seconds: 1 } });
  assert.equal(limit.take("b").allowed, true);
  now = 500;
  assert.equal(limit.take("a").allowed, true);
  assert.equal(limit.take("a").allowed, false);
  now = 1e9;
  assert.equal(limit.take("a").remaining, 2);
  now = 0;
  assert.equal(limit.take("a").remaining, 1);
});

test("memory is bounded however many keys come", () => {
  const limit = createRateLimit({ clock: at(0), perSecond: 1, burst: 1, keys: 2 });
  for (const key of ["a", "b", "c"]) limit.take(key);
  assert.equal(limit.take("c").allowed, false);
  assert.equal(limit.take("a").allowed, true);
});
