/** Batches as headers and buffers of frames. The decoder takes bytes from anyone: every length and value is checked. */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import {
  type Batch,
  type BytesColumn,
  type Column,
  columnTypes,
  DECIMAL,
  hasOffsets,
  isNull,
  MAX_BATCH_ROWS,
  widthOf,
} from "./batch.ts";
import { refuse } from "./errors.ts";
import { padded } from "./frames.ts";

/** Columns of a batch, at most. */
export const MAX_COLUMNS = 4_096;

/**
 * Where a column's buffers are in the body, in order, by their lengths in bytes before padding: validity (0 if every
 * row has a value), offsets (0 for fixed-width types), values.
 */
export const ColumnHeader = z.strictObject({
  name: z.string().min(1).max(128),
  type: z.enum(columnTypes),
  validity: z.int().min(0),
  offsets: z.int().min(0),
  values: z.int().min(0),
});
export const BatchHeader = z.strictObject({
  rows: z.int().min(0).max(MAX_BATCH_ROWS),
  columns: z.array(ColumnHeader).max(MAX_COLUMNS),
});
export type BatchHeader = z.output<typeof BatchHeader>;
type ColumnHeader = z.output<typeof ColumnHeader>;

const bytesOf = (view: Uint8Array | Int32Array | BigInt64Array | Float64Array): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const NOTHING = new Uint8Array(0);

/** Header and buffers of a batch, for `encodeFrame`. */
export const encodeBatch = (batch: Batch): { header: BatchHeader; buffers: Uint8Array[] } => {
  const buffers: Uint8Array[] = [];
  const columns = batch.columns.map((column) => {
    const validity = column.validity ?? NOTHING;
    const offsets = hasOffsets(column) ? bytesOf(column.offsets) : NOTHING;
    const values = hasOffsets(column) ? column.bytes : bytesOf(column.values);
    buffers.push(validity, offsets, values);
    const { name, type } = column;
    return { name, type, validity: validity.length, offsets: offsets.length, values: values.length };
  });
  return { header: { rows: batch.rows, columns }, buffers };
};

const malformed = (reason: string) => refuse("columns.malformed", { reason });

/**
 * The batch on these bytes, without copying them.
 * @param header JSON value from the frame
 * @param body 8-byte aligned
 * @throws Refusal columns.malformed
 */
export const decodeBatch = (header: unknown, body: Uint8Array): Batch => {
  const parsed = BatchHeader.safeParse(header);
  if (!parsed.success) throw malformed(`header: ${parsed.error.issues[0]?.message ?? "wrong shape"}`);
  const { rows, columns } = parsed.data;
  if (new Set(columns.map(({ name }) => name)).size < columns.length) throw malformed("two columns have one name");
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + padded(length) > body.length) throw malformed("a buffer lies beyond the body");
    const piece = body.subarray(at, at + length);
    at += padded(length);
    return piece;
  };
  const decoded = columns.map((column) => decodeColumn(column, rows, take));
  if (at !== body.length) throw malformed("the body is longer than its buffers");
  return { rows, columns: decoded };
};

const decodeColumn = (header: ColumnHeader, rows: number, take: (length: number) => Uint8Array): Column => {
  const { name, type } = header;
  const bitmap = take(header.validity);
  if (bitmap.length !== 0 && bitmap.length !== (rows + 7) >> 3)
    throw malformed(`validity of ${name} has a wrong length`);
  const named = { name, validity: bitmap.length ? bitmap : undefined };
  const offsetBytes = take(header.offsets);
  const width = widthOf(type);
  if (header.offsets !== (width ? 0 : 4 * (rows + 1))) throw malformed(`offsets of ${name} have a wrong length`);
  const bytes = take(header.values);
  if (width && bytes.length !== width * rows) throw malformed(`values of ${name} have a wrong length`);
  const { buffer, byteOffset } = bytes;
  switch (type) {
    case "bool":
      if (bytes.some((value) => value > 1)) throw malformed(`values of ${name} are not 0 or 1`);
      return { ...named, type, values: bytes };
    case "i32":
    case "date":
      return { ...named, type, values: new Int32Array(buffer, byteOffset, rows) };
    case "i64":
    case "timestamp":
      return { ...named, type, values: new BigInt64Array(buffer, byteOffset, rows) };
    case "f64":
      return { ...named, type, values: new Float64Array(buffer, byteOffset, rows) };
    default: {
      const offsets = new Int32Array(offsetBytes.buffer, offsetBytes.byteOffset, rows + 1);
      const column = { ...named, type, offsets, bytes };
      checkText(column);
      return column;
    }
  }
};

/** Offsets rise from 0 to the end; text is UTF-8 and no value begins inside a character. */
const checkText = (column: BytesColumn): void => {
  const { name, type, offsets, bytes } = column;
  let last = 0;
  for (const [row, offset] of offsets.entries()) {
    if (offset < last || (row === 0 && offset !== 0) || offset > bytes.length)
      throw malformed(`offsets of ${name} do not rise`);
    if (type !== "binary" && ((bytes[offset] ?? 0) & 0xc0) === 0x80)
      throw malformed(`a value of ${name} splits a character`);
    last = offset;
  }
  if (last !== bytes.length) throw malformed(`offsets of ${name} do not end where its bytes end`);
  if (type !== "binary" && !isUtf8(bytes)) throw malformed(`${name} is not UTF-8`);
  if (type !== "decimal") return;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let row = 0; row + 1 < offsets.length; row++)
    if (!isNull(column, row) && !DECIMAL.test(text.toString("latin1", offsets[row], offsets[row + 1])))
      throw malformed(`a value of ${name} is not a decimal`);
};
