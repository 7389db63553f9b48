/**
 * Rows out of DuckDB as columns, carried into the sandbox as text. Nothing is rounded, cut or guessed: a column whose
 * type does not hold every value of the selected one is refused, and so is a value that does not fit.
 */
import type { ColumnType, Field } from "../../columns/batch.ts";
import type { ModelKit } from "../model-kit.ts";
import type { DuckDB, LogicalType, Prepared, Vector } from "./duckdb.ts";

export function createDrain(duckdb: DuckDB, { WIDTHS }: ModelKit, failure: (code: string, message: string) => Error) {
  const MICROSECONDS = "TIMESTAMP";
  /** DUCKDB_TYPE_* of duckdb.h: name, bytes in a vector. */
  const KNOWN: Record<number, readonly [name: string, width: number]> = {
    1: ["BOOLEAN", 1],
    2: ["TINYINT", 1],
    3: ["SMALLINT", 2],
    4: ["INTEGER", 4],
    5: ["BIGINT", 8],
    6: ["UTINYINT", 1],
    7: ["USMALLINT", 2],
    8: ["UINTEGER", 4],
    9: ["UBIGINT", 8],
    10: ["FLOAT", 4],
    11: ["DOUBLE", 8],
    12: [MICROSECONDS, 8],
    13: ["DATE", 4],
    16: ["HUGEINT", 16],
    17: ["VARCHAR", 16],
    18: ["BLOB", 16],
    19: ["DECIMAL", 16],
    31: ["TIMESTAMP WITH TIME ZONE", 8],
  };
  const NARROW = ["TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "INTEGER"];
  const WHOLE = [...NARROW, "UINTEGER", "BIGINT", "UBIGINT", "HUGEINT"];
  /** What may be selected for a declared column; the first is taken as it lies there. */
  const TAKEN: Record<ColumnType, readonly string[]> = {
    bool: ["BOOLEAN"],
    i32: ["INTEGER", ...NARROW],
    i64: ["BIGINT", ...WHOLE],
    f64: ["DOUBLE", "FLOAT", ...NARROW, "UINTEGER"],
    decimal: ["DECIMAL", ...WHOLE],
    date: ["DATE"],
    timestamp: [MICROSECONDS, "TIMESTAMP WITH TIME ZONE"],
    utf8: ["VARCHAR"],
    binary: ["BLOB"],
  };

  type Read = (view: DataView, row: number) => bigint | number;
  const reader = (name: string): Read => {
    if (name === "TINYINT") return (view, row) => view.getInt8(row);
    if (name === "UTINYINT") return (view, row) => view.getUint8(row);
    if (name === "SMALLINT") return (view, row) => view.getInt16(2 * row, true);
    if (name === "USMALLINT") return (view, row) => view.getUint16(2 * row, true);
    if (name === "INTEGER") return (view, row) => view.getInt32(4 * row, true);
    if (name === "UINTEGER") return (view, row) => view.getUint32(4 * row, true);
    if (name === "FLOAT") return (view, row) => view.getFloat32(4 * row, true);
    if (name === "UBIGINT") return (view, row) => view.getBigUint64(8 * row, true);
    if (name === "BIGINT") return (view, row) => view.getBigInt64(8 * row, true);
    return readHuge;
  };
  /** 128 bits; most numbers need no bigint. */
  const readHuge: Read = (view, row) => {
    const at = 16 * row;
    const [low, middle, high] = [view.getUint32(at, true), view.getInt32(at + 4, true), view.getInt32(at + 8, true)];
    const sign = view.getInt32(at + 12, true);
    const small = high === sign && (sign === 0 || sign === -1) && middle >> 21 === sign;
    if (small) return middle * 2 ** 32 + low;
    return (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
  };
  /** The exact text of a whole number divided by 10 ** scale. */
  const decimalText = (value: bigint | number, scale: number): string => {
    const digits = String(value)
      .replace("-", "")
      .padStart(scale + 1, "0");
    const point = digits.length - scale;
    return `${value < 0 ? "-" : ""}${digits.slice(0, point)}${scale ? "." : ""}${digits.slice(point)}`;
  };

  const grown = (bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> => {
    if (needed <= bytes.length) return bytes;
    const larger = new Uint8Array(Math.max(needed, 2 * bytes.length, 4_096));
    larger.set(bytes);
    return larger;
  };
  const NOTHING = new Uint8Array(0);

  /** Collects a column of the result; `take` adds a vector's rows, `finish` gives the buffers and begins anew. */
  const columnOf = ({ name, type }: Field, selected: LogicalType) => {
    const id = duckdb.get_type_id(selected);
    const [found, stored] = KNOWN[id] ?? [`of DuckDB's number ${id}`, 0];
    if (!TAKEN[type].includes(found))
      throw failure(
        "result-schema",
        `the column ${name} is ${found} in SQL, which does not fit into ${type}: CAST it to ${TAKEN[type][0]}`,
      );
    const scale = found === "DECIMAL" ? duckdb.decimal_scale(selected) : 0;
    const [inner, bytes] =
      found === "DECIMAL" ? (KNOWN[duckdb.decimal_internal_type(selected)] as [string, number]) : [found, stored];
    const read = reader(inner);
    const width = WIDTHS[type];
    let rows = 0;
    let nulls = 0;
    let bits = new Uint8Array(0);
    let values = new Uint8Array(0);
    let used = 0;
    let offsets = new Uint8Array(4);

    const room = (length: number) => {
      if (used + length >= 2 ** 31) throw failure("memory", "a batch of text passes 2 GiB");
      values = grown(values, used + length);
      used += length;
      return used - length;
    };
    const put = (piece: Uint8Array) => {
      const at = room(piece.length);
      values.set(piece, at);
    };
    const putDigits = (text: string) => {
      const at = room(text.length);
      for (let i = 0; i < text.length; i++) values[at + i] = text.charCodeAt(i);
    };
    const textAt = (view: DataView, row: number): Uint8Array => {
      const length = view.getUint32(16 * row, true);
      const at = view.byteOffset + 16 * row;
      return length <= 12
        ? new Uint8Array(view.buffer, at + 4, length)
        : duckdb.get_data_from_pointer(view.buffer as ArrayBuffer, at + 8, length);
    };
    const misfit = (value: unknown) => failure("result-schema", `a value of ${name}, ${value}, is no ${type}`);
    const wide = (value: bigint | number) => {
      const whole = BigInt(value);
      if (BigInt.asIntN(64, whole) !== whole) throw misfit(whole);
      return whole;
    };
    const takeFixed = (
      data: Uint8Array,
      count: number,
      size: number,
      isNull: (row: number) => boolean,
      nullable: boolean,
    ) => {
      values = grown(values, size * (rows + count));
      const into = new DataView(values.buffer, size * rows);
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      if (found === TAKEN[type][0] || type === "timestamp") values.set(data, size * rows);
      else
        for (let row = 0; row < count; row++) {
          if (isNull(row)) continue;
          const value = read(view, row);
          if (type === "f64") into.setFloat64(8 * row, Number(value), true);
          else if (type === "i64") into.setBigInt64(8 * row, wide(value), true);
          else into.setInt32(4 * row, Number(value), true);
        }
      // DuckDB has days and moments before and after all others.
      if (type === "date" || type === "timestamp")
        for (let row = 0; row < count; row++) {
          const value = type === "date" ? into.getInt32(4 * row, true) : into.getBigInt64(8 * row, true);
          const last = type === "date" ? 2 ** 31 - 1 : 2n ** 63n - 1n;
          if (!isNull(row) && (value === last || value === -last)) throw misfit("infinity");
        }
      for (let row = 0; nullable && row < count; row++)
        if (isNull(row)) values.fill(0, size * (rows + row), size * (rows + row + 1));
    };
    const takeTexts = (data: Uint8Array, count: number, isNull: (row: number) => boolean) => {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      offsets = grown(offsets, 4 * (rows + count + 1));
      const ends = new Int32Array(offsets.buffer);
      for (let row = 0; row < count; row++) {
        if (!isNull(row)) {
          if (type === "decimal") putDigits(decimalText(read(view, row), scale));
          else put(textAt(view, row));
        }
        ends[rows + row + 1] = used;
      }
    };
    return {
      take(vector: Vector, count: number) {
        const validity = duckdb.vector_get_validity(vector, 8 * Math.ceil(count / 64));
        const isNull = (row: number) => validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0;
        const data = duckdb.vector_get_data(vector, bytes * count);
        if (width) takeFixed(data, count, width, isNull, validity !== null);
        else takeTexts(data, count, isNull);
        bits = grown(bits, (rows + count + 7) >> 3);
        for (let row = 0; row < count; row++) {
          const at = rows + row;
          if (isNull(row)) nulls++;
          else bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
        }
        rows += count;
      },
      /** Bytes of text, decimals and binary that are collected. */
      held: () => used,
      finish() {
        const validity = nulls ? bits.slice(0, (rows + 7) >> 3) : NOTHING;
        const ends = width ? NOTHING : offsets.slice(0, 4 * (rows + 1));
        const content = values.slice(0, width ? width * rows : used);
        [rows, nulls, used] = [0, 0, 0];
        bits.fill(0);
        const header = { name, type, validity: validity.length, offsets: ends.length, values: content.length };
        return { header, buffers: [validity, ends, content] };
      },
    };
  };
  return {
    /** The selected column for each that is declared, by name, in the order of the declaration. */
    columnsOf(prepared: Prepared, declared: Readonly<Record<string, ColumnType>>) {
      const count = duckdb.prepared_statement_column_count(prepared);
      const names = Array.from({ length: count }, (_, i) => duckdb.prepared_statement_column_name(prepared, i));
      if (new Set(names).size < count || count > Object.keys(declared).length)
        throw failure(
          "result-schema",
          `the columns selected are ${names.join(", ")}, not ${Object.keys(declared).join(", ")}`,
        );
      return Object.entries(declared).map(([name, type]) => {
        const index = names.indexOf(name);
        if (index < 0) throw failure("result-schema", `the column ${name} is not selected`);
        const selected = duckdb.prepared_statement_column_logical_type(prepared, index);
        return { index, writer: columnOf({ name, type }, selected) };
      });
    },
  };
}
