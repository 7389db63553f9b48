/**
 * The model interface, as it is inside every sandbox. `modelKit` is carried there as text, so it uses nothing but its
 * arguments and the language.
 */
import type { ColumnType, Field } from "../columns/batch.ts";
import type { BatchHeader } from "../columns/codec.ts";
import type { Manifest } from "./manifest.ts";

/** Conversions that not every engine has. */
interface Text {
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
}
type Values = Uint8Array | Int32Array | BigInt64Array | Float64Array;

/** A column as a model sees it. */
export interface ModelColumn {
  readonly name: string;
  readonly type: string;
  /** A typed array, 0 where there is no value; for text, decimal and binary an array with nulls, decoded when asked for. */
  readonly values: ArrayLike<unknown>;
  isNull(row: number): boolean;
  get(row: number): unknown;
}
export interface ModelBatch {
  readonly rows: number;
  column(name: string): ModelColumn;
}
export interface ModelTable extends AsyncIterable<ModelBatch> {
  readonly columns: readonly Field[];
  /** All that is left of the table, as one batch. */
  read(): Promise<ModelBatch>;
}

export function modelKit(text: Text) {
  const MAX_ROWS = 65_536;
  /** Bytes of a value, for the types whose values all take as many. */
  const WIDTHS: Partial<Record<ColumnType, number>> = { bool: 1, i32: 4, date: 4, i64: 8, timestamp: 8, f64: 8 };
  const padded = (length: number) => Math.ceil(length / 8) * 8;

  /** A failure that has its own code. */
  class Failure extends Error {
    code: string;
    constructor(code: string, message: string) {
      super(message);
      this.code = code;
    }
  }

  interface Raw {
    name: string;
    type: string;
    bits?: Uint8Array;
    offsets?: Int32Array;
    values: Values;
  }

  const typed = (type: string, bytes: Uint8Array, rows: number): Values => {
    const { buffer, byteOffset } = bytes;
    if (type === "i32" || type === "date") return new Int32Array(buffer, byteOffset, rows);
    if (type === "i64" || type === "timestamp") return new BigInt64Array(buffer, byteOffset, rows);
    return type === "f64" ? new Float64Array(buffer, byteOffset, rows) : bytes;
  };

  /** The buffers of a batch, column by column. */
  const buffersIn = <B extends ArrayBufferLike>({ columns }: BatchHeader, body: Uint8Array<B>) => {
    let at = 0;
    const take = (length: number) => {
      const piece = body.subarray(at, at + length);
      at += padded(length);
      return piece;
    };
    return columns.map(({ name, type, validity, offsets, values }) => {
      const bits = take(validity);
      const ends = take(offsets);
      return {
        name,
        type,
        validity: validity ? bits : undefined,
        offsets: new Int32Array(ends.buffer, ends.byteOffset, offsets / 4),
        values: take(values),
      };
    });
  };
  const rawColumns = (header: BatchHeader, body: Uint8Array): Raw[] =>
    buffersIn(header, body).map(({ name, type, validity, offsets, values }) => ({
      name,
      type,
      bits: validity,
      offsets: offsets.length > 0 ? offsets : undefined,
      values: typed(type, values, header.rows),
    }));

  const isNullIn = (bits: Uint8Array | undefined, row: number) =>
    bits !== undefined && (((bits[row >> 3] as number) >> (row & 7)) & 1) === 0;

  const columnOf = ({ name, type, bits, offsets, values }: Raw, rows: number): ModelColumn => {
    const isNull = (row: number) => isNullIn(bits, row);
    /** Decoded at once, where a character is a byte: then texts lie where their bytes do. Empty where one is not. */
    let ascii: string | undefined;
    const textAt = (bytes: Uint8Array, ends: Int32Array, row: number): string => {
      const [first = 0, from = 0, to = 0] = [ends[0], ends[row], ends[row + 1]];
      // V8 copies what is shorter; a longer part would hold the whole for as long as a model holds it.
      if (to - from > 12) return text.decode(bytes.subarray(from, to));
      if (ascii === undefined) {
        const all = bytes.subarray(first, ends[rows]);
        const whole = text.decode(all);
        ascii = whole.length === all.length ? whole : "";
      }
      return ascii === "" ? text.decode(bytes.subarray(from, to)) : ascii.slice(from - first, to - first);
    };
    const at = (row: number): unknown => {
      if (row < 0 || row >= rows || isNull(row)) return null;
      if (!offsets) return type === "bool" ? values[row] === 1 : values[row];
      const bytes = values as Uint8Array;
      return type === "binary" ? bytes.subarray(offsets[row], offsets[row + 1]) : textAt(bytes, offsets, row);
    };
    let decoded: unknown[] | undefined;
    return {
      name,
      type,
      isNull,
      get: (row) => (decoded ? (decoded[row] ?? null) : at(row)),
      get values() {
        if (!offsets) return values;
        decoded ??= Array.from({ length: rows }, (_, row) => at(row));
        return decoded;
      },
    };
  };

  const batchOf = (columns: Raw[], rows: number): ModelBatch => {
    const byName = new Map(columns.map((raw) => [raw.name, columnOf(raw, rows)]));
    return {
      rows,
      column(name) {
        const column = byName.get(name);
        if (!column) throw new Error(`the table has no column ${name}; it has ${[...byName.keys()].join(", ")}`);
        return column;
      },
    };
  };

  const joinBits = (parts: { raw: Raw; rows: number }[], rows: number): Uint8Array | undefined => {
    if (parts.every(({ raw }) => raw.bits === undefined)) return undefined;
    const bits = new Uint8Array((rows + 7) >> 3);
    let at = 0;
    for (const part of parts)
      for (let row = 0; row < part.rows; row++, at++)
        if (!isNullIn(part.raw.bits, row)) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
    return bits;
  };

  const join = (field: Field, parts: { raw: Raw; rows: number }[], rows: number): Raw => {
    const length = parts.reduce((sum, { raw }) => sum + raw.values.length, 0);
    const width = WIDTHS[field.type];
    const values = typed(field.type, new Uint8Array(length * (width ?? 1)), length);
    const offsets = width ? undefined : new Int32Array(rows + 1);
    let [row, at] = [0, 0];
    for (const { raw, rows: count } of parts) {
      (values as Uint8Array).set(raw.values as Uint8Array, at);
      if (offsets)
        for (let i = 0; i < count; i++) offsets[row + i + 1] = at + ((raw.offsets as Int32Array)[i + 1] as number);
      row += count;
      at += raw.values.length;
    }
    return { name: field.name, type: field.type, bits: joinBits(parts, rows), offsets, values };
  };

  type Next = () => Promise<{ header: BatchHeader; body: Uint8Array } | undefined>;

  /** A table that is read once, from front to end, whichever way. */
  const tableOf = (columns: readonly Field[], next: Next): ModelTable => ({
    columns,
    async *[Symbol.asyncIterator]() {
      for (let frame = await next(); frame; frame = await next())
        yield batchOf(rawColumns(frame.header, frame.body), frame.header.rows);
    },
    async read() {
      const parts: { raws: Raw[]; rows: number }[] = [];
      for (let frame = await next(); frame; frame = await next())
        parts.push({ raws: rawColumns(frame.header, frame.body), rows: frame.header.rows });
      const rows = parts.reduce((sum, part) => sum + part.rows, 0);
      const pick = (i: number) => parts.map((part) => ({ raw: part.raws[i] as Raw, rows: part.rows }));
      return batchOf(
        columns.map((field, i) => join(field, pick(i), rows)),
        rows,
      );
    },
  });

  const DAY = 86_400_000;
  const isoDay = (value: string) => (/^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(value) / DAY : undefined);
  const whole = (value: unknown, low: number, high: number) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high ? (value as number) : undefined;
  const int32 = (value: unknown) => whole(value, -(2 ** 31), 2 ** 31 - 1);
  const int64 = (value: unknown) => {
    if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? value : undefined;
    return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
  };
  /** What a returned value is in a column of this type; undefined when it does not fit. */
  const convert: Record<string, (value: unknown) => number | bigint | Uint8Array | undefined> = {
    bool: (value) => (typeof value === "boolean" ? Number(value) : undefined),
    i32: int32,
    i64: int64,
    f64: (value) => (typeof value === "number" ? value : undefined),
    date(value) {
      if (value instanceof Date) return int32(Math.floor(value.getTime() / DAY));
      return int32(typeof value === "string" ? isoDay(value) : value);
    },
    timestamp: (value) => (value instanceof Date ? int64(value.getTime() * 1_000) : int64(value)),
    utf8: (value) => (typeof value === "string" ? text.encode(value) : undefined),
    decimal(value) {
      const written = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
      return typeof written === "string" && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(written) ? text.encode(written) : undefined;
    },
    binary: (value) => (value instanceof Uint8Array ? value : undefined),
  };

  const describeValue = (value: unknown) =>
    (typeof value === "string" ? JSON.stringify(value) : typeof value === "object" ? "an object" : String(value)).slice(
      0,
      60,
    );

  /** One column of a result: its place in the header, and its buffers. */
  const encodeColumn = ({ name, type }: Field, at: (row: number) => unknown, from: number, rows: number) => {
    const bits = new Uint8Array((rows + 7) >> 3);
    let nulls = 0;
    const cells: (number | bigint | Uint8Array)[] = [];
    const empty =
      type === "i64" || type === "timestamp"
        ? 0n
        : type === "utf8" || type === "decimal" || type === "binary"
          ? new Uint8Array(0)
          : 0;
    for (let row = 0; row < rows; row++) {
      const value = at(from + row);
      const cell =
        value === null || value === undefined
          ? undefined
          : (convert[type] as (value: unknown) => typeof empty | undefined)(value);
      if (value !== null && value !== undefined && cell === undefined)
        throw new Failure("result-schema", `${name} in row ${from + row} is ${describeValue(value)}, not ${type}`);
      if (cell === undefined) nulls++;
      else bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7));
      cells.push(cell ?? empty);
    }
    const validity = nulls ? bits : new Uint8Array(0);
    const [offsets, values] = buffersOf(type, cells);
    const header = { name, type, validity: validity.length, offsets: offsets.length, values: values.length };
    return { header, buffers: [validity, offsets, values] };
  };

  const buffersOf = (type: string, cells: (number | bigint | Uint8Array)[]): [Uint8Array, Uint8Array] => {
    const bytesOf = ({ buffer, byteOffset, byteLength }: Values) =>
      new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const none = new Uint8Array(0);
    if (type === "bool") return [none, Uint8Array.from(cells as number[])];
    if (type === "i32" || type === "date") return [none, bytesOf(Int32Array.from(cells as number[]))];
    if (type === "f64") return [none, bytesOf(Float64Array.from(cells as number[]))];
    if (type === "i64" || type === "timestamp") return [none, bytesOf(BigInt64Array.from(cells as bigint[]))];
    const pieces = cells as Uint8Array[];
    const offsets = new Int32Array(pieces.length + 1);
    pieces.forEach((piece, i) => {
      offsets[i + 1] = (offsets[i] as number) + piece.length;
    });
    const values = new Uint8Array(offsets[pieces.length] as number);
    pieces.forEach((piece, i) => {
      values.set(piece, offsets[i]);
    });
    return [bytesOf(offsets), values];
  };

  /** How to get at the cells of what main returned: an array of rows, or an object of arrays. */
  const cellsOf = (
    returned: unknown,
    schema: readonly Field[],
  ): { rows: number; at: (name: string) => (row: number) => unknown } => {
    if (typeof returned !== "object" || returned === null)
      throw new Failure("result-schema", `main returned ${describeValue(returned)}, not rows or columns`);
    const names = new Set(schema.map(({ name }) => name));
    const known = (key: string) => {
      if (!names.has(key)) throw new Failure("result-schema", `the column ${key.slice(0, 60)} is not declared`);
    };
    if (Array.isArray(returned)) {
      const rows: Record<string, unknown>[] = returned;
      rows.forEach((row, i) => {
        if (typeof row !== "object" || row === null) throw new Failure("result-schema", `row ${i} is no object`);
        for (const key in row) known(key);
      });
      return { rows: rows.length, at: (name) => (row) => rows[row]?.[name] };
    }
    const columns = returned as Record<string, ArrayLike<unknown> | undefined>;
    for (const key in columns) known(key);
    const lengths = schema.map(({ name }) => columns[name]?.length);
    const rows = lengths[0];
    if (rows === undefined || lengths.some((length) => length !== rows))
      throw new Failure("result-schema", "the columns are not arrays of one length");
    return { rows, at: (name) => (row) => columns[name]?.[row] };
  };

  /** What main returned, in batches. */
  function* encodeResult(returned: unknown, { columns: declared, maxRows }: Manifest["result"]) {
    const schema = Object.entries(declared).map(([name, type]) => ({ name, type }));
    const { rows, at } = cellsOf(returned, schema);
    if (rows > maxRows) throw new Failure("result-rows", String(rows));
    for (let from = 0; from < rows; from += MAX_ROWS) {
      const count = Math.min(MAX_ROWS, rows - from);
      const columns = schema.map((field) => encodeColumn(field, at(field.name), from, count));
      const header = { rows: count, columns: columns.map((column) => column.header) };
      yield { header, buffers: columns.flatMap((column) => column.buffers) };
    }
  }

  /** The bytes of a frame. */
  const frame = (header: object, buffers: Uint8Array[] = []): Uint8Array => {
    const json = text.encode(JSON.stringify(header));
    const body = buffers.reduce((sum, buffer) => sum + padded(buffer.length), 0);
    const out = new Uint8Array(8 + padded(json.length) + body);
    const view = new DataView(out.buffer);
    view.setUint32(0, padded(json.length), true);
    view.setUint32(4, body, true);
    out.fill(0x20, 8, 8 + padded(json.length));
    out.set(json, 8);
    let at = 8 + padded(json.length);
    for (const buffer of buffers) {
      out.set(buffer, at);
      at += padded(buffer.length);
    }
    return out;
  };

  /** What a model logs, as one line. */
  const lineOf = (values: readonly unknown[]): string =>
    values.map((value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)))).join(" ");
  /** The stack of what was thrown, and of its causes. The model chose what it throws: nothing here may fail. */
  const traceOf = (error: unknown): string => {
    try {
      const lines: string[] = [];
      for (let one = error, depth = 0; one instanceof Error && depth < 4; one = one.cause, depth++) {
        // The stack of some engines does not begin with the message.
        const [head, stack] = [`${one.name}: ${one.message}`.slice(0, 2_000), String(one.stack ?? "").slice(0, 6_000)];
        lines.push(stack.startsWith(one.name) ? stack : `${head}\n${stack}`);
      }
      return lines.join("\ncaused by ");
    } catch {
      return "";
    }
  };

  /** How main failed, for the host. */
  const failureOf = (error: unknown): { code: string; message: string; trace: string } => {
    const trace = traceOf(error);
    if (error instanceof Failure) return { code: error.code, message: error.message.slice(0, 500), trace };
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const memory =
      /allocation failed|failed to allocate memory|invalid array buffer length|grow instance memory|out of memory/i.test(
        message,
      );
    return { code: memory ? "memory" : "threw", message: message.slice(0, 500), trace };
  };

  return { MAX_ROWS, WIDTHS, padded, Failure, buffersIn, tableOf, encodeResult, frame, lineOf, failureOf };
}
export type ModelKit = ReturnType<typeof modelKit>;
