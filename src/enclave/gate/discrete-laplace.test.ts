/** By seeded randomness: the same draws each time, so a test that passes once always passes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../synthesis/random.ts";
import { createDraws, discreteLaplace, type RandomBytes } from "./discrete-laplace.ts";

const seeded = (seed: string): RandomBytes => {
  const random = createRandom(seed);
  return (length) => Uint8Array.from({ length }, () => random.whole(0, 255));
};

/** Chi-square over its degrees of freedom (about 1 where expectations hold), cells expected below 10 put together. */
const misfit = (observed: readonly number[], expected: readonly number[]): number => {
  let [sum, cells, seen, due] = [0, 0, 0, 0];
  for (const [i, count] of observed.entries()) {
    seen += count;
    due += expected[i] as number;
    if (due < 10) continue;
    sum += (seen - due) ** 2 / due;
    cells++;
    [seen, due] = [0, 0];
  }
  return sum / (cells - 1);
};

test("draws below a bound are uniform, at every width", () => {
  for (const bound of [1, 2, 3, 7, 256, 1_000]) {
    const draws = createDraws(seeded(`below ${bound}`));
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const drawn = draws.below(bound);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    const even = new Array<number>(bound).fill(100_000 / bound);
    assert.equal(counts.length, bound);
    if (bound > 1) assert.ok(misfit(counts, even) < (bound < 10 ? 3 : 1.3), `${bound}: ${misfit(counts, even)}`);
  }
  for (const bound of [2 ** 32, 2 ** 32 + 1, 3 * 2 ** 40, 2 ** 53]) {
    const draws = createDraws(seeded(`wide ${bound}`));
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const drawn = draws.below(bound);
      assert.ok(Number.isSafeInteger(drawn) && drawn >= 0 && drawn < bound);
      const tenth = Math.floor((drawn / bound) * 10);
      tenths[tenth] = (tenths[tenth] as number) + 1;
    }
    assert.ok(misfit(tenths, new Array<number>(10).fill(2_000)) < 2.5, `${bound}`);
  }
});

test("noise has the probabilities of the discrete Laplace distribution, value by value", () => {
  for (const [t, s] of [
    [1, 1],
    [1, 3],
    [5, 1],
    [7, 2],
    [20, 1],
    [3_000_000, 1_000_000],
  ] as const) {
    const draws = createDraws(seeded(`laplace ${t}/${s}`));
    const reach = Math.ceil((30 * t) / s);
    const counts = new Array<number>(2 * reach + 1).fill(0);
    const many = 100_000;
    for (let i = 0; i < many; i++) {
      const at = Number(discreteLaplace(draws, t, s)) + reach;
      assert.ok(at >= 0 && at < counts.length, "farther than 30 scales: once in 10^13 draws");
      counts[at] = (counts[at] as number) + 1;
    }
    const q = Math.exp(-s / t);
    const expected = counts.map((_, at) => ((many * (1 - q)) / (1 + q)) * q ** Math.abs(at - reach));
    assert.ok(misfit(counts, expected) < 2, `${t}/${s}: ${misfit(counts, expected)}`);
  }
});

test("at the largest scale, mean and spread are those of the distribution, and values pass 2^53", () => {
  const draws = createDraws(seeded("large"));
  const [t, many] = [2 ** 53, 20_000];
  const drawn = Array.from({ length: many }, () => discreteLaplace(draws, t, 1));
  const inScales = drawn.map((z) => Number(z) / t);
  const mean = inScales.reduce((sum, x) => sum + x, 0) / many;
  const spread = inScales.reduce((sum, x) => sum + Math.abs(x), 0) / many;
  assert.ok(Math.abs(mean) < 0.04, `mean ${mean}`);
  assert.ok(Math.abs(spread - 1) < 0.03, `mean distance ${spread}`);
  assert.ok(drawn.some((z) => z > 2n ** 53n) && drawn.some((z) => z < -(2n ** 53n)));
  // No bit of a draw is fixed by rounding.
  for (let bit = 0n; bit < 52n; bit++) {
    const ones = drawn.filter((z) => (((z < 0n ? -z : z) >> bit) & 1n) === 1n).length / many;
    assert.ok(ones > 0.4 && ones < 0.6, `bit ${bit}: ${ones}`);
  }
});

test("the same random bytes give the same noise, others give other noise", () => {
  const ten = (seed: string) => {
    const draws = createDraws(seeded(seed));
    return Array.from({ length: 10 }, () => discreteLaplace(draws, 1_000_000, 1));
  };
  assert.deepEqual(ten("a"), ten("a"));
  assert.notDeepEqual(ten("a"), ten("b"));
});
