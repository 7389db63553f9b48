/** Numbers that look random and are the same on every machine: for rows that are made up, never for keys. */

export interface Random {
  /** Uniform, 0 <= x < 1, 53 bits. */
  next(): number;
  /** A whole number, low <= n <= high. */
  whole(low: number, high: number): number;
  pick<T>(among: readonly T[]): T;
  /** True once in so many times, on average. */
  oneIn(times: number): boolean;
}

/** The same text gives the same numbers. sfc32 of PractRand (C. Doty-Humphrey), 128 bits of state. */
export const createRandom = (seed: string): Random => {
  const [a0, b0, c0, d0] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((basis) => hash(seed, basis));
  let [a = 0, b = 0, c = 0, counter = 0] = [a0, b0, c0, d0];
  const word = (): number => {
    const out = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out;
    return out >>> 0;
  };
  for (let i = 0; i < 12; i++) word();
  const next = () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    whole,
    pick: <T>(among: readonly T[]) => among[whole(0, among.length - 1)] as T,
    oneIn: (times) => next() * times < 1,
  };
};

/** FNV-1a over UTF-16 units, from a basis of its own. */
const hash = (text: string, basis: number): number => {
  let value = basis;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
};
