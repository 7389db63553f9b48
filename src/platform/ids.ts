/**
 * Ids of rows: a letter or two that say what it is, then 10 characters of time and 16 random ones (Crockford's
 * base 32, as in ULID). Sorting by id sorts by creation, also within a millisecond of one process.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export type NewId = (prefix: string) => string;

export const createIds = ({ clock }: { clock: Clock }): NewId => {
  let time = 0;
  let tail: number[] = [];
  return (prefix) => {
    const now = clock.now();
    if (now > time) {
      time = now;
      tail = [...randomBytes(16)].map((byte) => byte & 31);
    } else increment(tail);
    return prefix + encodeTime(time) + tail.map((digit) => ALPHABET[digit]).join("");
  };
};

const increment = (digits: number[]): void => {
  for (let i = digits.length - 1; i >= 0; i--) {
    digits[i] = ((digits[i] ?? 0) + 1) & 31;
    if (digits[i] !== 0) return;
  }
};

const encodeTime = (ms: number): string => {
  let out = "";
  for (let i = 0, rest = ms; i < 10; i++, rest = Math.floor(rest / 32)) out = ALPHABET[rest % 32] + out;
  return out;
};
