import assert from "node:assert/strict";
import { test } from "node:test";
import { newest, requirePlace } from "./places.ts";

const of = (creator: string, count: number) => Array.from({ length: count }, (_, time) => ({ creator, time }));
const named = (creator: string, count: number) =>
  of(creator, count).map((one) => [`${creator}${one.time}`, one] as const);

test("no member takes more than a tenth of the places", () => {
  requirePlace([...of("a", 9), ...of("b", 10)], "a", 100);
  assert.throws(() => requirePlace(of("a", 10), "a", 100), { code: "enclave.host" });
  requirePlace(of("a", 10), "b", 100);
  const full = Array.from({ length: 100 }, (_, i) => ({ creator: `m${i}` }));
  assert.throws(() => requirePlace(full, "a", 100), { code: "enclave.host" });
});

test("the oldest make way, a member's own before another's", () => {
  const kept = newest([...named("a", 15), ...named("b", 3)], 100).map(([name]) => name);
  assert.equal(kept.length, 13);
  assert.ok(kept.includes("a14") && kept.includes("a5") && !kept.includes("a4"));
  assert.ok(kept.includes("b0"));
  const many = Array.from(
    { length: 30 },
    (_, i) => named(`m${i}`, 1)[0] as readonly [string, { creator: string; time: number }],
  );
  assert.equal(newest(many, 20).length, 20);
});
