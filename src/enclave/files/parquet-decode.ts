/** Parquet files in memory, decoded one row group at a time, the wanted columns only. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  type SchemaElement,
} from "hyparquet";
import { Refusal } from "../../base/refusal.ts";
import { type Batch, type Field, MAX_BATCH_ROWS, type Schema } from "../columns/batch.ts";
import { refuse } from "./errors.ts";
import { requireColumns, selectFields } from "./format.ts";
import { type Mapping, mappingOf, rawElement, toColumn } from "./parquet-types.ts";

/** Values of a row group in one column: a lying count must not allocate without end. */
const MAX_GROUP_ROWS = 16_000_000;
const MAX_COLUMNS = 4_096;
/** A page, decompressed. */
const MAX_PAGE_BYTES = 256 << 20;

const limited = (decompress: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) => {
  return (bytes: Uint8Array, length: number): Uint8Array =>
    length === 0 ? new Uint8Array(0) : decompress(bytes, { maxOutputLength: Math.min(length, MAX_PAGE_BYTES) });
};
const compressors: Compressors = {
  GZIP: limited(gunzipSync),
  BROTLI: limited(brotliDecompressSync),
  ZSTD: limited(zstdDecompressSync),
};

/** Whatever the library throws at malformed bytes becomes a refusal. */
const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw refuse("source.parquet", { reason: error instanceof Error ? error.message.slice(0, 200) : "unreadable" });
  }
};

interface Opened {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly elements: readonly SchemaElement[];
}

const open = (bytes: Uint8Array): Promise<Opened> =>
  guarded(async () => {
    const { buffer, byteOffset: at, byteLength } = bytes;
    const slice = (start: number, end = byteLength) => buffer.slice(at + start, at + end) as ArrayBuffer;
    const file: AsyncBuffer = { byteLength, slice };
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const [root, ...elements] = metadata.schema;
    const nested = elements.find((element) => element.num_children);
    if (nested) mappingOf({ ...nested, type: undefined });
    if (root?.num_children !== elements.length || elements.length > MAX_COLUMNS)
      throw refuse("source.parquet", { reason: `it does not have 1 to ${MAX_COLUMNS} columns` });
    if (new Set(elements.map(({ name }) => name)).size < elements.length)
      throw refuse("source.parquet", { reason: "two columns have one name" });
    return { file, metadata, elements };
  });

/** @throws Refusal source.parquet, source.parquet.type */
export const describeParquet = async (bytes: Uint8Array): Promise<{ columns: Field[]; rows: number }> => {
  const { metadata, elements } = await open(bytes);
  return {
    columns: elements.map((element) => ({ name: element.name, type: mappingOf(element).type })),
    rows: Number(metadata.num_rows),
  };
};

/** @throws Refusal source.parquet, source.parquet.type, source.columns */
export async function* readParquet(
  bytes: Uint8Array,
  schema: Schema,
  columns: readonly string[],
): AsyncGenerator<Batch> {
  const { file, metadata, elements } = await open(bytes);
  requireColumns(
    elements.map(({ name }) => name),
    schema,
  );
  const mappings = selectFields(schema, columns).map(({ name, type }): [string, Mapping] => {
    const found = mappingOf(elements.find((element) => element.name === name) as SchemaElement);
    if (found.type === type) return [name, found];
    throw refuse("source.columns", { difference: `${name} is ${found.type} where ${type} was declared` });
  });
  const raw: FileMetaData = { ...metadata, schema: metadata.schema.map(rawElement) };
  let begin = 0;
  for (const group of raw.row_groups) {
    const rows = Number(group.num_rows);
    if (!(rows >= 0 && rows <= MAX_GROUP_ROWS))
      throw refuse("source.parquet", { reason: `a row group of ${rows} rows` });
    yield* readGroup(file, raw, begin, rows, mappings);
    begin += rows;
  }
}

async function* readGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  begin: number,
  rows: number,
  mappings: [string, Mapping][],
) {
  if (rows === 0) return;
  const stored = await guarded(async () => {
    const options = {
      file,
      metadata,
      columns: mappings.map(([name]) => name),
      compressors,
      utf8: false,
      geoparquet: false,
    };
    const scan = await parquetScan({ ...options, rowStart: begin, rowEnd: begin + rows });
    const read = ([column]: [string, Mapping]) => scan.readColumn({ column, rowStart: begin, rowEnd: begin + rows });
    return Promise.all(mappings.map(read));
  });
  if (stored.some((values) => values.length !== rows))
    throw refuse("source.parquet", { reason: "columns of unequal length" });
  for (let from = 0; from < rows; from += MAX_BATCH_ROWS) {
    const to = Math.min(rows, from + MAX_BATCH_ROWS);
    yield await guarded(async () => ({
      rows: to - from,
      columns: mappings.map(([name, mapping], i) =>
        toColumn(name, mapping, stored[i] as (typeof stored)[number], from, to),
      ),
    }));
  }
}
