/**
 * Memory that rows are decoded into, and batches made of it. The fixed-width values of all columns lie on one buffer,
 * column by column, so that the decoder writes through the same few arrays whatever the table is; text and bytes have
 * a buffer each.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { type Batch, type Column, type ColumnType, type Field, MAX_BATCH_ROWS, widthOf } from "../../columns/batch.ts";
import { refuse } from "../errors.ts";

/** Memory of a batch's fixed-width values; fewer rows where there are very many columns. */
const FIXED_BYTES = 16 << 20;
/** Text and binary values of a batch; a batch ends when it has as many, or one row more. */
export const BATCH_BYTES = 16 << 20;
/** Bytes that may be written behind a value's end, to be overwritten by the next. */
export const SLACK = 8;
const NONE = new Uint8Array(0);

export interface Layout {
  readonly fields: readonly Field[];
  /** Rows of a batch. */
  readonly rows: number;
  /** Where a column's values begin (of text and bytes: the offsets), counted in values of its width. */
  readonly at: Int32Array;
  readonly bytes: number;
}

/** Width of what is fixed: of text and bytes, the offsets. */
const fixedWidth = (type: ColumnType): number => widthOf(type) || 4;

export const layOut = (fields: readonly Field[]): Layout => {
  const width = fields.reduce((sum, { type }) => sum + fixedWidth(type), 0);
  const rows = Math.max(1, Math.min(MAX_BATCH_ROWS, Math.floor(FIXED_BYTES / Math.max(1, width))));
  const at = new Int32Array(fields.length);
  let bytes = 0;
  // The widest first, so that all are aligned.
  for (const wanted of [8, 4, 1])
    for (const [i, { type }] of fields.entries()) {
      if (fixedWidth(type) !== wanted) continue;
      at[i] = bytes / wanted;
      bytes += wanted * (widthOf(type) === 0 ? rows + 1 : rows);
    }
  return { fields, rows, at, bytes: 8 * Math.ceil(bytes / 8) };
};

/** What the rows of one batch are written into. */
export interface Store {
  /** Four views of the same memory. */
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  /** By column: text and bytes, the same memory for copying several bytes at once, and how many are used. */
  readonly texts: Uint8Array[];
  readonly views: DataView[];
  readonly used: Int32Array;
  readonly validity: (Uint8Array | undefined)[];
}

/** @param expected bytes of each column's text, as far as the batch before tells */
export const createStore = ({ fields, bytes }: Layout, expected?: readonly number[]): Store => {
  const memory = new ArrayBuffer(bytes);
  const texts = fields.map(({ type }, i) => (widthOf(type) === 0 ? new Uint8Array(expected?.[i] ?? 1 << 16) : NONE));
  return {
    u8: new Uint8Array(memory),
    i32: new Int32Array(memory),
    f64: new Float64Array(memory),
    i64: new BigInt64Array(memory),
    texts,
    views: texts.map(({ buffer }) => new DataView(buffer)),
    used: new Int32Array(fields.length),
    validity: fields.map(() => undefined),
  };
};

/** Makes room for `more` bytes of a column, and the slack, behind what is used. */
export const makeRoom = ({ texts, views, used }: Store, column: number, more: number): void => {
  const old = texts[column] as Uint8Array;
  const length = used[column] as number;
  const larger = new Uint8Array(Math.max(length + more + SLACK, 2 * old.length));
  larger.set(old.subarray(0, length));
  texts[column] = larger;
  views[column] = new DataView(larger.buffer);
};

export const setNull = ({ validity }: Store, column: number, row: number, capacity: number): void => {
  const bits = validity[column] ?? new Uint8Array((capacity + 7) >> 3).fill(255);
  validity[column] = bits;
  bits[row >> 3] = (bits[row >> 3] as number) & ~(1 << (row & 7));
};

/**
 * The batch of the first `rows` rows; the store is the batch's memory afterwards.
 * @throws Refusal database.value where a text is not UTF-8
 */
export const batchFrom = (layout: Layout, store: Store, rows: number): Batch => ({
  rows,
  columns: layout.fields.map((_, i) => columnFrom(layout, store, i, rows)),
});

/** Memory for the next batch, by the measure of this one. */
export const nextStore = (layout: Layout, { used }: Store, rows: number): Store =>
  createStore(
    layout,
    Array.from(used, (bytes) => Math.min(BATCH_BYTES, Math.ceil((bytes / rows) * layout.rows * 1.05) + 256)),
  );

const columnFrom = (layout: Layout, store: Store, i: number, rows: number): Column => {
  const { name, type } = layout.fields[i] as Field;
  const from = layout.at[i] as number;
  // A short batch does not keep the memory of a full one.
  const part = <T extends Uint8Array | Int32Array | Float64Array | BigInt64Array>(all: T, count: number): T =>
    (rows === layout.rows ? all.subarray(from, from + count) : all.slice(from, from + count)) as T;
  const validity = store.validity[i];
  const named = { name, ...(validity && { validity: lastBits(validity, rows) }) };
  switch (type) {
    case "bool":
      return { ...named, type, values: part(store.u8, rows) };
    case "i32":
    case "date":
      return { ...named, type, values: part(store.i32, rows) };
    case "i64":
    case "timestamp":
      return { ...named, type, values: part(store.i64, rows) };
    case "f64":
      return { ...named, type, values: part(store.f64, rows) };
    default: {
      const offsets = part(store.i32, rows + 1);
      const bytes = (store.texts[i] as Uint8Array).subarray(0, store.used[i]);
      if (type === "utf8") requireText(name, offsets, bytes);
      return { ...named, type, offsets, bytes };
    }
  }
};

/** Bits behind the last row are 0. */
const lastBits = (bits: Uint8Array, rows: number): Uint8Array => {
  const bytes = bits.slice(0, (rows + 7) >> 3);
  if (rows & 7) bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) & ((1 << (rows & 7)) - 1);
  return bytes;
};

/** Every value is UTF-8: all of them together are, and none begins within a character. */
const requireText = (column: string, offsets: Int32Array, bytes: Uint8Array): void => {
  if (isAscii(bytes)) return;
  let whole = isUtf8(bytes);
  for (let i = 1; whole && i < offsets.length - 1; i++) whole = ((bytes[offsets[i] as number] ?? 0) & 0xc0) !== 0x80;
  if (!whole) throw refuse("database.value", { column, type: "utf8", reason: "it is not UTF-8" });
};
