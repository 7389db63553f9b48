/**
 * Tables in columns, laid out as Apache Arrow lays them out: values of one column lie side by side in one buffer.
 * A batch holds at most 65,536 rows, so that whoever streams batches holds little at a time.
 */

/** Rows of a batch, at most. */
export const MAX_BATCH_ROWS = 65_536;

/**
 * - `bool`: one byte a value, 0 or 1
 * - `i32`, `i64`, `f64`: little-endian numbers
 * - `date`: i32, days since 1970-01-01; `timestamp`: i64, microseconds since 1970-01-01T00:00:00Z
 * - `utf8`: text; `decimal`: exact decimal number as text, `-?digits[.digits]`; `binary`: bytes.
 *   These three have `offsets` (rows + 1 of i32) into `bytes`
 */
export const columnTypes = ["bool", "i32", "i64", "f64", "decimal", "date", "timestamp", "utf8", "binary"] as const;
export type ColumnType = (typeof columnTypes)[number];

export interface Field {
  readonly name: string;
  readonly type: ColumnType;
}
export type Schema = readonly Field[];

interface Named {
  readonly name: string;
  /** One bit a row, least significant first; 1 = there is a value. Absent when every row has one. */
  readonly validity?: Uint8Array;
}
export interface BoolColumn extends Named {
  readonly type: "bool";
  readonly values: Uint8Array;
}
export interface Int32Column extends Named {
  readonly type: "i32" | "date";
  readonly values: Int32Array;
}
export interface Int64Column extends Named {
  readonly type: "i64" | "timestamp";
  readonly values: BigInt64Array;
}
export interface Float64Column extends Named {
  readonly type: "f64";
  readonly values: Float64Array;
}
export interface BytesColumn extends Named {
  readonly type: "utf8" | "decimal" | "binary";
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}
export type Column = BoolColumn | Int32Column | Int64Column | Float64Column | BytesColumn;

export interface Batch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** One value: bigint for i64 and timestamp, text for decimal, null where there is none. */
export type Value = null | boolean | number | bigint | string | Uint8Array;

/** Text of a decimal: no exponent, no leading zeros, no plus sign. */
export const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Bytes a fixed-width value takes; 0 for text and binary. */
export const widthOf = (type: ColumnType): number => {
  if (type === "bool") return 1;
  if (type === "i32" || type === "date") return 4;
  return type === "i64" || type === "timestamp" || type === "f64" ? 8 : 0;
};

export const hasOffsets = (column: Column): column is BytesColumn => "offsets" in column;

export const isNull = (column: Column, row: number): boolean =>
  column.validity !== undefined && (((column.validity[row >> 3] as number) >> (row & 7)) & 1) === 0;

export const valueAt = (column: Column, row: number): Value => {
  if (isNull(column, row)) return null;
  if (!hasOffsets(column)) {
    const value = column.values[row] as number | bigint;
    return column.type === "bool" ? value === 1 : value;
  }
  const bytes = column.bytes.subarray(column.offsets[row], column.offsets[row + 1]);
  return column.type === "binary" ? bytes : text.decode(bytes);
};
const text = new TextDecoder("utf-8", { ignoreBOM: true });

export const schemaOf = (batch: Batch): Field[] => batch.columns.map(({ name, type }) => ({ name, type }));

/** The rows as objects, for tests and small results. */
export const rowsOf = (batch: Batch): Record<string, Value>[] =>
  Array.from({ length: batch.rows }, (_, row) =>
    Object.fromEntries(batch.columns.map((column) => [column.name, valueAt(column, row)])),
  );
