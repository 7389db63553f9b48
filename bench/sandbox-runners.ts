/**
 * WebAssembly and SQL in their sandboxes: the time until a model begins, and a group-by over a million rows in 1,000
 * groups, both from the call that starts the sandbox; in turns with the same in JavaScript.
 */
import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { utf8 } from "../src/base/bytes.ts";
import type { Batch, Schema } from "../src/enclave/columns/batch.ts";
import { createJavascriptRunner } from "../src/enclave/runners/javascript/index.ts";
import type { Model, Runner } from "../src/enclave/runners/runner.ts";
import { createSqlRunner } from "../src/enclave/runners/sql/index.ts";
import { createWasmRunner } from "../src/enclave/runners/wasm/index.ts";
import { median, report, takeTurns } from "./support.ts";

const RUNS = 15;
const WARM_UP = 2;
const LIMITS = { seconds: 60, memory: 512 << 20, output: 16 << 20 };
const ROWS = 1 << 20;
const BATCH = 65_536;
const GROUPS = 1_000;

const SCHEMA: Schema = [
  { name: "g", type: "i32" },
  { name: "x", type: "f64" },
];
const BATCHES: readonly Batch[] = Array.from({ length: ROWS / BATCH }, (_, i) => ({
  rows: BATCH,
  columns: [
    { name: "g", type: "i32", values: Int32Array.from({ length: BATCH }, (_, row) => (i * BATCH + row) % GROUPS) },
    { name: "x", type: "f64", values: Float64Array.from({ length: BATCH }, (_, row) => row) },
  ],
}));

const SQL = "SELECT g, count(*)::DOUBLE AS n, sum(x) AS s FROM t GROUP BY g ORDER BY g";
const JAVASCRIPT = `
export async function main({ tables }) {
  const n = new Float64Array(${GROUPS}), s = new Float64Array(${GROUPS});
  for await (const batch of tables.t) {
    const g = batch.column("g").values, x = batch.column("x").values;
    for (let row = 0; row < batch.rows; row++) { n[g[row]]++; s[g[row]] += x[row]; }
  }
  return { g: Array.from(n.keys()), n, s };
}`;
const ASSEMBLYSCRIPT = `
import { columnOf, createBatch, F64, I32, next_batch, result, rowsOf, setColumn, setRows, valuesOf } from "./entente";
export function entente_alloc(size: usize): usize { return heap.alloc(size); }
export function main(): void {
  const g = heap.alloc(${4 * GROUPS}), n = heap.alloc(${8 * GROUPS}), s = heap.alloc(${8 * GROUPS});
  memory.fill(n, 0, ${8 * GROUPS});
  memory.fill(s, 0, ${8 * GROUPS});
  for (let group = 0; group < ${GROUPS}; group++) store<i32>(g + 4 * group, group);
  for (let batch = next_batch(0); batch !== 0; batch = next_batch(0)) {
    const groups = valuesOf(columnOf(batch, 0)), values = valuesOf(columnOf(batch, 1)), rows = rowsOf(batch);
    for (let row = 0; row < rows; row++) {
      const at = <usize>8 * load<i32>(groups + 4 * row);
      store<f64>(n + at, load<f64>(n + at) + 1);
      store<f64>(s + at, load<f64>(s + at) + load<f64>(values + 8 * row));
    }
  }
  const batch = createBatch(3);
  setRows(batch, ${GROUPS});
  setColumn(batch, 0, I32, g, ${4 * GROUPS});
  setColumn(batch, 1, F64, n, ${8 * GROUPS});
  setColumn(batch, 2, F64, s, ${8 * GROUPS});
  result(batch);
}`;

const compile = async (source: string): Promise<Uint8Array> => {
  const bindings = new URL("../examples/models/scorer-wasm/assembly/entente.ts", import.meta.url);
  const sources: Record<string, string> = { "index.ts": source, "entente.ts": readFileSync(bindings, "utf8") };
  const written: Uint8Array[] = [];
  const options = ["-O3", "--runtime", "stub", "--use", "abort=entente/abort"];
  const { error } = await asc.main(["index.ts", "-o", "m.wasm", ...options], {
    readFile: (name) => sources[name] ?? null,
    writeFile: (_, content) => void written.push(content as Uint8Array),
    listFiles: () => [],
  });
  if (error || !written[0]) throw error ?? new Error("nothing was compiled");
  return written[0];
};

const modelOf = (runner: string, code: Uint8Array): Model => ({
  manifest: {
    runner,
    entry: "model",
    tables: { t: { columns: { g: "i32", x: "f64" } } },
    result: { columns: { g: "i32", n: "f64", s: "f64" }, maxRows: GROUPS },
    parameters: {},
  },
  files: new Map([["model", code]]),
  main: "main",
  parameters: {},
});

async function* table(): AsyncGenerator<Batch> {
  yield* BATCHES;
}
const timed = async (runner: Runner, model: Model) => {
  const began = performance.now();
  const run = await runner.start(LIMITS);
  run.load(model);
  run.table("t", SCHEMA, table());
  await run.started;
  const started = performance.now() - began;
  const { rows } = await run.result();
  if (rows !== GROUPS) throw new Error(`${runner.id} gave ${rows} rows`);
  return { started, whole: performance.now() - began };
};

const bench = "sandbox-runners";
const runners = { JavaScript: createJavascriptRunner(), WebAssembly: createWasmRunner(), SQL: createSqlRunner() };
const missing = (await Promise.all(Object.values(runners).map((runner) => runner.available()))).find(
  (one) => one !== true,
);
if (missing !== undefined) {
  console.log(JSON.stringify({ bench, skip: missing }));
} else {
  const models = {
    JavaScript: modelOf("javascript", utf8(JAVASCRIPT)),
    WebAssembly: modelOf("wasm", await compile(ASSEMBLYSCRIPT)),
    SQL: modelOf("sql", utf8(SQL)),
  };
  const contenders = {
    JavaScript: () => timed(runners.JavaScript, models.JavaScript),
    WebAssembly: () => timed(runners.WebAssembly, models.WebAssembly),
    SQL: () => timed(runners.SQL, models.SQL),
  };
  const times = await takeTurns(contenders, { runs: RUNS, warmUp: WARM_UP });
  for (const name of ["JavaScript", "WebAssembly", "SQL"] as const)
    for (const metric of ["started", "whole"] as const) {
      const middle = (of: keyof typeof times) => median(times[of].map((one) => one[metric]));
      const peer = name === "JavaScript" ? undefined : { name: "JavaScript", value: middle("JavaScript") };
      const what =
        metric === "started" ? "cold start" : `${ROWS.toLocaleString("en")} rows grouped, cold start included`;
      const note = `${RUNS} runs each, in turns`;
      report({ bench, metric: `${name}: ${what}, p50`, value: middle(name), unit: "ms", peer, note });
    }
}
