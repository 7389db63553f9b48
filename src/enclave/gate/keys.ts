/**
 * The key of a row: its values in some columns, as words of 32 bits. Keys are the same only if all values are, NULL
 * being one; i32 and i64 of the same value are the same, and so are both zeros and all NaN of f64.
 */
import { type Batch, type Column, type ColumnType, hasOffsets } from "../columns/batch.ts";
import type { Key } from "./groups.ts";

/** Whether equal values of the two types give equal keys. */
export const comparable = (a: ColumnType, b: ColumnType): boolean => a === b || (isWhole(a) && isWhole(b));
const isWhole = (type: ColumnType) => type === "i32" || type === "i64";

/** Before each value: its length in bytes, or this. */
const NULL = -1;
/** Lowest word first, as Arrow and every machine that this runs on have it; the one NaN that stands for all. */
const NAN = new Int32Array(Float64Array.of(Number.NaN).buffer);

/** A column as the writer reads it: all have the same members, so that rows are read by the same machine code. */
interface Cells {
  readonly kind: "narrow" | "wide" | "float" | "bytes";
  readonly validity: Uint8Array | undefined;
  /** Values, their pairs of words, or offsets. */
  readonly words: Int32Array;
  readonly floats: Float64Array | undefined;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const pairsOf = (values: BigInt64Array | Float64Array) =>
  new Int32Array(values.buffer, values.byteOffset, 2 * values.length);

const cellsOf = (column: Column): Cells => {
  const common = { validity: column.validity, floats: undefined, bytes: NOTHING };
  if (hasOffsets(column)) return { ...common, kind: "bytes", words: column.offsets, bytes: column.bytes };
  switch (column.type) {
    case "bool":
      return { ...common, kind: "narrow", words: Int32Array.from(column.values) };
    case "i32":
    case "date":
      return { ...common, kind: "narrow", words: column.values };
    case "f64":
      return { ...common, kind: "float", words: pairsOf(column.values), floats: column.values };
    default:
      return { ...common, kind: "wide", words: pairsOf(column.values) };
  }
};

/** Writes keys, one over the other: each is good until the next. */
export interface KeyWriter {
  /** What the keys of the next rows are made of. @param names columns, in the order of the key */
  read(batch: Batch, names: readonly string[]): void;
  write(row: number): Key;
  /** A word, then the row's key; none where the first column is NULL. */
  writeAfter(word: number, row: number): Key | undefined;
}

export const createKeyWriter = (): KeyWriter => {
  let cells: readonly Cells[] = [];
  const key = { words: new Int32Array(64), length: 0 };

  const room = (more: number) => {
    if (key.length + more <= key.words.length) return;
    const longer = new Int32Array(2 * (key.length + more));
    longer.set(key.words);
    key.words = longer;
  };
  const text = ({ words: offsets, bytes }: Cells, row: number) => {
    const end = offsets[row + 1] as number;
    let from = offsets[row] as number;
    room(1 + ((end - from + 3) >> 2));
    const { words } = key;
    let at = key.length;
    words[at++] = end - from;
    for (; from + 4 <= end; from += 4)
      words[at++] =
        (bytes[from] as number) |
        ((bytes[from + 1] as number) << 8) |
        ((bytes[from + 2] as number) << 16) |
        ((bytes[from + 3] as number) << 24);
    if (from < end) {
      let last = 0;
      for (let shift = 0; from < end; from++, shift += 8) last |= (bytes[from] as number) << shift;
      words[at++] = last;
    }
    key.length = at;
  };
  const number = (low: number, high: number) => {
    room(3);
    const { words, length } = key;
    words[length] = 8;
    words[length + 1] = low;
    words[length + 2] = high;
    key.length += 3;
  };
  const nothing = () => {
    room(1);
    key.words[key.length++] = NULL;
  };
  const value = (from: Cells, row: number) => {
    const { kind, validity, words, floats } = from;
    if (validity && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) nothing();
    else if (kind === "bytes") text(from, row);
    else if (kind === "narrow") number(words[row] as number, (words[row] as number) >> 31);
    else if (floats && floats[row] === 0) number(0, 0);
    else if (floats && Number.isNaN(floats[row])) number(NAN[0] as number, NAN[1] as number);
    else number(words[2 * row] as number, words[2 * row + 1] as number);
  };
  const append = (row: number): Key => {
    for (const column of cells) value(column, row);
    return key;
  };

  return {
    read(batch, names) {
      cells = names.map((name) => {
        const column = batch.columns.find((one) => one.name === name);
        if (!column) throw new Error(`a batch has no column ${name}`);
        return cellsOf(column);
      });
    },
    write(row) {
      key.length = 0;
      return append(row);
    },
    writeAfter(word, row) {
      key.words[0] = word;
      key.length = 1;
      append(row);
      return key.words[1] === NULL ? undefined : key;
    },
  };
};
