/**
 * Plain values as bytes: what a run keeps between two rounds, and what a node stores of a key. Canonical: a value has
 * one encoding, and what decodes encodes to the same bytes.
 */
import { concat, fromUtf8, toHex, u32, utf8 } from "../base/bytes.ts";
import type { Plain, PlainRecord } from "./protocol.ts";

const TAG = { undefined: 0, null: 1, false: 2, true: 3, number: 4, bigint: 5, string: 6, bytes: 7, list: 8, record: 9 };
const MAX_DEPTH = 24;

/** @throws TypeError for what is not plain: a function, a Map, a number that is no finite number, text that is none */
export const encodePlain = (value: Plain): Uint8Array => {
  const parts: Uint8Array[] = [];
  put(value, parts, 0);
  return concat(...parts);
};

const put = (value: Plain, out: Uint8Array[], depth: number): void => {
  if (depth > MAX_DEPTH) throw new TypeError("nested too deeply");
  const tag = (t: number, ...rest: Uint8Array[]) => out.push(Uint8Array.of(t), ...rest);
  if (value === undefined) tag(TAG.undefined);
  else if (value === null) tag(TAG.null);
  else if (typeof value === "boolean") tag(value ? TAG.true : TAG.false);
  else if (typeof value === "number") tag(TAG.number, float(value));
  else if (typeof value === "bigint") tag(TAG.bigint, ...sized(integer(value)));
  else if (typeof value === "string") tag(TAG.string, ...sized(text(value)));
  else if (value instanceof Uint8Array) tag(TAG.bytes, ...sized(value));
  else if (Array.isArray(value)) {
    tag(TAG.list, u32(value.length));
    for (const item of value as readonly Plain[]) put(item, out, depth + 1);
  } else if (isRecord(value)) {
    const names = Object.keys(value).sort();
    tag(TAG.record, u32(names.length));
    for (const name of names) {
      out.push(...sized(text(name)));
      put(value[name], out, depth + 1);
    }
  } else throw new TypeError("not plain");
};

const isRecord = (value: unknown): value is PlainRecord =>
  typeof value === "object" &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** Half a surrogate pair would encode like another. */
const text = (value: string): Uint8Array => {
  if (!value.isWellFormed()) throw new TypeError("not text");
  return utf8(value);
};

const sized = (bytes: Uint8Array): [Uint8Array, Uint8Array] => [u32(bytes.length), bytes];

const float = (value: number): Uint8Array => {
  if (!Number.isFinite(value) || Object.is(value, -0)) throw new TypeError("not a finite number");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
};

/** Sign (0 or 1), then the magnitude without leading zeros. */
const integer = (value: bigint): Uint8Array => {
  const hex = (value < 0n ? -value : value).toString(16);
  const digits = value === 0n ? "" : hex.length % 2 ? `0${hex}` : hex;
  const bytes = new Uint8Array(1 + digits.length / 2);
  bytes[0] = value < 0n ? 1 : 0;
  for (let i = 1; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i - 2, 2 * i), 16);
  return bytes;
};

/** @throws RangeError for whatever `encodePlain` did not give */
export const decodePlain = (encoded: Uint8Array): Plain => {
  const bytes = new Uint8Array(encoded);
  const view = new DataView(bytes.buffer);
  let at = 0;
  /** Where the next `length` bytes begin. Nothing is made for tags and lengths: others may send millions of them. */
  const skip = (length: number): number => {
    if (length > bytes.length - at) throw new RangeError("cut short");
    at += length;
    return at - length;
  };
  const take = (length: number): Uint8Array => bytes.slice(skip(length), at);
  const count = (): number => view.getUint32(skip(4));
  const text = (): string => {
    try {
      return fromUtf8(take(count()));
    } catch (error) {
      throw error instanceof RangeError ? error : new RangeError("not UTF-8");
    }
  };
  const value = (depth: number): Plain => {
    if (depth > MAX_DEPTH) throw new RangeError("nested too deeply");
    const tag = bytes[skip(1)];
    if (tag === TAG.undefined) return undefined;
    if (tag === TAG.null) return null;
    if (tag === TAG.false) return false;
    if (tag === TAG.true) return true;
    if (tag === TAG.number) return finite(view.getFloat64(skip(8)));
    if (tag === TAG.bigint) return decodedInteger(take(count()));
    if (tag === TAG.string) return text();
    if (tag === TAG.bytes) return take(count());
    if (tag === TAG.list) {
      const items: Plain[] = [];
      for (let left = count(); left > 0; left--) items.push(value(depth + 1));
      return items;
    }
    if (tag !== TAG.record) throw new RangeError("unknown tag");
    const entries: [string, Plain][] = [];
    for (let left = count(); left > 0; left--) {
      const name = text();
      const last = entries.at(-1);
      if (last && last[0] >= name) throw new RangeError("names out of order");
      entries.push([name, value(depth + 1)]);
    }
    return Object.fromEntries(entries);
  };
  const decoded = value(0);
  if (at !== bytes.length) throw new RangeError("bytes left over");
  return decoded;
};

const finite = (value: number): number => {
  if (!Number.isFinite(value) || Object.is(value, -0)) throw new RangeError("not a finite number");
  return value;
};

const decodedInteger = (bytes: Uint8Array): bigint => {
  const [sign, first] = bytes;
  if (sign === undefined || sign > 1 || first === 0 || (sign === 1 && first === undefined))
    throw new RangeError("not a canonical integer");
  // From text at once: byte by byte takes the square of the length, and who sends it chooses that.
  const value = BigInt(`0x0${toHex(bytes.subarray(1))}`);
  return sign === 1 ? -value : value;
};
