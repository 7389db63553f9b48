/** Results as CSV (RFC 4180, UTF-8, CRLF): read back by `csv` to the same values. */
import { toBase64, utf8 } from "../../base/bytes.ts";
import { type Batch, type ColumnType, type Schema, type Value, valueAt } from "../columns/batch.ts";

/** The header first, then a piece for each batch. NULL is an empty field, empty text is `""`. */
export async function* writeCsv(
  schema: Schema,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
): AsyncGenerator<Uint8Array> {
  yield utf8(line(schema.map(({ name }) => quoted(name))));
  for await (const batch of batches) {
    const lines: string[] = [];
    for (let row = 0; row < batch.rows; row++)
      lines.push(line(batch.columns.map((column) => field(column.type, valueAt(column, row)))));
    yield utf8(lines.join(""));
  }
}

const line = (fields: readonly string[]): string => `${fields.join(",")}\r\n`;

const quoted = (text: string): string =>
  text === "" || /[",\r\n\ufeff]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const field = (type: ColumnType, value: Value): string => {
  if (value === null) return "";
  if (type === "date") return new Date((value as number) * 86_400_000).toISOString().slice(0, 10);
  if (type === "timestamp") return timestamp(value as bigint);
  if (value instanceof Uint8Array) return value.length ? toBase64(value) : '""';
  return typeof value === "string" ? quoted(value) : String(value);
};

const timestamp = (micros: bigint): string => {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(fraction).padStart(6, "0")}Z`;
};
