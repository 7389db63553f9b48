// What docs/protocols/wasm-models.md gives to a module, for AssemblyScript: copy this file into your own project.
// The compiler names imports after the file, so it stays entente.ts.

export declare function next_batch(table: i32): usize;
export declare function result(batch: usize): void;
export declare function parameter_number(parameter: i32): f64;
export declare function parameter_text(parameter: i32): usize;
export declare function log(text: usize, length: usize): void;
export declare function fail(text: usize, length: usize): void;

export const BOOL: u32 = 1;
export const I32: u32 = 2;
export const I64: u32 = 3;
export const F64: u32 = 4;
export const DECIMAL: u32 = 5;
export const DATE: u32 = 6;
export const TIMESTAMP: u32 = 7;
export const UTF8: u32 = 8;
export const BINARY: u32 = 9;

/** Rows of a batch, at most. */
export const MAX_ROWS: i32 = 65_536;
const HEAD: usize = 8;
const DESCRIPTOR: usize = 24;

// A batch is the address of its head, a column that of its descriptor.
export function rowsOf(batch: usize): i32 {
  return load<i32>(batch);
}
export function columnOf(batch: usize, column: i32): usize {
  return batch + HEAD + DESCRIPTOR * column;
}
export function valuesOf(column: usize): usize {
  return load<u32>(column, 12);
}
export function hasValue(column: usize, row: i32): bool {
  const validity: usize = load<u32>(column, 4);
  return validity == 0 || ((load<u8>(validity + (row >> 3)) >> (<u8>row & 7)) & 1) == 1;
}
/** Text or a decimal; load bytes from valuesOf(column) + load<i32>(offsets + 4 * row) for anything faster. */
export function textOf(column: usize, row: i32): string {
  const offsets: usize = load<u32>(column, 8) + 4 * row;
  const from = load<i32>(offsets);
  return String.UTF8.decodeUnsafe(valuesOf(column) + from, load<i32>(offsets, 4) - from);
}

/** A batch to fill: its head, with no rows and no buffers yet. */
export function createBatch(columns: i32): usize {
  const batch = heap.alloc(HEAD + DESCRIPTOR * columns);
  memory.fill(batch, 0, HEAD + DESCRIPTOR * columns);
  store<i32>(batch, columns, 4);
  return batch;
}
/** A column's buffers; 0 for validity says that every row has a value, offsets are for text, decimal and binary. */
export function setColumn(
  batch: usize,
  column: i32,
  type: u32,
  values: usize,
  length: i32,
  validity: usize = 0,
  offsets: usize = 0,
): void {
  const at = columnOf(batch, column);
  store<u32>(at, type);
  store<u32>(at, <u32>validity, 4);
  store<u32>(at, <u32>offsets, 8);
  store<u32>(at, <u32>values, 12);
  store<u32>(at, length, 16);
}
export function setRows(batch: usize, rows: i32): void {
  store<i32>(batch, rows);
}

export function write(text: string): void {
  const bytes = String.UTF8.encode(text);
  log(changetype<usize>(bytes), bytes.byteLength);
}

/** Where AssemblyScript goes when something it relies on does not hold. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const bytes = String.UTF8.encode((message || "aborted") + " (" + (file || "") + ":" + line.toString() + ")");
  fail(changetype<usize>(bytes), bytes.byteLength);
}
