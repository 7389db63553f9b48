/** Adds declared noise to a result: after the model, so that the model neither chooses nor sees it. */
import { type Batch, type Column, isNull, type Schema } from "../columns/batch.ts";
import { isBounded, microEpsilon, type Noise, type NoiseByColumn, noiseProblem } from "./declaration.ts";
import { createDraws, type Draws, discreteLaplace, type RandomBytes } from "./discrete-laplace.ts";
import { refuse } from "./errors.ts";

/** Values with noise of a result, at most. */
export const MAX_NOISED = 100_000;

export interface Noiser {
  /** Whether the column gets noise. */
  covers(column: string): boolean;
  /** Privacy loss of a result of so many rows, millionths: that of each value, added up. @throws Refusal gate.noise-many */
  cost(rows: number): number;
  /** The batch with noise. @throws Refusal gate.noise-value */
  add(batch: Batch): Batch;
}

/** @throws Refusal gate.noise-declared */
export const createNoiser = (schema: Schema, declared: NoiseByColumn, random: RandomBytes): Noiser => {
  const all = new Map(Object.entries(declared));
  const types = new Map(schema.map(({ name, type }) => [name, type]));
  for (const [column, noise] of all) {
    const reason = noiseProblem(types.get(column), noise);
    if (reason) throw refuse("gate.noise-declared", { column, reason });
  }
  const draws = createDraws(random);
  return {
    covers: (column) => all.has(column),
    cost(rows) {
      if (rows * all.size > MAX_NOISED) throw refuse("gate.noise-many", { limit: MAX_NOISED });
      return [...all.values()].reduce((sum, noise) => sum + rows * microEpsilon(noise), 0);
    },
    add: ({ rows, columns }) => ({
      rows,
      columns: columns.map((column) => {
        const noise = all.get(column.name);
        return noise ? withNoise(draws, column, rows, noise) : column;
      }),
    }),
  };
};

const withNoise = (draws: Draws, column: Column, rows: number, noise: Noise): Column => {
  const { name } = column;
  const refused = () => refuse("gate.noise-value", { column: name });
  for (let row = 0; row < rows; row++) if (isNull(column, row)) throw refused();
  if (column.type === "i64") return { name, type: "i64", values: column.values.map(wholeNoise(draws, noise)) };
  if (column.type !== "f64" || !column.values.every(Number.isFinite)) throw refused();
  return { name, type: "f64", values: column.values.map(gridNoise(draws, noise)) };
};

/** Scale as a fraction of whole numbers: `units` / epsilon. @param units sensitivity, whole, at most 2^32 */
const noiseOf = (draws: Draws, units: number, noise: Noise) => () =>
  discreteLaplace(draws, units * 1e6, microEpsilon(noise));

const clamp = <T extends number | bigint>(value: T, low: T, high: T): T =>
  value < low ? low : value > high ? high : value;

const wholeNoise = (draws: Draws, noise: Noise) => {
  const [low, high] = isBounded(noise) ? [BigInt(noise.low), BigInt(noise.high)] : [MIN_I64, MAX_I64];
  const draw = noiseOf(draws, isBounded(noise) ? noise.high - noise.low : noise.sensitivity, noise);
  return (value: bigint): bigint => clamp(clamp(value, low, high) + draw(), MIN_I64, MAX_I64);
};
const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;

/**
 * On a grid of a power of two, a thousandth of the sensitivity or finer: a value is rounded to it, and the noise is of
 * whole steps. Noise in floating-point numbers would tell by its low bits what it was added to (I. Mironov, "On
 * Significance of the Least Significant Bits for Differential Privacy", 2012).
 */
const gridNoise = (draws: Draws, noise: Noise) => {
  const width = isBounded(noise) ? noise.high - noise.low : noise.sensitivity;
  const grid = 2 ** (Math.floor(Math.log2(width)) - 10);
  // Dividing by a power of two and rounding are exact, and keep the order: so do steps between two values.
  const steps = (value: number) => Math.round(value / grid);
  const [low, high] = isBounded(noise) ? [steps(noise.low), steps(noise.high)] : [-MAX_STEPS, MAX_STEPS];
  const draw = noiseOf(draws, isBounded(noise) ? high - low : Math.ceil(width / grid), noise);
  return (value: number): number => {
    const noisy = BigInt(clamp(steps(value), low, high)) + draw();
    return Number(clamp(noisy, -LIMIT, LIMIT)) * grid;
  };
};
/** Of the grid, either way from 0, that a value keeps within: farther, f64 does not tell steps apart. */
const MAX_STEPS = 2 ** 52;
const LIMIT = 2n ** 53n;
