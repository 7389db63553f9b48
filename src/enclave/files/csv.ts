/** CSV (RFC 4180) in UTF-8 with a header: described over the whole file, decoded to what was declared. */
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import {
  type Batch,
  type BytesColumn,
  type Column,
  type ColumnType,
  DECIMAL,
  type Field,
  type Schema,
} from "../columns/batch.ts";
import { createBytes, createValidity } from "../columns/build.ts";
import { type Records, scan } from "./csv-scan.ts";
import {
  ANY,
  narrowest,
  parseBool,
  parseDate,
  parseF64,
  parseI32,
  parseI64,
  parseTimestamp,
  typesOf,
  unquote,
} from "./csv-values.ts";
import { refuse } from "./errors.ts";
import { type FileBytes, type FileFormat, requireColumns, selectFields } from "./format.ts";

const QUOTE = 0x22;

/** Bytes of a field without quotes. */
const fieldOf = (bytes: Uint8Array, from: number, to: number): Uint8Array => {
  if (bytes[from] !== QUOTE || to === from) return bytes.subarray(from, to);
  const out = new Uint8Array(to - from);
  return out.subarray(0, unquote(bytes, from, to, out, 0));
};

const headerOf = ({ bytes, width, places }: Records): string[] => {
  const names: string[] = [];
  for (let i = 0; i < width; i++) {
    const name = fromUtf8(fieldOf(bytes, places[2 * i] as number, places[2 * i + 1] as number));
    if (name.trim() === "") throw refuse("source.csv.header", { reason: `column ${i + 1} has no name` });
    if (name.length > 128)
      throw refuse("source.csv.header", { reason: `the name of column ${i + 1} is longer than 128` });
    names.push(name);
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw refuse("source.csv.header", { reason: `the name ${twice} is there twice` });
  return names;
};

const describe = async (input: FileBytes): Promise<{ columns: Field[]; rows: number }> => {
  let names: string[] | undefined;
  let types = new Uint8Array(0);
  let rows = 0;
  for await (const records of scan(input)) {
    if (!names) {
      names = headerOf(records);
      types = new Uint8Array(names.length).fill(ANY);
      continue;
    }
    rows += records.rows;
    for (const i of names.keys()) types[i] = narrow(records, i, types[i] as number);
  }
  return { columns: (names ?? []).map((name, i) => ({ name, type: narrowest(types[i] as number) })), rows };
};

/** The types that still hold every field of the column. */
const narrow = ({ bytes, rows, width, places }: Records, column: number, types: number): number => {
  let left = types;
  for (let row = 0, at = 2 * column; row < rows && left !== TEXT; row++, at += 2 * width) {
    const [from, to] = [places[at] as number, places[at + 1] as number];
    if (from < to) left &= bytes[from] === QUOTE ? typesOfQuoted(bytes, from, to) : typesOf(bytes, from, to);
  }
  return left;
};
const TEXT = typesOf(utf8("x"), 0, 1);
const typesOfQuoted = (bytes: Uint8Array, from: number, to: number): number => {
  const field = fieldOf(bytes, from, to);
  return field.length === 0 ? TEXT : typesOf(field, 0, field.length);
};

async function* read(input: FileBytes, schema: Schema, columns: readonly string[]): AsyncGenerator<Batch> {
  const fields = selectFields(schema, columns);
  const indexes = columns.map((name) => schema.findIndex((field) => field.name === name));
  let begun = false;
  for await (const records of scan(input)) {
    if (begun)
      yield { rows: records.rows, columns: fields.map((field, i) => decode(records, field, indexes[i] as number)) };
    else requireColumns(headerOf(records), schema);
    begun = true;
  }
}

type Parse<T> = (bytes: Uint8Array, from: number, to: number) => T | undefined;

const decode = (records: Records, { name, type }: Field, index: number): Column => {
  const { rows } = records;
  switch (type) {
    case "bool":
      return { name, type, ...fill(records, index, name, type, new Uint8Array(rows), parseBool) };
    case "i32":
      return { name, type, ...fill(records, index, name, type, new Int32Array(rows), parseI32) };
    case "date":
      return { name, type, ...fill(records, index, name, type, new Int32Array(rows), parseDate) };
    case "i64":
      return { name, type, ...fill(records, index, name, type, new BigInt64Array(rows), parseI64) };
    case "timestamp":
      return { name, type, ...fill(records, index, name, type, new BigInt64Array(rows), parseTimestamp) };
    case "f64":
      return { name, type, ...fill(records, index, name, type, new Float64Array(rows), parseF64) };
    default:
      return { name, ...copy(records, index, name, type) };
  }
};

/** Fixed-width values of one column. */
const fill = <T, A extends { [row: number]: T }>(
  records: Records,
  index: number,
  name: string,
  type: ColumnType,
  values: A,
  parse: Parse<T>,
): { values: A; validity?: Uint8Array } => {
  const { bytes, rows, width, places } = records;
  const validity = createValidity(rows);
  for (let row = 0, at = 2 * index; row < rows; row++, at += 2 * width) {
    const [from, to] = [places[at] as number, places[at + 1] as number];
    if (from === to) {
      validity.setNull(row);
      continue;
    }
    let value: T | undefined;
    if (bytes[from] === QUOTE) {
      const field = fieldOf(bytes, from, to);
      value = parse(field, 0, field.length);
    } else value = parse(bytes, from, to);
    if (value === undefined) throw badValue(records, row, index, name, type);
    (values as { [row: number]: T })[row] = value;
  }
  return { values, validity: validity.finish() };
};

/** Text, decimals and bytes (base64) of one column. */
const copy = (records: Records, index: number, name: string, type: BytesColumn["type"]) => {
  const { bytes, rows, width, places } = records;
  const validity = createValidity(rows);
  const out = createBytes(rows);
  for (let row = 0, at = 2 * index; row < rows; row++, at += 2 * width) {
    const [from, to] = [places[at] as number, places[at + 1] as number];
    if (from === to) validity.setNull(row);
    const { bytes: into, at: start } = out.room(to - from);
    let length = bytes[from] === QUOTE && to > from ? unquote(bytes, from, to, into, start) : to - from;
    // Short values are copied faster by hand than by a call.
    if (bytes[from] !== QUOTE) for (let i = 0; i < length; i++) into[start + i] = bytes[from + i] as number;
    if (type !== "utf8" && to > from) {
      const checked = check(type, into, start, length);
      if (checked === undefined) throw badValue(records, row, index, name, type);
      length = checked;
    }
    out.close(row, length);
  }
  return { type, ...out.finish(), validity: validity.finish() };
};

/** Length of the value that stands there as text: itself for a decimal, decoded in place for bytes. */
const check = (type: ColumnType, bytes: Uint8Array, at: number, length: number): number | undefined => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
  if (type === "decimal") return DECIMAL.test(text) ? length : undefined;
  const decoded = Buffer.from(text, "base64");
  if (decoded.toString("base64") !== text) return undefined;
  bytes.set(decoded, at);
  return decoded.length;
};

const badValue = (
  { bytes, lines, places, width }: Records,
  row: number,
  index: number,
  column: string,
  type: ColumnType,
) => {
  const at = 2 * (row * width + index);
  const value = JSON.stringify(new TextDecoder().decode(bytes.subarray(places[at], places[at + 1])).slice(0, 40));
  return refuse("source.csv.value", { line: lines[row] as number, column, value, type });
};

export const csv: FileFormat = { id: "csv", label: { en: "CSV file", "zh-CN": "CSV 文件" }, describe, read };
