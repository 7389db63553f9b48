import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../base/refusal.ts";
import { type ColumnType, rowsOf, type Value } from "../columns/batch.ts";
import { batchOf } from "../columns/build.ts";
import { createRandom } from "../synthesis/random.ts";
import { Noise, noiseProblem } from "./declaration.ts";
import type { RandomBytes } from "./discrete-laplace.ts";
import { createNoiser, MAX_NOISED } from "./noise.ts";

const seeded = (seed: string): RandomBytes => {
  const random = createRandom(seed);
  return (length) => Uint8Array.from({ length }, () => random.whole(0, 255));
};
const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

/** `value`, as often as asked, with this noise. */
const noised = (type: ColumnType, noise: Noise, value: Value, times = 1, seed = "noise"): Value[] => {
  const schema = [{ name: "x", type }];
  const batch = batchOf(schema, new Array(times).fill({ x: value }));
  return rowsOf(createNoiser(schema, { x: noise }, seeded(seed)).add(batch)).map(({ x }) => x as Value);
};

test("a count gets whole noise around it, of the scale that was declared", () => {
  const values = noised("i64", { epsilon: 0.5, sensitivity: 3 }, 1_000n, 20_000) as bigint[];
  const off = values.map((value) => Number(value - 1_000n));
  const q = Math.exp(-0.5 / 3);
  const spread = off.reduce((sum, x) => sum + Math.abs(x), 0) / off.length;
  assert.ok(Math.abs(off.reduce((sum, x) => sum + x, 0) / off.length) < 0.2);
  assert.ok(Math.abs(spread - (2 * q) / (1 - q * q)) < 0.15, `mean distance ${spread}`);
});

test("noisy f64 lie on a grid that does not depend on the value", () => {
  const noise = { epsilon: 1, sensitivity: 1 };
  for (const value of [0, 0.1, -Math.PI, 1e-300, 5e-324, 123_456.789])
    for (const noisy of noised("f64", noise, value, 200) as number[])
      assert.ok(Number.isInteger(noisy * 1_024), `${value} gave ${noisy}`);
  const off = (noised("f64", noise, 10.5, 20_000) as number[]).map((value) => value - 10.5);
  const spread = off.reduce((sum, x) => sum + Math.abs(x), 0) / off.length;
  assert.ok(Math.abs(spread - 1) < 0.03, `mean distance ${spread}`);
});

test("results of neighbouring tables are alike up to e to the epsilon, whichever they are", () => {
  // The definition itself, on counts that differ by the sensitivity: no outcome tells them apart by more.
  const epsilon = 1;
  const histogram = (value: bigint, seed: string) => {
    const counts = new Map<Value, number>();
    for (const x of noised("i64", { epsilon, sensitivity: 1 }, value, 50_000, seed))
      counts.set(x, (counts.get(x) ?? 0) + 1);
    return counts;
  };
  const [a, b] = [histogram(10n, "a"), histogram(11n, "b")];
  for (const [x, count] of a) {
    const other = b.get(x) ?? 0;
    if (count < 1_000 || other < 1_000) continue;
    assert.ok(Math.abs(Math.log(count / other)) < epsilon + 0.15, `${x}: ${count}, ${other}`);
  }
});

test("bounded values are brought within their bounds first: farther away changes nothing", () => {
  const whole = { epsilon: 1, low: -10, high: 10 };
  assert.deepEqual(noised("i64", whole, 2n ** 62n, 50), noised("i64", whole, 10n, 50));
  assert.deepEqual(noised("i64", whole, -(2n ** 62n), 50), noised("i64", whole, -10n, 50));
  const part = { epsilon: 1, low: 0, high: 0.5 };
  assert.deepEqual(noised("f64", part, 1e300, 50), noised("f64", part, 0.5, 50));
  assert.deepEqual(noised("f64", part, -1e300, 50), noised("f64", part, 0, 50));
  const spread = (noised("i64", whole, 0n, 20_000) as bigint[]).reduce((sum, x) => sum + Math.abs(Number(x)), 0);
  assert.ok(Math.abs(spread / 20_000 - 20) < 0.6, "noise for the whole width");
  const wide = (noised("f64", part, 0.25, 20_000) as number[]).reduce((sum, x) => sum + Math.abs(x - 0.25), 0);
  assert.ok(Math.abs(wide / 20_000 - 0.5) < 0.02, "of f64 too");
});

test("values at the ends of their types stay within them", () => {
  const wide = { epsilon: 0.000001, sensitivity: 2 ** 32 };
  for (const x of noised("i64", wide, 2n ** 63n - 1n, 200) as bigint[]) assert.ok(x <= 2n ** 63n - 1n);
  for (const x of noised("i64", wide, -(2n ** 63n), 200) as bigint[]) assert.ok(x >= -(2n ** 63n));
  for (const value of [Number.MAX_VALUE, -Number.MAX_VALUE, -0])
    for (const x of noised("f64", { epsilon: 1, sensitivity: 1e-9 }, value, 50) as number[])
      assert.ok(Number.isFinite(x), `${value}`);
});

test("NULL, NaN and infinity say something without noise: refused", () => {
  const noise = { epsilon: 1, sensitivity: 1 };
  for (const value of [null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    assert.throws(() => noised("f64", noise, value), refused("gate.noise-value"), String(value));
  assert.throws(() => noised("i64", noise, null), refused("gate.noise-value"));
});

test("other columns are left as they are, and each value costs its epsilon", () => {
  const schema = [
    { name: "city", type: "utf8" },
    { name: "n", type: "i64" },
    { name: "mean", type: "f64" },
  ] as const;
  const noiser = createNoiser(
    schema,
    { n: { epsilon: 0.1, sensitivity: 1 }, mean: { epsilon: 0.25, low: 0, high: 1 } },
    seeded("cost"),
  );
  const made = batchOf(schema, [{ city: "南京", n: 5n, mean: 0.5 }]);
  assert.deepEqual(noiser.add(made).columns[0], made.columns[0]);
  assert.equal(noiser.cost(0), 0);
  assert.equal(noiser.cost(7), 7 * 350_000);
  assert.equal(noiser.cost(MAX_NOISED / 2), (MAX_NOISED / 2) * 350_000);
  assert.throws(() => noiser.cost(MAX_NOISED / 2 + 1), refused("gate.noise-many"));
});

test("noise that cannot be added is refused before anything is read", () => {
  const bad: [ColumnType | undefined, Noise][] = [
    [undefined, { epsilon: 1, sensitivity: 1 }],
    ["i32", { epsilon: 1, sensitivity: 1 }],
    ["utf8", { epsilon: 1, sensitivity: 1 }],
    ["decimal", { epsilon: 1, low: 0, high: 1 }],
    ["i64", { epsilon: 1, sensitivity: 0.5 }],
    ["i64", { epsilon: 1, low: 0, high: 1.5 }],
    ["f64", { epsilon: 1, low: 1, high: 1 }],
    ["f64", { epsilon: 1, low: 1, high: 0 }],
    ["f64", { epsilon: 1, low: 1e12, high: 1e12 + 0.001 }],
    ["f64", { epsilon: 1, low: -1e300, high: 1e300 }],
    ["i64", { epsilon: 1, low: 0, high: 2 ** 33 }],
  ];
  for (const [type, noise] of bad) {
    assert.ok(noiseProblem(type, noise), JSON.stringify({ type, noise }));
    const schema = type ? [{ name: "x", type }] : [];
    assert.throws(() => createNoiser(schema, { x: noise }, seeded("")), refused("gate.noise-declared"));
  }
  for (const shape of [
    { epsilon: 0, sensitivity: 1 },
    { epsilon: 1e-7, sensitivity: 1 },
    { epsilon: 101, sensitivity: 1 },
    { epsilon: 1, sensitivity: 0 },
    { epsilon: 1, sensitivity: Number.POSITIVE_INFINITY },
    { epsilon: 1, sensitivity: 1, low: 0, high: 1 },
    { epsilon: 1, low: 0 },
    { epsilon: 1 },
  ])
    assert.equal(Noise.safeParse(shape).success, false, JSON.stringify(shape));
});
