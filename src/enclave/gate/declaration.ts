/** Noise that a model's manifest declares for columns of its result: `result.noise`. */
import { z } from "zod";
import type { ColumnType } from "../columns/batch.ts";

const Epsilon = z.number().min(1e-6).max(100);

/**
 * Discrete Laplace noise of scale sensitivity / epsilon, which the gate adds to every value of the column.
 * - With `sensitivity`, the author says by how much one person's rows change a value at most. Nobody checks that but
 *   who reads the code.
 * - With `low` and `high`, the gate keeps values within these, and their distance is the sensitivity: true of any code.
 */
export const Noise = z.union([
  z.strictObject({
    epsilon: Epsilon,
    sensitivity: z
      .number()
      .min(1e-9)
      .max(2 ** 32),
  }),
  z.strictObject({ epsilon: Epsilon, low: z.number(), high: z.number() }),
]);
export type Noise = z.output<typeof Noise>;

/** By the name of the column. */
export const NoiseByColumn = z.record(z.string().min(1).max(128), Noise);
export type NoiseByColumn = z.output<typeof NoiseByColumn>;

/** Millionths: what is added and what is spent are this same whole number. */
export const microEpsilon = ({ epsilon }: Noise): number => Math.round(epsilon * 1e6);

export const isBounded = (noise: Noise): noise is Extract<Noise, { low: number }> => "low" in noise;

/** Bounds may be so many times as far from 0 as from each other: beyond, f64 has no room for the grid. */
const MAX_OFFSET = 2 ** 40;

/** Why this noise cannot be added to a column of the type (undefined: the result has none of the name), if so. */
export const noiseProblem = (type: ColumnType | undefined, noise: Noise): string | undefined => {
  if (type === undefined) return "the result has no such column";
  if (type !== "i64" && type !== "f64") return `it is ${type}, not i64 or f64`;
  const terms = isBounded(noise) ? [noise.low, noise.high] : [noise.sensitivity];
  if (type === "i64" && !terms.every(Number.isSafeInteger)) return "i64 takes whole numbers";
  if (!isBounded(noise)) return undefined;
  const width = noise.high - noise.low;
  if (!(width >= 1e-9 && width <= 2 ** 32)) return "high is to be above low, by at least 1e-9 and at most 2^32";
  const offset = Math.max(Math.abs(noise.low), Math.abs(noise.high));
  return offset > MAX_OFFSET * width ? "the bounds are too close together for their size" : undefined;
};
