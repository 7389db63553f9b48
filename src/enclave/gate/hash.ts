/**
 * HalfSipHash-1-3 (J.-P. Aumasson, D. J. Bernstein), as hash tables use it: whoever fills a table does not know the key,
 * and cannot choose keys of groups that all fall into one place.
 */

/** Two words of 32 bits, secret. */
export type HashKey = readonly [number, number];

const FINAL_ROUNDS = 3;

/** 32 bits, signed, of the first `length` words. */
export const halfSipHash = ([k0, k1]: HashKey, words: Int32Array, length: number): number => {
  let v0 = k0;
  let v1 = k1;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  // The last block is the length in bytes; after it come rounds without a word.
  const rounds = length + 1 + FINAL_ROUNDS;
  for (let i = 0; i < rounds; i++) {
    const word = i < length ? (words[i] as number) : i === length ? length << 26 : 0;
    if (i === length + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
};
