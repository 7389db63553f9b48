// Scores patients with boosted trees: how likely it is, by ten measurements, that a tumour is malignant.
import {
  columnOf,
  createBatch,
  F64,
  hasValue,
  I32,
  MAX_ROWS,
  next_batch,
  parameter_number,
  result,
  rowsOf,
  setColumn,
  setRows,
  valuesOf,
  write,
} from "./entente";
import { BASE, COLUMNS, FEATURES, LEAVES, QUESTIONS, THRESHOLDS, TREES } from "./trees";

/** Tables, columns and parameters by their place in entente.json. */
const MEASUREMENTS: i32 = 0;
const PATIENT: i32 = 0;
const FIRST_MEASUREMENT: i32 = 1;
const MINIMUM: i32 = 0;

const measured = new StaticArray<f64>(COLUMNS);

export function entente_alloc(size: usize): usize {
  return heap.alloc(size);
}

export function main(): void {
  const minimum = parameter_number(MINIMUM);
  const patients = heap.alloc(4 * MAX_ROWS);
  const scores = heap.alloc(8 * MAX_ROWS);
  const validity = heap.alloc(MAX_ROWS / 8);
  const scored = createBatch(2);
  let seen = 0;
  for (let batch = next_batch(MEASUREMENTS); batch !== 0; batch = next_batch(MEASUREMENTS)) {
    const rows = rowsOf(batch);
    let kept = 0;
    for (let row = 0; row < rows; row++) {
      const known = read(batch, row);
      const score = known ? sigmoid(margin()) : 0;
      if (!hasValue(columnOf(batch, PATIENT), row) || score < minimum) continue;
      store<i32>(patients + 4 * kept, load<i32>(valuesOf(columnOf(batch, PATIENT)) + 4 * row));
      store<f64>(scores + 8 * kept, score);
      setBit(validity, kept, known);
      kept++;
    }
    setRows(scored, kept);
    setColumn(scored, 0, I32, patients, 4 * kept);
    setColumn(scored, 1, F64, scores, 8 * kept, validity);
    result(scored);
    seen += rows;
  }
  write(seen.toString() + " patients were scored");
}

/** What was measured on the patient in this row; false when something is missing. */
function read(batch: usize, row: i32): bool {
  for (let i = 0; i < COLUMNS; i++) {
    const column = columnOf(batch, FIRST_MEASUREMENT + i);
    if (!hasValue(column, row)) return false;
    measured[i] = load<f64>(valuesOf(column) + 8 * row);
  }
  return true;
}

function margin(): f64 {
  let sum = BASE;
  for (let tree = 0; tree < TREES; tree++) {
    const first = tree * QUESTIONS;
    let node = 0;
    while (node < QUESTIONS) node = 2 * node + 1 + i32(measured[FEATURES[first + node]] > THRESHOLDS[first + node]);
    sum += LEAVES[tree * (QUESTIONS + 1) + node - QUESTIONS];
  }
  return sum;
}

function sigmoid(margin: f64): f64 {
  return 1 / (1 + Math.exp(-margin));
}

function setBit(bits: usize, row: i32, value: bool): void {
  const at = bits + (row >> 3);
  const bit: u8 = 1 << (<u8>row & 7);
  store<u8>(at, value ? load<u8>(at) | bit : load<u8>(at) & ~bit);
}
