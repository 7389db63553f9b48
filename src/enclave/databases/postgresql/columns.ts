/** Columns of a batch, filled from rows of a binary COPY: column by column, so that each loop knows its type. */
import { isUtf8 } from "node:buffer";
import { type BytesColumn, type Column, type Field, MAX_BATCH_ROWS } from "../../columns/batch.ts";
import { createValidity } from "../../columns/build.ts";
import { refuse } from "../errors.ts";
import { appendNumeric, isSpecial, type Text } from "./numeric.ts";
import type { Encoding } from "./types.ts";

/** Complete rows, as they were received. */
export interface Rows {
  readonly bytes: Uint8Array;
  /** Of the same bytes. */
  readonly view: DataView;
  readonly count: number;
  readonly width: number;
  /** Where each field begins and how long it is, row after row; a length of -1 is NULL. */
  readonly places: Int32Array;
}

export interface WireField extends Field {
  readonly encoding: Encoding;
}

export interface ColumnBuilder {
  /** Takes column `index` of the rows. @throws Refusal database.value */
  append(rows: Rows, index: number): void;
  finish(): Column;
}

/** Counts the bytes that the text of one batch takes: a few bytes of a number can stand for a hundred thousand digits. */
export interface Budget {
  used: number;
}
const MAX_TEXT_BYTES = 256 << 20;

/** PostgreSQL counts days and microseconds from 2000-01-01. */
const EPOCH_DAYS = 10_957;
const EPOCH_MICROS = 946_684_800_000_000n;
const EPOCH_LOW = Number(BigInt.asUintN(32, EPOCH_MICROS));
const EPOCH_HIGH = Number(EPOCH_MICROS >> 32n);
/** `infinity` of dates and timestamps is the largest number, `-infinity` the smallest. */
const MAX_INT32 = 0x7fff_ffff;

export const createColumn = ({ name, type, encoding }: WireField, budget: Budget): ColumnBuilder => {
  switch (encoding) {
    case "bool":
      return fixed(name, type, new Uint8Array(MAX_BATCH_ROWS), 1, (values, row, { bytes }, at) => {
        const value = bytes[at] as number;
        values[row] = value;
        return value <= 1;
      });
    case "int2":
      return fixed(name, type, new Int32Array(MAX_BATCH_ROWS), 2, (values, row, { view }, at) => {
        values[row] = view.getInt16(at);
        return true;
      });
    case "int4":
      return fixed(name, type, new Int32Array(MAX_BATCH_ROWS), 4, (values, row, { view }, at) => {
        values[row] = view.getInt32(at);
        return true;
      });
    case "date":
      return fixed(name, type, new Int32Array(MAX_BATCH_ROWS), 4, (values, row, { view }, at) => {
        const days = view.getInt32(at);
        values[row] = days + EPOCH_DAYS;
        return days > -MAX_INT32 - 1 && days <= MAX_INT32 - EPOCH_DAYS;
      });
    case "float4":
      return fixed(name, type, new Float64Array(MAX_BATCH_ROWS), 4, (values, row, { view }, at) => {
        values[row] = view.getFloat32(at);
        return true;
      });
    case "float8":
      return fixed(name, type, new Float64Array(MAX_BATCH_ROWS), 8, (values, row, { view }, at) => {
        values[row] = view.getFloat64(at);
        return true;
      });
    case "oid":
      return words(name, type, 4, (values, row, { view }, at) => {
        values[2 * row] = view.getUint32(at);
        values[2 * row + 1] = 0;
        return true;
      });
    case "int8":
      return words(name, type, 8, (values, row, { view }, at) => {
        values[2 * row] = view.getUint32(at + 4);
        values[2 * row + 1] = view.getInt32(at);
        return true;
      });
    case "timestamp":
      return words(name, type, 8, putTimestamp);
    case "numeric":
      return decimals(name, budget);
    default:
      return texts(name, type === "binary" ? "binary" : "utf8", budget);
  }
};

/** Puts the value at `at` into its row; false where it has no form. */
type Put<A> = (values: A, row: number, rows: Rows, at: number) => boolean;
type FixedArray = Uint8Array | Int32Array | Float64Array;

const putTimestamp: Put<Int32Array> = (values, row, { view }, at) => {
  const high = view.getInt32(at);
  const low = view.getUint32(at + 4);
  const sum = low + EPOCH_LOW;
  const shifted = high + EPOCH_HIGH + (sum > 0xffff_ffff ? 1 : 0);
  values[2 * row] = sum;
  values[2 * row + 1] = shifted;
  const infinite = (high === -MAX_INT32 - 1 && low === 0) || (high === MAX_INT32 && low === 0xffff_ffff);
  return !infinite && shifted <= MAX_INT32;
};

const fixed = <A extends FixedArray>(
  name: string,
  type: Field["type"],
  values: A,
  size: number,
  put: Put<A>,
  finish: (rows: number) => Partial<Column> = (rows) => ({ values: values.subarray(0, rows) }) as Partial<Column>,
): ColumnBuilder => {
  const validity = createValidity(MAX_BATCH_ROWS);
  let row = 0;
  return {
    append(rows, index) {
      const { count, width, places } = rows;
      for (let i = 0, place = 2 * index; i < count; i++, place += 2 * width, row++) {
        const length = places[place + 1] as number;
        if (length === -1) validity.setNull(row);
        else if (length !== size) throw wrongLength(name, type);
        else if (!put(values, row, rows, places[place] as number))
          throw refuse("database.value", {
            column: name,
            type,
            reason: "it is infinite, or beyond what the type holds",
          });
      }
    },
    finish: () => ({ name, type, validity: trimmed(validity.finish(), row), ...finish(row) }) as Column,
  };
};

/** 64-bit numbers as two words, the lower one first as Arrow has them: no BigInt is made on the way. */
const words = (name: string, type: Field["type"], size: number, put: Put<Int32Array>): ColumnBuilder => {
  const values = new BigInt64Array(MAX_BATCH_ROWS);
  const finish = (rows: number) => ({ values: values.subarray(0, rows) }) as Partial<Column>;
  return fixed(name, type, new Int32Array(values.buffer), size, put, finish);
};

const wrongLength = (name: string, type: string) =>
  refuse("database.protocol", { reason: `a value of ${name} does not have the length of ${type}` });

/** @throws Refusal database.row-size where a batch would take more than may be */
const createText = (budget: Budget): Text => ({
  bytes: new Uint8Array(MAX_BATCH_ROWS),
  length: 0,
  reserve(more) {
    if (this.length + more <= this.bytes.length) return;
    const capacity = Math.max(this.length + more, 2 * this.bytes.length);
    budget.used += capacity - this.bytes.length;
    if (budget.used > MAX_TEXT_BYTES) throw refuse("database.row-size", { limit: MAX_TEXT_BYTES });
    const larger = new Uint8Array(capacity);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  },
});

const decimals = (name: string, budget: Budget): ColumnBuilder =>
  variable(name, "decimal", budget, ({ view }, at, length, text) => {
    if (appendNumeric(view, at, length, text)) return;
    if (!isSpecial(view, at, length)) throw wrongLength(name, "decimal");
    throw refuse("database.value", { column: name, type: "decimal", reason: "it is NaN or infinite" });
  });

const texts = (name: string, type: "utf8" | "binary", budget: Budget): ColumnBuilder =>
  variable(name, type, budget, ({ bytes }, at, length, text) => {
    text.reserve(length);
    const { bytes: into, length: to } = text;
    // Short values are copied faster by hand than by a call.
    if (length < 48) for (let i = 0; i < length; i++) into[to + i] = bytes[at + i] as number;
    else into.set(bytes.subarray(at, at + length), to);
    text.length = to + length;
  });

const variable = (
  name: string,
  type: BytesColumn["type"],
  budget: Budget,
  append: (rows: Rows, at: number, length: number, text: Text) => void,
): ColumnBuilder => {
  const validity = createValidity(MAX_BATCH_ROWS);
  const offsets = new Int32Array(MAX_BATCH_ROWS + 1);
  const text = createText(budget);
  let row = 0;
  return {
    append(rows, index) {
      const { count, width, places } = rows;
      for (let i = 0, place = 2 * index; i < count; i++, place += 2 * width, row++) {
        const length = places[place + 1] as number;
        if (length === -1) validity.setNull(row);
        else append(rows, places[place] as number, length, text);
        offsets[row + 1] = text.length;
      }
    },
    finish() {
      const bytes = text.bytes.subarray(0, text.length);
      const used = offsets.subarray(0, row + 1);
      if (type === "utf8") requireUtf8(name, used, bytes);
      return { name, type, validity: trimmed(validity.finish(), row), offsets: used, bytes };
    },
  };
};

/** A server whose encoding is SQL_ASCII hands out whatever was stored. */
const requireUtf8 = (name: string, offsets: Int32Array, bytes: Uint8Array): void => {
  const splits = offsets.some((offset) => ((bytes[offset] ?? 0) & 0xc0) === 0x80);
  if (splits || !isUtf8(bytes))
    throw refuse("database.value", { column: name, type: "utf8", reason: "it is not UTF-8" });
};

/** As long as `rows` need, bits behind the last row 0. */
const trimmed = (bits: Uint8Array | undefined, rows: number): Uint8Array | undefined => {
  const used = bits?.subarray(0, (rows + 7) >> 3);
  if (used && rows & 7) used[used.length - 1] = (used[used.length - 1] as number) & ((1 << (rows & 7)) - 1);
  return used;
};
