/**
 * Batches into DuckDB's tables, carried into the sandbox as text. What is laid out alike is copied; DuckDB holds 2,048
 * rows a chunk.
 */
import type { ColumnType, Field } from "../../columns/batch.ts";
import type { NodeChannel } from "../node/channel.ts";
import type { Chunk, Connection, DuckDB, Vector } from "./duckdb.ts";

/** @returns a function that makes a table or view of this name and fills it */
export function createFill(duckdb: DuckDB, connection: Connection, { next, kit }: NodeChannel) {
  const { WIDTHS, buffersIn } = kit;
  const CHUNK = 2_048;
  /** Bytes of a text's slot in a vector: length, then the text itself if it is short, else its first bytes and address. */
  const [SLOT, SHORT] = [16, 12];
  /** Name in SQL, and number in duckdb.h. */
  const TYPES: Record<Exclude<ColumnType, "decimal">, readonly [name: string, id: number]> = {
    bool: ["BOOLEAN", 1],
    i32: ["INTEGER", 4],
    i64: ["BIGINT", 5],
    f64: ["DOUBLE", 11],
    date: ["DATE", 13],
    timestamp: ["TIMESTAMP", 12],
    utf8: ["VARCHAR", 17],
    binary: ["BLOB", 18],
  };
  /** Digits of DuckDB's widest decimal. */
  const MAX_DIGITS = 38;
  const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

  type Buffers = ReturnType<typeof kit.buffersIn<ArrayBuffer>>[number];

  const slots = new Uint8Array(SLOT * CHUNK);
  const numbers = new DataView(slots.buffer);
  const fillTexts = (vector: Vector, { offsets, values, validity }: Buffers, from: number, rows: number) => {
    slots.fill(0);
    const long: number[] = [];
    for (let row = 0; row < rows; row++) {
      const [start, end] = [offsets[from + row] as number, offsets[from + row + 1] as number];
      const length = end - start;
      if (length > SHORT) long.push(row);
      else {
        numbers.setUint32(SLOT * row, length, true);
        for (let i = 0; i < length; i++) slots[SLOT * row + 4 + i] = values[start + i] as number;
      }
    }
    duckdb.copy_data_to_vector(vector, 0, slots.buffer, 0, SLOT * rows);
    for (const row of long) {
      const bit = from + row;
      if (validity && (((validity[bit >> 3] as number) >> (bit & 7)) & 1) === 0) continue;
      const text = values.subarray(offsets[bit], offsets[bit + 1]);
      duckdb.vector_assign_string_element_len(vector, row, text);
    }
  };
  /** Decimals with `scale` digits after the point, as whole numbers of 128 bits. */
  const fillDecimals = (vector: Vector, { offsets, values }: Buffers, from: number, rows: number, scale: number) => {
    slots.fill(0);
    for (let row = 0; row < rows; row++) {
      const [start, end] = [offsets[from + row] as number, offsets[from + row + 1] as number];
      const at = SLOT * row;
      if (end - start > 15) {
        const text = Buffer.from(values.buffer, values.byteOffset + start, end - start).toString("latin1");
        const [whole = "", fraction = ""] = text.split(".");
        const value = BigInt(whole + fraction.padEnd(scale, "0"));
        numbers.setBigUint64(at, BigInt.asUintN(64, value), true);
        numbers.setBigInt64(at + 8, value >> 64n, true);
        continue;
      }
      const negative = values[start] === MINUS;
      let [value, after, pointed] = [0, 0, false];
      for (let i = negative ? start + 1 : start; i < end; i++) {
        const digit = (values[i] as number) - ZERO;
        if (digit < 0) pointed = true;
        else {
          value = 10 * value + digit;
          if (pointed) after++;
        }
      }
      if (value === 0) continue;
      if (negative) value = -value;
      const scaled = value * 10 ** (scale - after);
      if (Number.isSafeInteger(scaled)) {
        const high = Math.floor(scaled / 2 ** 32);
        numbers.setUint32(at, scaled - high * 2 ** 32, true);
        numbers.setInt32(at + 4, high, true);
        if (negative) slots.fill(255, at + 8, at + SLOT);
      } else {
        const exact = BigInt(value) * 10n ** BigInt(scale - after);
        numbers.setBigUint64(at, BigInt.asUintN(64, exact), true);
        numbers.setBigInt64(at + 8, exact >> 64n, true);
      }
    }
    duckdb.copy_data_to_vector(vector, 0, slots.buffer, 0, SLOT * rows);
  };
  /** @param from a multiple of 8 */
  const fillVector = (vector: Vector, column: Buffers, from: number, rows: number, scale: number) => {
    const { type, validity, values } = column;
    if (validity) {
      duckdb.vector_ensure_validity_writable(vector);
      const at = validity.byteOffset + (from >> 3);
      duckdb.copy_data_to_vector_validity(vector, 0, validity.buffer, at, (rows + 7) >> 3);
    }
    const width = WIDTHS[type];
    if (width) duckdb.copy_data_to_vector(vector, 0, values.buffer, values.byteOffset + width * from, width * rows);
    else if (type === "decimal") fillDecimals(vector, column, from, rows, scale);
    else fillTexts(vector, column, from, rows);
  };

  /** Most digits before and after the point that were seen in a column of decimals. */
  interface Digits {
    before: number;
    after: number;
  }
  const measure = ({ offsets, values }: Buffers, digits: Digits) => {
    for (let row = 0; row + 1 < offsets.length; row++) {
      const [start, end] = [offsets[row] as number, offsets[row + 1] as number];
      if (start === end) continue;
      let point = start;
      while (point < end && values[point] !== POINT) point++;
      digits.before = Math.max(digits.before, point - start - (values[start] === MINUS ? 1 : 0));
      digits.after = Math.max(digits.after, end - point - 1);
    }
  };

  return async (name: string, columns: readonly Field[]) => {
    const table = `main.${quoted(name)}`;
    const digits: Digits[] = columns.map(() => ({ before: 1, after: 0 }));
    /** Digits after the point that the table holds now, column by column. */
    const scales = columns.map(() => 0);
    const typeOf = (i: number, type: ColumnType) =>
      type === "decimal" ? `DECIMAL(${MAX_DIGITS}, ${scales[i]})` : TYPES[type][0];
    const declared = columns.map(({ name, type }, i) => `${quoted(name)} ${typeOf(i, type)}`);
    await duckdb.query(connection, `CREATE TABLE ${table} (${declared.join(", ")})`);
    const append = () => ({
      appender: duckdb.appender_create(connection, "main", name),
      types: columns.map(({ type }, i) =>
        type === "decimal"
          ? duckdb.create_decimal_type(MAX_DIGITS, scales[i] as number)
          : duckdb.create_logical_type(TYPES[type][1]),
      ),
    });
    let { appender, types } = append();
    /** Decimals keep all their digits: the column is made wider as soon as a batch has more after the point. */
    const widen = async (buffers: readonly Buffers[]) => {
      const wider: string[] = [];
      for (const [i, column] of buffers.entries()) {
        if (column.type !== "decimal") continue;
        const { name: of, type } = columns[i] as Field;
        const seen = digits[i] as Digits;
        measure(column, seen);
        if (seen.before + seen.after > MAX_DIGITS)
          throw new Error(
            `the decimals of ${of} in ${name} take ${seen.before} digits before the point and ${seen.after} after it, ${MAX_DIGITS} are the most`,
          );
        if (seen.after <= (scales[i] as number)) continue;
        scales[i] = seen.after;
        wider.push(`ALTER TABLE ${table} ALTER ${quoted(of)} TYPE ${typeOf(i, type)}`);
      }
      if (wider.length === 0) return;
      duckdb.appender_close_sync(appender);
      for (const sql of wider) await duckdb.query(connection, sql);
      ({ appender, types } = append());
    };
    for (let batch = next(name); batch; batch = next(name)) {
      const buffers = buffersIn(batch.header, batch.body);
      await widen(buffers);
      const { rows } = batch.header;
      for (let from = 0; from < rows; from += CHUNK) {
        const count = Math.min(CHUNK, rows - from);
        const chunk: Chunk = duckdb.create_data_chunk(types);
        duckdb.data_chunk_set_size(chunk, count);
        buffers.forEach((column, i) => {
          fillVector(duckdb.data_chunk_get_vector(chunk, i), column, from, count, scales[i] as number);
        });
        duckdb.append_data_chunk(appender, chunk);
      }
    }
    duckdb.appender_close_sync(appender);
  };
}
