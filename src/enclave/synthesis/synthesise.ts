/**
 * Rows made up from a table's structure and what its columns are called and said to be: to try a model before it sees
 * real ones. Nothing in them comes from data. The same seed gives the same rows on every machine.
 */
import { type Batch, type Column, MAX_BATCH_ROWS, type Value } from "../columns/batch.ts";
import { columnOf } from "../columns/build.ts";
import type { DescribedField } from "./meanings.ts";
import { createRandom } from "./random.ts";
import { isJoined, makerOf } from "./values.ts";

export interface SynthesisOptions {
  readonly rows: number;
  /** Any text. */
  readonly seed: string;
  /** Name of the table: tables of one seed differ by it. */
  readonly table?: string;
  /** Columns by which tables are joined (`joinedColumns`): most of their values are those of the other tables too. */
  readonly keys?: readonly string[];
  /** Rows of a batch, at most 65,536; 8,192 unless told. */
  readonly batchRows?: number;
}

/** One value in so many is none, or at an edge. */
const NULLS = 16;
const EDGES = 16;
/** Of a key, which also comes twice now and then, and lies now and then in this table only. */
const KEY_NULLS = 64;
const KEY_AGAIN = 8;
const KEYS_BESIDE = 1.25;

/** Batches of `rows` rows in all. @throws RangeError where rows or batchRows is no such number */
export async function* synthesise(
  schema: readonly DescribedField[],
  { rows, seed, table = "", keys = [], batchRows = 8_192 }: SynthesisOptions,
): AsyncGenerator<Batch> {
  if (!Number.isSafeInteger(rows) || rows < 0) throw new RangeError(`${rows} is no number of rows`);
  if (!(batchRows >= 1 && batchRows <= MAX_BATCH_ROWS)) throw new RangeError(`a batch has no ${batchRows} rows`);
  const isKey = (name: string) => keys.includes(name);
  const takeOrdinals = ordinals(rows, `${seed}/${table}`);
  const columns = schema.map((field) =>
    isKey(field.name) ? keyColumn(field, seed, table) : plainColumn(field, seed, table),
  );
  for (let from = 0; from < rows; from += batchRows) {
    const each = takeOrdinals(Math.min(batchRows, rows - from));
    yield { rows: each.length, columns: columns.map((column) => column(each, from)) };
  }
}

type MakeColumn = (ordinals: readonly number[], from: number) => Column;

const plainColumn = (field: DescribedField, seed: string, table: string): MakeColumn => {
  const { make, edges } = makerOf(field);
  const random = createRandom(`${seed}/${table}/${field.name}`);
  const value = (row: number): Value => {
    if (random.oneIn(NULLS)) return null;
    return edges.length > 0 && random.oneIn(EDGES) ? random.pick(edges) : make(random, row + 1);
  };
  return (each, from) =>
    columnOf(
      field.name,
      field.type,
      each.map((_, i) => value(from + i)),
    );
};

/** A key's value follows from seed, name and ordinal alone, so that it is the same in every table. */
const keyColumn = (field: DescribedField, seed: string, table: string): MakeColumn => {
  // A whole number without a meaning of its own is a name as well, here.
  const { make } = makerOf(isNamed(field) ? field : { ...field, description: "id" });
  const gaps = createRandom(`${seed}/${table}/${field.name}/gaps`);
  const value = (ordinal: number): Value =>
    gaps.oneIn(KEY_NULLS) ? null : make(createRandom(`${seed}/${field.name}/${ordinal}`), ordinal);
  return (each) => columnOf(field.name, field.type, each.map(value));
};

const isNamed = (field: DescribedField): boolean => isJoined({ ...field, type: "utf8" });

/** Ordinals of a table's rows among the keys of all tables: in an order of its own, hardly any of them twice. */
const ordinals = (rows: number, seed: string) => {
  const random = createRandom(seed);
  const pool = Math.ceil(rows * KEYS_BESIDE) + 1;
  // Steps of a number without a divisor in common with the pool's size come to each place once.
  let step = random.whole(1, pool);
  while (divisor(step, pool) > 1) step++;
  let at = random.whole(0, pool - 1);
  return (count: number): number[] =>
    Array.from({ length: count }, () => {
      if (!random.oneIn(KEY_AGAIN)) at = (at + step) % pool;
      return at + 1;
    });
};

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Names of columns that two tables or more have, and by which they are joined. */
export const joinedColumns = (tables: Iterable<readonly DescribedField[]>): string[] => {
  const seen = new Map<string, number>();
  for (const schema of tables)
    for (const field of schema) if (isJoined(field)) seen.set(field.name, (seen.get(field.name) ?? 0) + 1);
  return [...seen].filter(([, times]) => times > 1).map(([name]) => name);
};
