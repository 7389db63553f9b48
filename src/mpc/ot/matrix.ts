/** Matrices of bits, and the linear hash over GF(2^128) that the consistency check compares. */
import { ROW } from "./hash.ts";

/** Computational security: columns of every matrix, base transfers of a pair. */
export const COLUMNS = 128;

export const bitAt = (bits: Uint8Array, at: number): number => (bits[at >> 3]! >> (at & 7)) & 1;

/**
 * 128 columns, each of `length` bits (a multiple of 8), as `length` rows of 16 bytes. Bit i of a sequence is bit i mod 8
 * of its byte i / 8, the lowest first. By blocks of 8 x 8 (Hacker's Delight 7-3): no branch or index depends on a bit.
 */
export const transpose = (columns: Uint8Array, length: number): Uint8Array => {
  const stride = length / 8;
  const rows = new Uint8Array(length * ROW);
  for (let c = 0; c < COLUMNS; c += 8)
    for (let r = 0; r < stride; r++) {
      const byte = (n: number): number => columns[(c + n) * stride + r]!;
      let x = (byte(7) << 24) | (byte(6) << 16) | (byte(5) << 8) | byte(4);
      let y = (byte(3) << 24) | (byte(2) << 16) | (byte(1) << 8) | byte(0);
      let t = (x ^ (x >>> 7)) & 0x00aa00aa;
      x ^= t ^ (t << 7);
      t = (y ^ (y >>> 7)) & 0x00aa00aa;
      y ^= t ^ (t << 7);
      t = (x ^ (x >>> 14)) & 0x0000cccc;
      x ^= t ^ (t << 14);
      t = (y ^ (y >>> 14)) & 0x0000cccc;
      y ^= t ^ (t << 14);
      t = (x & 0xf0f0f0f0) | ((y >>> 4) & 0x0f0f0f0f);
      y = ((x << 4) & 0xf0f0f0f0) | (y & 0x0f0f0f0f);
      x = t;
      for (let n = 0; n < 4; n++) {
        rows[(8 * r + n) * ROW + c / 8] = y >>> (8 * n);
        rows[(8 * r + n + 4) * ROW + c / 8] = x >>> (8 * n);
      }
    }
  return rows;
};

/**
 * For each column of `rows`, read as elements of GF(2^128) (128 rows each, lowest power first): the sum of element b
 * times the public coefficient b, and of the last one as it is. As 128 rows again. Polynomials mod x^128+x^7+x^2+x+1.
 * @param width words of 32 bits a row
 */
export const linearHash = (rows: Uint32Array, width: number, coefficients: Uint8Array): Uint32Array => {
  const product = new Uint32Array((2 * COLUMNS - 1) * width);
  const size = COLUMNS * width;
  const blocks = rows.length / size;
  for (let block = 0; block < blocks; block++) {
    const last = block === blocks - 1;
    const coefficient = last ? Uint8Array.of(1) : coefficients.subarray(16 * block, 16 * block + 16);
    for (let power = 0; power < 8 * coefficient.length; power++)
      if (bitAt(coefficient, power)) addWords(product, width * power, rows, size * block, size);
  }
  for (let p = 2 * COLUMNS - 2; p >= COLUMNS; p--)
    for (const power of [0, 1, 2, 7]) addWords(product, width * (p - COLUMNS + power), product, width * p, width);
  return product.slice(0, COLUMNS * width);
};

const addWords = (to: Uint32Array, at: number, words: Uint32Array, from: number, count: number): void => {
  for (let w = 0; w < count; w++) to[at + w]! ^= words[from + w]!;
};
