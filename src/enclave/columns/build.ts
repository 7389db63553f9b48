/** Columns made of single values: for small tables, and for sources that have nothing better. */
import { utf8 } from "../../base/bytes.ts";
import { type Batch, type Column, type ColumnType, DECIMAL, type Schema, type Value } from "./batch.ts";
import { refuse } from "./errors.ts";

/** Collects which rows have a value; gives nothing when all have. */
export const createValidity = (rows: number) => {
  let bits: Uint8Array | undefined;
  return {
    setNull(row: number) {
      bits ??= new Uint8Array((rows + 7) >> 3).fill(255);
      bits[row >> 3] = (bits[row >> 3] as number) & ~(1 << (row & 7));
    },
    finish(): Uint8Array | undefined {
      if (bits && rows & 7) bits[bits.length - 1] = (bits[bits.length - 1] as number) & ((1 << (rows & 7)) - 1);
      return bits;
    },
  };
};

/** Grows to take bytes of unknown length: text and binary values one after the other. */
export const createBytes = (rows: number, capacity = rows * 16) => {
  let bytes = new Uint8Array(Math.max(64, capacity));
  let length = 0;
  const offsets = new Int32Array(rows + 1);
  return {
    /** Makes room and says where to write; `close` must follow. */
    room(more: number): { bytes: Uint8Array; at: number } {
      if (length + more > bytes.length) {
        const larger = new Uint8Array(Math.max(length + more, 2 * bytes.length));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      return { bytes, at: length };
    },
    /** Ends the value of `row`, which took `used` bytes. */
    close(row: number, used: number) {
      length += used;
      offsets[row + 1] = length;
    },
    finish: () => ({ offsets, bytes: bytes.subarray(0, length) }),
  };
};

/** @throws Refusal columns.value naming the row counted from 0 */
export const columnOf = (name: string, type: ColumnType, values: ArrayLike<Value | undefined>): Column => {
  const rows = values.length;
  const validity = createValidity(rows);
  const bad = (row: number) => {
    const value = typeof values[row] === "object" ? typeof values[row] : String(values[row]).slice(0, 64);
    return refuse("columns.value", { value, type, column: name, row });
  };
  const fill = <T>(into: { [row: number]: T }, convert: (value: Value) => T | undefined) => {
    for (let row = 0; row < rows; row++) {
      const value = values[row];
      if (value === null || value === undefined) {
        validity.setNull(row);
        continue;
      }
      const converted = convert(value);
      if (converted === undefined) throw bad(row);
      into[row] = converted;
    }
    return validity.finish();
  };
  switch (type) {
    case "bool": {
      const out = new Uint8Array(rows);
      return { name, type, values: out, validity: fill(out, toBool) };
    }
    case "i32":
    case "date": {
      const out = new Int32Array(rows);
      return { name, type, values: out, validity: fill(out, toInt32) };
    }
    case "i64":
    case "timestamp": {
      const out = new BigInt64Array(rows);
      return { name, type, values: out, validity: fill(out, toInt64) };
    }
    case "f64": {
      const out = new Float64Array(rows);
      return { name, type, values: out, validity: fill(out, (v) => (typeof v === "number" ? v : undefined)) };
    }
    default: {
      const out = createBytes(rows);
      for (let row = 0; row < rows; row++) {
        const value = values[row] ?? null;
        const bytes = value === null ? NOTHING : toBytes(type, value);
        if (!bytes) throw bad(row);
        if (value === null) validity.setNull(row);
        const { bytes: into, at } = out.room(bytes.length);
        into.set(bytes, at);
        out.close(row, bytes.length);
      }
      return { name, type, ...out.finish(), validity: validity.finish() };
    }
  }
};

const NOTHING = new Uint8Array(0);
const toBool = (value: Value) => (typeof value === "boolean" ? Number(value) : undefined);
const toInt32 = (value: Value) => (typeof value === "number" && (value | 0) === value ? value : undefined);
const toInt64 = (value: Value) => {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value ? value : undefined;
};
const toBytes = (type: ColumnType, value: Value): Uint8Array | undefined => {
  if (type === "binary") return value instanceof Uint8Array ? value : undefined;
  if (typeof value !== "string" || !value.isWellFormed()) return undefined;
  return type === "utf8" || DECIMAL.test(value) ? utf8(value) : undefined;
};

/** A batch from rows as objects. */
export const batchOf = (schema: Schema, rows: readonly Record<string, Value>[]): Batch => ({
  rows: rows.length,
  columns: schema.map(({ name, type }) =>
    columnOf(
      name,
      type,
      rows.map((row) => row[name]),
    ),
  ),
});
