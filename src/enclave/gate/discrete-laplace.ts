/**
 * Discrete Laplace noise, exactly: whole numbers and fair bits only, so that no rounding of logarithms tells what was
 * hidden. C. L. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithms
 * 1 and 2.
 */

/** So many random bytes: of a generator that nobody can predict, but in tests. */
export type RandomBytes = (length: number) => Uint8Array;

/** Draws from fair bits. */
export interface Draws {
  /** Whole, 0 <= n < `bound`; `bound` from 1 to 2^53. */
  below(bound: number): number;
}

const POOL = 4_096;

export const createDraws = (random: RandomBytes): Draws => {
  let pool: DataView = new DataView(new ArrayBuffer(0));
  let at = 0;
  const word = (): number => {
    if (at + 4 > pool.byteLength) {
      const { buffer, byteOffset, byteLength } = random(POOL);
      pool = new DataView(buffer, byteOffset, byteLength);
      at = 0;
    }
    at += 4;
    return pool.getUint32(at - 4);
  };
  return {
    below(bound) {
      // As few bits as hold bound - 1, drawn again until they are below the bound.
      const high = Math.floor((bound - 1) / 2 ** 32);
      const [highMask, lowMask] = [maskOf(high), high > 0 ? 2 ** 32 - 1 : maskOf(bound - 1)];
      for (;;) {
        const upper = high > 0 ? (word() & highMask) >>> 0 : 0;
        const drawn = upper * 2 ** 32 + ((word() & lowMask) >>> 0);
        if (drawn < bound) return drawn;
      }
    },
  };
};

/** Ones for all bits that a number below 2^32 needs. */
const maskOf = (n: number): number => (n === 0 ? 0 : 2 ** (32 - Math.clz32(n)) - 1);

/** True with probability exp(-numerator / denominator), where 0 <= numerator <= denominator (algorithm 1). */
const bernoulliExp = (draws: Draws, numerator: number, denominator: number): boolean => {
  let k = 1;
  // numerator / (denominator k), as two draws: neither grows beyond what a number holds.
  while (draws.below(denominator) < numerator && draws.below(k) === 0) k++;
  return k % 2 === 1;
};

/**
 * A draw z with probability in proportion to exp(-|z| s / t), whole: noise of scale t / s (algorithm 2).
 * @param t, s whole, from 1 to 2^53
 */
export const discreteLaplace = (draws: Draws, t: number, s: number): bigint => {
  for (;;) {
    const u = draws.below(t);
    if (!bernoulliExp(draws, u, t)) continue;
    let v = 0;
    while (bernoulliExp(draws, 1, 1)) v++;
    const size = (BigInt(u) + BigInt(t) * BigInt(v)) / BigInt(s);
    const negative = draws.below(2) === 1;
    // Else 0 would come twice as often as it should.
    if (negative && size === 0n) continue;
    return negative ? -size : size;
  }
};
