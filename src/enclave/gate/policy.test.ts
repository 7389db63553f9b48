import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../base/refusal.ts";
import { lastPosition, Policy } from "../../rules/policy.ts";
import "./errors.ts";

test("policies of any strictness have one shape", () => {
  for (const policy of [
    {},
    { maxRows: 1 },
    { minGroup: { size: 2, columns: [] } },
    { minGroup: { size: 100_000, columns: [0, 4, 9], distinct: 4_095 }, values: "numbers" },
    { values: "noised", budget: { epsilon: 1 } },
    { values: "bounded", budget: { runs: 1, rows: 1, epsilon: 1_000_000 } },
  ])
    assert.deepEqual(Policy.parse(policy), policy);
});

test("what would bound nothing, or means nothing, is no policy", () => {
  for (const policy of [
    { maxRows: 0 },
    { maxRows: 1.5 },
    { minGroup: { size: 1, columns: [0] } },
    { minGroup: { size: 100_001, columns: [0] } },
    { minGroup: { size: 2 } },
    { minGroup: { size: 2, columns: [1, 0] } },
    { minGroup: { size: 2, columns: [1, 1] } },
    { minGroup: { size: 2, columns: [-1] } },
    { minGroup: { size: 2, columns: [0], distinct: 4_096 } },
    { minGroup: { size: 2, columns: ["city"] } },
    { values: "any" },
    { budget: { epsilon: 1_000_000 } },
    { values: "numbers", budget: { epsilon: 1_000_000 } },
    { budget: { runs: 0 } },
    { budget: { minutes: 3 } },
    { noise: "required" },
  ])
    assert.equal(Policy.safeParse(policy).success, false, JSON.stringify(policy));
});

test("the last position that a policy names", () => {
  assert.equal(lastPosition({}), -1);
  assert.equal(lastPosition({ minGroup: { size: 2, columns: [] } }), -1);
  assert.equal(lastPosition({ minGroup: { size: 2, columns: [1, 7], distinct: 3 } }), 7);
  assert.equal(lastPosition({ minGroup: { size: 2, columns: [1], distinct: 3 } }), 3);
});

test("refusals name the same details in both languages, and fit a receipt", () => {
  const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  const lines = [...catalogue].filter(([code]) => code.startsWith("gate."));
  assert.ok(lines.length >= 12);
  for (const [code, { en, zh }] of lines) {
    assert.deepEqual(names(zh), names(en), code);
    assert.match(code, /^[a-z0-9.-]{1,64}$/);
  }
});
