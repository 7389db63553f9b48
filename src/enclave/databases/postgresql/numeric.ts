/**
 * `numeric` in binary (numeric_send in src/backend/utils/adt/numeric.c): four 16-bit numbers (how many digits, weight of
 * the first, sign, decimal places), then digits to base 10,000. Written as decimal text, every place it was stored with.
 */

const NEGATIVE = 0x4000;
/** NaN, Infinity and -Infinity; of decimal text none of them has a form. */
const SPECIAL = new Set([0xc000, 0xd000, 0xf000]);
const MAX_PLACES = 0x3fff;
const ZERO = 0x30;

/** What takes the text; grows as `createBytes` in columns/build.ts does. */
export interface Text {
  bytes: Uint8Array;
  length: number;
  reserve(more: number): void;
}

/**
 * Appends the text of the number that lies in `view` from `at`.
 * @returns false where it is none: wrong lengths, digits beyond 9,999, NaN, Infinity
 */
export const appendNumeric = (view: DataView, at: number, size: number, text: Text): boolean => {
  if (size < 8) return false;
  const digits = view.getUint16(at);
  const weight = view.getInt16(at + 2);
  const sign = view.getUint16(at + 4);
  const places = view.getUint16(at + 6);
  if (size !== 8 + 2 * digits || places > MAX_PLACES || (sign !== 0 && sign !== NEGATIVE)) return false;
  text.reserve(4 * Math.max(weight + 1, 1) + places + 8);
  const { bytes } = text;
  const begin = at + 8;
  let out = text.length;
  if (sign === NEGATIVE) bytes[out++] = 0x2d;

  const first = out;
  for (let i = 0; i <= weight; i++) {
    const digit = i < digits ? view.getUint16(begin + 2 * i) : 0;
    if (digit > 9_999) return false;
    // No leading zeros.
    if (out > first || digit >= 1_000) bytes[out++] = ZERO + ((digit / 1_000) | 0);
    if (out > first || digit >= 100) bytes[out++] = ZERO + (((digit / 100) | 0) % 10);
    if (out > first || digit >= 10) bytes[out++] = ZERO + (((digit / 10) | 0) % 10);
    if (out > first || digit >= 1) bytes[out++] = ZERO + (digit % 10);
  }
  if (out === first) bytes[out++] = ZERO;

  if (places > 0) {
    bytes[out++] = 0x2e;
    const end = out + places;
    for (let i = weight + 1; out < end; i++) {
      const digit = i >= 0 && i < digits ? view.getUint16(begin + 2 * i) : 0;
      if (digit > 9_999) return false;
      bytes[out++] = ZERO + ((digit / 1_000) | 0);
      bytes[out++] = ZERO + (((digit / 100) | 0) % 10);
      bytes[out++] = ZERO + (((digit / 10) | 0) % 10);
      bytes[out++] = ZERO + (digit % 10);
    }
    // The last group may have brought more places than there are.
    out = end;
  }
  text.length = out;
  return true;
};

/** Whether the number at `at` is NaN or infinite. */
export const isSpecial = (view: DataView, at: number, size: number): boolean =>
  size >= 6 && SPECIAL.has(view.getUint16(at + 4));
