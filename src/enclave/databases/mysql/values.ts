/** Single values of the binary protocol as they are here. */

const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;

const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 in the Gregorian calendar, years 0 to 9999; NaN where there is no such day. */
export const daysFromCivil = (year: number, month: number, day: number): number => {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  if (year > 9_999 || month < 1 || month > 12 || day < 1 || day > (DAYS[month] as number) + leap) return Number.NaN;
  // Years begin in March, so that the leap day is the last of a year; 400 years more keep them positive.
  const y = month <= 2 ? year + 399 : year + 400;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  return y * 365 + ((y / 4) | 0) - ((y / 100) | 0) + ((y / 400) | 0) + dayOfYear - 146_097 - 719_468;
};

/**
 * Copies decimal text without leading zeros (ZEROFILL sends them), in the form of `DECIMAL`.
 * @returns the end of what was written; -1 where it is not a number
 */
export const writeDecimal = (from: Uint8Array, start: number, end: number, into: Uint8Array, to: number): number => {
  let [at, out] = [start, to];
  if (from[at] === MINUS) {
    into[out++] = MINUS;
    at++;
  }
  while (at + 1 < end && from[at] === ZERO && from[at + 1] !== DOT) at++;
  const whole = at;
  for (let point = -1; at < end; at++) {
    const byte = from[at] as number;
    if (byte === DOT && point < 0 && at > whole && at + 1 < end) point = at;
    else if (byte < ZERO || byte > 0x39) return -1;
    into[out++] = byte;
  }
  return at === whole ? -1 : out;
};

/** Decimal digits of a number of 64 bits without sign. @returns the end of what was written */
export const writeUnsigned = (low: number, high: number, into: Uint8Array, to: number): number => {
  if (high >= 0x20_0000) {
    const text = String((BigInt(high) << 32n) | BigInt(low));
    for (let i = 0; i < text.length; i++) into[to + i] = text.charCodeAt(i);
    return to + text.length;
  }
  let rest = high * 0x1_0000_0000 + low;
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits++;
  for (let at = to + digits - 1; at >= to; at--) {
    const tenth = Math.floor(rest / 10);
    into[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return to + digits;
};

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/**
 * A TIME as MySQL prints it, "-838:59:59.000000" at the least.
 * @param at behind the length: sign, days (u32), hours, minutes, seconds, microseconds (u32)
 */
export const timeText = (view: DataView, at: number, length: number, decimals: number): string => {
  const whole =
    length === 0 ? [0, 0, 0, 0] : [view.getUint32(at + 1, true), ...[5, 6, 7].map((i) => view.getUint8(at + i))];
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = whole;
  const micros = length === 12 ? view.getUint32(at + 8, true) : 0;
  const sign = length > 0 && view.getUint8(at) === 1 ? "-" : "";
  const fraction = decimals > 0 && decimals <= 6 ? `.${String(micros).padStart(6, "0").slice(0, decimals)}` : "";
  return `${sign}${two(days * 24 + hours)}:${two(minutes)}:${two(seconds)}${fraction}`;
};
