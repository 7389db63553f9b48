/**
 * Fields of a CSV file as values, read from their bytes: no text is made for numbers and dates. A field without any
 * character is NULL; `""` is the empty text.
 */
import type { ColumnType } from "../columns/batch.ts";

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const QUOTE = 0x22;
const LOWER_E = 0x65;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Powers of ten that are exact in binary64. */
const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");

const NUMBER = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Nearest binary64, as ECMAScript reads the text; undefined where it is not a decimal number. */
export const parseF64 = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  let at = from;
  if (bytes[at] === MINUS) at++;
  let [mantissa, digits, point] = [0, 0, -1];
  for (; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === DOT && point < 0) point = at;
    else if (byte >= 0x30 && byte <= 0x39) {
      mantissa = mantissa * 10 + (byte - ZERO);
      digits++;
    } else break;
  }
  const scale = point < 0 ? 0 : at - point - 1;
  // Up to 15 digits and 22 places, mantissa and power are exact, so one division rounds as it should (Clinger 1990).
  if (at === to && digits > 0 && digits <= 15 && scale <= 22) {
    const value = mantissa / (POWERS[scale] as number);
    return bytes[from] === MINUS ? -value : value;
  }
  const text = latin1(bytes, from, to);
  return NUMBER.test(text) ? Number(text) : undefined;
};

/** A whole number of at most 15 digits, or NaN. */
export const parseInteger = (bytes: Uint8Array, from: number, to: number): number => {
  const first = bytes[from] === MINUS ? from + 1 : from;
  if (to === first || to - first > 15) return Number.NaN;
  let value = 0;
  for (let at = first; at < to; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return first > from ? -value : value;
};

export const parseI32 = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  const value = parseInteger(bytes, from, to);
  return (value | 0) === value ? value | 0 : undefined;
};

export const parseI64 = (bytes: Uint8Array, from: number, to: number): bigint | undefined => {
  const value = parseInteger(bytes, from, to);
  if (!Number.isNaN(value)) return BigInt(value);
  if (to - from > 20) return undefined;
  const text = latin1(bytes, from, to);
  if (!/^-?\d+$/.test(text)) return undefined;
  const whole = BigInt(text);
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
};

export const parseBool = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  if (to - from !== 4 && to - from !== 5) return undefined;
  const text = latin1(bytes, from, to).toLowerCase();
  return text === "true" ? 1 : text === "false" ? 0 : undefined;
};

/** Number made of `count` digits, or -1. */
const digitsAt = (bytes: Uint8Array, at: number, count: number): number => {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    if (!isDigit(bytes[i])) return -1;
    value = value * 10 + (bytes[i] as number) - ZERO;
  }
  return value;
};

/** `YYYY-MM-DD` in days since 1970-01-01. */
export const parseDate = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  if (to - from !== 10 || bytes[from + 4] !== MINUS || bytes[from + 7] !== MINUS) return undefined;
  const [year, month, day] = [digitsAt(bytes, from, 4), digitsAt(bytes, from + 5, 2), digitsAt(bytes, from + 8, 2)];
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  // Days from civil: years begin in March, so that the leap day is the last of a year.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
};

const daysIn = (year: number, month: number): number => {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
};

const TIME = /^[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))?$/;

/** RFC 3339, or with a space for the T; without an offset it is UTC. Microseconds since 1970. */
export const parseTimestamp = (bytes: Uint8Array, from: number, to: number): bigint | undefined => {
  if (to - from < 19 || to - from > 32) return undefined;
  const days = parseDate(bytes, from, from + 10);
  const parts = days === undefined ? null : TIME.exec(latin1(bytes, from + 10, to));
  if (days === undefined || !parts) return undefined;
  const [hours, minutes, seconds] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const [aheadHours, aheadMinutes] = [Number(parts[6] ?? 0), Number(parts[7] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59 || aheadHours > 23 || aheadMinutes > 59) return undefined;
  const ahead = (parts[5] === "-" ? -1 : 1) * (aheadHours * 3_600 + aheadMinutes * 60);
  const whole = days * 86_400 + hours * 3_600 + minutes * 60 + seconds - ahead;
  return BigInt(whole) * 1_000_000n + BigInt((parts[4] ?? "").padEnd(6, "0"));
};

/** Copies the text of a quoted field without its quotes, doubled ones once; says how many bytes it wrote. */
export const unquote = (bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): number => {
  let out = at;
  for (let i = from + 1; i < to - 1; i++) {
    const byte = bytes[i] as number;
    into[out++] = byte;
    if (byte === QUOTE) i++;
  }
  return out - at;
};

/** A set of types, one bit each. */
export const BIT: Record<Exclude<ColumnType, "binary">, number> = {
  bool: 1,
  i32: 2,
  i64: 4,
  f64: 8,
  decimal: 16,
  date: 32,
  timestamp: 64,
  utf8: 128,
};
export const ANY = 255;
const WHOLE = BIT.decimal | BIT.utf8;
const SMALL = BIT.i32 | BIT.i64 | BIT.f64 | WHOLE;

/**
 * The types that hold a field (not an empty one) without losing anything. A number with a leading zero is taken for
 * an identifier, and whole numbers of more than 15 digits are not left to binary64: both would change.
 */
export const typesOf = (bytes: Uint8Array, from: number, to: number): number => {
  const first = bytes[from] as number;
  const digit = first === MINUS ? bytes[from + 1] : first;
  if (!isDigit(digit)) {
    return parseBool(bytes, from, to) !== undefined ? BIT.bool | BIT.utf8 : BIT.utf8;
  }
  const begin = first === MINUS ? from + 1 : from;
  if (digit === ZERO && begin + 1 < to && isDigit(bytes[begin + 1])) return datesOf(bytes, from, to);
  const whole = parseInteger(bytes, from, to);
  if (!Number.isNaN(whole)) return Object.is(whole, -0) ? BIT.utf8 : (whole | 0) === whole ? SMALL : SMALL & ~BIT.i32;
  const integer = digitsEnd(bytes, begin, to);
  if (integer === to) return parseI64(bytes, from, to) === undefined ? WHOLE : BIT.i64 | WHOLE;
  const fraction = bytes[integer] === DOT ? digitsEnd(bytes, integer + 1, to) : integer;
  if (fraction === integer + 1) return BIT.utf8;
  if (fraction === to) return BIT.f64 | WHOLE;
  if (((bytes[fraction] as number) | 0x20) !== LOWER_E) return datesOf(bytes, from, to);
  const sign = bytes[fraction + 1] === MINUS || bytes[fraction + 1] === PLUS ? 1 : 0;
  const exponent = fraction + 1 + sign;
  return exponent < to && digitsEnd(bytes, exponent, to) === to ? BIT.f64 | BIT.utf8 : BIT.utf8;
};

/** Behind the digits that begin at `at`. */
const digitsEnd = (bytes: Uint8Array, at: number, to: number): number => {
  let end = at;
  while (end < to && isDigit(bytes[end])) end++;
  return end;
};

const datesOf = (bytes: Uint8Array, from: number, to: number): number => {
  if (parseDate(bytes, from, to) !== undefined) return BIT.date | BIT.utf8;
  return parseTimestamp(bytes, from, to) !== undefined ? BIT.timestamp | BIT.utf8 : BIT.utf8;
};

/** The narrowest of the types; text where nothing was seen. */
export const narrowest = (types: number): ColumnType => {
  if (types === ANY) return "utf8";
  const order = ["bool", "i32", "i64", "f64", "decimal", "date", "timestamp"] as const;
  return order.find((type) => types & BIT[type]) ?? "utf8";
};
