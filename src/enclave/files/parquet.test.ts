import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { Refusal } from "../../base/refusal.ts";
import { rowsOf, type Schema, type Value } from "../columns/batch.ts";
import { createParquet, parquet } from "./parquet.ts";

async function* stream(bytes: ArrayBuffer | Uint8Array) {
  const all = new Uint8Array(bytes);
  for (let at = 0; at < all.length; at += 1_000) yield all.subarray(at, at + 1_000);
}
const write = (columnData: ColumnSource[], more: object = {}): ArrayBuffer =>
  parquetWriteBuffer({ columnData, ...more });
const readAll = async (bytes: ArrayBuffer | Uint8Array, schema: Schema, columns = schema.map(({ name }) => name)) => {
  const rows: Record<string, Value>[] = [];
  for await (const batch of parquet.read(stream(bytes), schema, columns)) {
    assert.ok(batch.rows <= 65_536);
    rows.push(...rowsOf(batch));
  }
  return rows;
};
const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

const PEOPLE: ColumnSource[] = [
  { name: "id", data: [1, 2, 3], type: "INT32" },
  { name: "big", data: [1n, null, -(2n ** 62n)], type: "INT64" },
  { name: "x", data: [0.5, Number.NaN, null], type: "DOUBLE" },
  { name: "name", data: ["a", "乳腺", null], type: "STRING" },
  { name: "ok", data: [true, null, false], type: "BOOLEAN" },
  { name: "at", data: [new Date(0), null, new Date("1969-12-31T23:59:59.999Z")], type: "TIMESTAMP" },
];
const SCHEMA: Schema = [
  { name: "id", type: "i32" },
  { name: "big", type: "i64" },
  { name: "x", type: "f64" },
  { name: "name", type: "utf8" },
  { name: "ok", type: "bool" },
  { name: "at", type: "timestamp" },
];
const ROWS = [
  { id: 1, big: 1n, x: 0.5, name: "a", ok: true, at: 0n },
  { id: 2, big: null, x: Number.NaN, name: "乳腺", ok: null, at: null },
  { id: 3, big: -(2n ** 62n), x: null, name: null, ok: false, at: -1_000n },
];

test("columns of every plain type, in every compression", async () => {
  const compressors = { GZIP: gzipSync, BROTLI: brotliCompressSync, ZSTD: zstdCompressSync };
  for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "ZSTD"]) {
    const bytes = write(PEOPLE, { codec, compressors });
    assert.deepEqual(await parquet.describe(stream(bytes)), { columns: SCHEMA, rows: 3 });
    assert.deepEqual(await readAll(bytes, SCHEMA), ROWS, codec);
  }
});

test("decimals stay exact, dates are days", async () => {
  const schema: SchemaElement[] = [
    { name: "root", num_children: 3 },
    { name: "price", type: "INT64", converted_type: "DECIMAL", scale: 2, precision: 18, repetition_type: "OPTIONAL" },
    { name: "day", type: "INT32", converted_type: "DATE", repetition_type: "REQUIRED" },
    { name: "raw", type: "BYTE_ARRAY", repetition_type: "REQUIRED" },
  ];
  const day = (text: string) => new Date(text);
  const bytes = write(
    [
      { name: "price", data: [7199254740.93, null, -0.05] },
      { name: "day", data: [day("2024-02-29"), day("1969-12-31"), day("1970-01-01")] },
      { name: "raw", data: [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(0xff)] },
    ],
    { schema },
  );
  const { columns } = await parquet.describe(stream(bytes));
  assert.deepEqual(
    columns.map(({ type }) => type),
    ["decimal", "date", "binary"],
  );
  assert.deepEqual(await readAll(bytes, columns), [
    { price: "7199254740.93", day: 19_782, raw: Uint8Array.of(1) },
    { price: null, day: -1, raw: new Uint8Array(0) },
    { price: "-0.05", day: 0, raw: Uint8Array.of(0xff) },
  ]);
});

test("several row groups, larger than a batch, wanted columns only, in the wanted order", async () => {
  const data = Array.from({ length: 200_000 }, (_, i) => i);
  const bytes = write(
    [
      { name: "id", data, type: "INT32" },
      { name: "text", data: data.map((i) => `t${i % 100}`), type: "STRING" },
      { name: "x", data: data.map((i) => i / 2), type: "DOUBLE" },
    ],
    { rowGroupSize: 150_000 },
  );
  const { columns, rows } = await parquet.describe(stream(bytes));
  assert.equal(rows, 200_000);
  const read = await readAll(bytes, columns, ["x", "id"]);
  assert.deepEqual(read[199_999], { x: 99_999.5, id: 199_999 });
  assert.deepEqual(Object.keys(read[0] ?? {}), ["x", "id"]);
  assert.ok(read.every(({ id }, i) => id === i));
});

test("no rows, other columns, other types, nested columns", async () => {
  const empty = write([{ name: "id", data: [], type: "INT32" }]);
  assert.deepEqual(await parquet.describe(stream(empty)), { columns: [{ name: "id", type: "i32" }], rows: 0 });
  assert.deepEqual(await readAll(empty, [{ name: "id", type: "i32" }]), []);
  await assert.rejects(readAll(empty, [{ name: "id", type: "i64" }]), refused("source.columns"));
  await assert.rejects(readAll(empty, [{ name: "no", type: "i32" }]), refused("source.columns"));
  const half = write([{ name: "h", data: [1, 2], type: "FLOAT16" }]);
  await assert.rejects(parquet.describe(stream(half)), refused("source.parquet.type"));
});

test("damaged files are refused, or read; none keeps the reader", async () => {
  const bytes = new Uint8Array(write(PEOPLE));
  for (const length of [0, 1, 12, bytes.length >> 1, bytes.length - 1])
    await assert.rejects(parquet.describe(stream(bytes.slice(0, length))), refused("source.parquet"));
  const impatient = createParquet({ patience: 2_000 });
  for (let at = 1; at < bytes.length; at += 13) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ 0x11;
    const names = SCHEMA.map(({ name }) => name);
    await Array.fromAsync(impatient.read(stream(damaged), SCHEMA, names)).catch((error: unknown) =>
      assert.ok(error instanceof Refusal && error.code.startsWith("source."), `byte ${at}: ${error}`),
    );
  }
});

test("a file whose decoder never ends is given up", async () => {
  const endless = createParquet({
    patience: 100,
    thread: (options) => new Worker(new URL("data:text/javascript,for(;;);"), options),
  });
  await assert.rejects(endless.describe(stream(new Uint8Array(8))), /not decoded within 0.1 seconds/);
});
