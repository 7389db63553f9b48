import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import {
  batches,
  createRig,
  largeTables,
  type Options,
  people,
  sandboxedWith,
} from "../../../../test/support/runner.ts";
import { type ColumnType, rowsOf, type Value } from "../../columns/batch.ts";
import type { Manifest } from "../manifest.ts";
import type { Limits } from "../runner.ts";
import { createWasmRunner } from "./index.ts";

const runner = createWasmRunner();
const LIMITS: Limits = { seconds: 20, memory: 64 << 20, output: 16 << 20 };
const MANIFEST: Manifest = {
  runner: "wasm",
  entry: "model.wasm",
  tables: { people: { columns: { id: "i32", name: "utf8" } } },
  result: { columns: { id: "i32", name: "utf8" }, maxRows: 100 },
  parameters: {},
};
const ROWS = [
  { id: 1, name: "a" },
  { id: 2, name: null },
  { id: null, name: "乳腺" },
];

const bindings = readFileSync(
  new URL("../../../../examples/models/scorer-wasm/assembly/entente.ts", import.meta.url),
  "utf8",
);
/** A module from AssemblyScript. */
const compile = async (source: string, ...options: string[]): Promise<Uint8Array> => {
  const sources: Record<string, string> = { "index.ts": source, "entente.ts": bindings };
  let module: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ["index.ts", "-o", "m.wasm", "-O1", "--runtime", "stub", "--use", "abort=entente/abort", ...options],
    {
      readFile: (name) => sources[name] ?? null,
      writeFile(_, content) {
        module = content as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !module) throw new Error(`${error?.message}: ${stderr.toString()}`);
  return module;
};
const IMPORTS = 'import * as entente from "./entente";\n';
const ALLOC = `${IMPORTS}export function entente_alloc(size: usize): usize { return heap.alloc(size); }\n`;

const { resultOf, rowsFrom, refusalOf } = createRig({
  runner,
  limits: LIMITS,
  manifest: MANIFEST,
  rows: [ROWS.slice(0, 2), [], ROWS.slice(2)],
});
const sandboxed = sandboxedWith(runner.available, "/node");

const COPY = `${ALLOC}
export function main(): void {
  for (let batch = entente.next_batch(0); batch != 0; batch = entente.next_batch(0)) entente.result(batch);
}`;

sandboxed("every column type goes in and comes out as it is laid out", async () => {
  const row: Record<ColumnType, Value> = {
    bool: true,
    i32: -(2 ** 31),
    i64: 2n ** 63n - 1n,
    f64: -0.5,
    decimal: "-123456789012345678901234567890.10",
    date: -1,
    timestamp: -1n,
    utf8: "é",
    binary: Uint8Array.of(0, 255),
  };
  const columns = Object.fromEntries(Object.keys(row).map((type) => [type, type as ColumnType]));
  const schema = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const none = Object.fromEntries(Object.keys(row).map((type) => [type, null]));
  const rows = Array.from({ length: 70_000 }, (_, i) => (i % 3 === 1 ? none : row));
  const manifest = { tables: { t: { columns } }, result: { columns, maxRows: 70_000 } };
  const content = batches(schema, rows.slice(0, 9), rows.slice(9, 65_545), rows.slice(65_545));
  const result = await resultOf(await compile(COPY), { manifest, tables: { t: [schema, content] } });
  assert.deepEqual(
    result.batches.map((batch) => batch.rows),
    [9, 65_536, 4_455],
  );
  assert.deepEqual(result.batches.flatMap(rowsOf), rows);
});

sandboxed("parameters, the log, a function to begin with, another main, no rows", async () => {
  const module = await compile(`${ALLOC}
    let begun = false;
    export function _initialize(): void { begun = true; }
    export function score(): void {
      const text = entente.parameter_text(1);
      const said = String.UTF8.decodeUnsafe(text + 4, load<i32>(text));
      entente.write(said + " " + entente.parameter_number(0).toString() + " " + entente.parameter_number(2).toString() + " " + begun.toString());
    }
    export function chatter(): void { for (let i = 0; i < 100000; i++) entente.write("line"); }
    export function none(): void { assert(entente.next_batch(0) == 0); assert(entente.next_batch(0) == 0); }
    export function names(): void {
      const batch = entente.next_batch(0), name = entente.columnOf(batch, 1);
      entente.write(entente.textOf(name, 0) + entente.hasValue(name, 1).toString());
    }`);
  const declared = { ratio: { type: "number" }, text: { type: "string" }, yes: { type: "boolean" } } as const;
  const { log, rows } = await resultOf(module, {
    main: "score",
    parameters: { ratio: 0.5, text: "乳腺", yes: true },
    manifest: { parameters: declared },
  });
  assert.deepEqual([log, rows], ["乳腺 0.5 1.0 true\n", 0]);
  assert.equal((await resultOf(module, { main: "chatter" })).log.length, 64 << 10);
  assert.deepEqual(await rowsFrom(module, { main: "none", tables: people([]) }), []);
  assert.equal((await resultOf(module, { main: "names" })).log, "afalse\n");
});

sandboxed("two tables may be read in turns, a large one without being held", async () => {
  const module = await compile(`${ALLOC}
    export function main(): void {
      let rows: i64 = 0;
      for (let i = 0; i < 20; i++) rows += entente.rowsOf(entente.next_batch(1)) + entente.rowsOf(entente.next_batch(0));
      for (let t = 0; t < 2; t++)
        for (let b = entente.next_batch(t); b != 0; b = entente.next_batch(t)) rows += entente.rowsOf(b);
      entente.write(rows.toString() + " in " + memory.size().toString());
    }`);
  const { log } = await resultOf(module, largeTables(400, 30));
  const [rows, pages] = log.split(" in ").map(Number);
  assert.equal(rows, 430 * 65_536);
  assert.ok((pages ?? 0) < 32, log);
});

sandboxed("a module that traps, loops, grows or reaches beyond its memory is refused by name", async () => {
  const module = await compile(`${IMPORTS}
    let mode = 0;
    export function entente_alloc(size: usize): usize {
      return mode == 1 ? 0 : mode == 2 ? 12 : mode == 3 ? 0xfffffff8 : mode == 4 ? <usize>unreachable() : heap.alloc(size);
    }
    export function nothing(): void { mode = 1; entente.next_batch(0); }
    export function odd(): void { mode = 2; entente.next_batch(0); }
    export function beyond(): void { mode = 3; entente.next_batch(0); }
    export function within(): void { mode = 4; entente.next_batch(0); }
    export function trap(): void { unreachable(); }
    export function divide(): void { entente.next_batch(1 / (entente.rowsOf(entente.next_batch(0)) - 2)); }
    export function read(): void { entente.next_batch(load<i32>(0xfffffff0)); }
    function down(n: i32): i32 { return n == -1 ? 0 : down(n + 1) + 1; }
    export function deep(): void { entente.next_batch(down(0)); }
    export function loop(): void { for (let i = 0; ; i++) store<i32>(64, i); }
    export function grow(): void { while (memory.grow(16) >= 0) {} unreachable(); }
    export function hog(): void { for (;;) heap.alloc(1 << 20); }
    export function fails(): void { assert(false, "these columns will not do\\x1b[31m"); }
    export function table(): void { entente.next_batch(1); }
    export function below(): void { entente.next_batch(-1); }
    export function parameter(): void { entente.parameter_number(0); }
    export function number(): void { entente.parameter_number(1); }
    export function log(): void { entente.log(0, 0xffffffff); }
    export function head(): void { entente.result(0xfffffff0); }
    function people(): usize {
      const batch = entente.createBatch(2), ids = heap.alloc(8), ends = heap.alloc(12), text = heap.alloc(8);
      memory.fill(text, 0x61, 8);
      for (let i = 0; i < 3; i++) store<i32>(ends + 4 * i, 2 * i);
      entente.setRows(batch, 2);
      entente.setColumn(batch, 0, entente.I32, ids, 8);
      entente.setColumn(batch, 1, entente.UTF8, text, 4, 0, ends);
      return batch;
    }
    export function good(): void { entente.result(people()); }
    export function rows(): void { const b = people(); entente.setRows(b, 70000); entente.result(b); }
    export function columns(): void { const b = people(); store<i32>(b, 3, 4); entente.result(b); }
    export function type(): void { const b = people(); store<i32>(entente.columnOf(b, 0), 4); entente.result(b); }
    export function short(): void { const b = people(); store<i32>(entente.columnOf(b, 0), 4, 16); entente.result(b); }
    export function values(): void { const b = people(); store<i32>(entente.columnOf(b, 0), memory.size() * 65536 - 4, 12); entente.result(b); }
    export function long(): void { const b = people(); store<i32>(entente.columnOf(b, 1), -1, 16); entente.result(b); }
    export function validity(): void { const b = people(); store<i32>(entente.columnOf(b, 0), -1, 4); entente.result(b); }
    export function offsets(): void { const b = people(); store<i32>(entente.columnOf(b, 1), -8, 8); entente.result(b); }
    export function falling(): void { const b = people(); store<i32>(load<i32>(entente.columnOf(b, 1), 8), 9, 4); entente.result(b); }
    export function text(): void { const b = people(); store<u8>(load<i32>(entente.columnOf(b, 1), 12), 0xff); entente.result(b); }
    export function many(): void { const b = people(); for (;;) entente.result(b); }
  `);
  const cases: Record<string, [code: string, details?: RegExp]> = {
    nothing: ["model.memory"],
    odd: ["model.wasm-memory", /a batch at 12, which entente_alloc gave/],
    beyond: ["model.wasm-memory", /at 4294967288/],
    within: ["model.wasm-trap", /unreachable/],
    trap: ["model.wasm-trap", /unreachable, with 65536 bytes of memory.*67108864/],
    divide: ["model.wasm-trap", /divide by zero/],
    read: ["model.wasm-trap", /memory access out of bounds/],
    deep: ["model.wasm-trap", /call stack/],
    loop: ["model.timeout"],
    grow: ["model.wasm-trap", /unreachable, with 6\d{7} bytes of memory.*67108864/],
    hog: ["model.wasm-trap", /unreachable, with 6\d{7} bytes/],
    fails: ["model.threw", /these columns will not do \[31m \(index.ts:\d+\)/],
    table: ["model.wasm-memory", /table 1, of 1/],
    below: ["model.wasm-memory", /table 4294967295/],
    parameter: ["model.wasm-memory", /parameter 0 as a number, a string/],
    number: ["model.wasm-memory", /parameter 1, of 1/],
    log: ["model.wasm-memory", /a line of the log at 0, 4294967295 bytes/],
    head: ["model.wasm-memory", /a result at 4294967280/],
    rows: ["model.result-schema", /70000 rows/],
    columns: ["model.result-schema", /3 columns, not 2/],
    type: ["model.result-schema", /the type of id is 4, not 2 \(i32\)/],
    short: ["model.result-schema", /id has 4 bytes of values, not 8/],
    values: ["model.wasm-memory", /values of id/],
    long: ["model.wasm-memory", /values of name/],
    validity: ["model.wasm-memory", /validity of id/],
    offsets: ["model.wasm-memory", /offsets of name/],
    falling: ["model.protocol", /offsets of name do not rise/],
    text: ["model.protocol", /not UTF-8/],
    many: ["model.result-rows", /100/],
  };
  assert.deepEqual(await rowsFrom(module, { main: "good" }), [
    { id: 0, name: "aa" },
    { id: 0, name: "aa" },
  ]);
  const declared = { text: { type: "string" } } as const;
  for (const [main, [code, details]] of Object.entries(cases)) {
    const limits = main === "loop" ? { seconds: 1 } : {};
    const refusal = await refusalOf(module, {
      main,
      limits,
      manifest: { parameters: declared },
      parameters: { text: "x" },
    });
    assert.equal(refusal.code, code, `${main}: ${refusal.message}`);
    if (details) assert.match(JSON.stringify(refusal.details), details, main);
  }
});

sandboxed("what is no model, or wants more than a model gets, is refused before it runs", async () => {
  const wants = (from: string, name: string) =>
    compile(`${ALLOC}
      @external("${from}", "${name}") declare function wanted(a: i32, b: i32, c: i32, d: i32): i32;
      export function main(): void { wanted(0, 0, 0, 0); }`);
  const cases: [Uint8Array | Promise<Uint8Array>, string, RegExp?, Options?][] = [
    [wants("wasi_snapshot_preview1", "fd_write"), "model.wasm-import", /wasi_snapshot_preview1\.fd_write/],
    [wants("env", "abort"), "model.wasm-import", /env\.abort/],
    [wants("entente", "open_socket"), "model.wasm-import", /entente\.open_socket/],
    [wants("entente", "constructor"), "model.wasm-import", /entente\.constructor/],
    [compile(COPY, "--importMemory"), "model.wasm-import", /env\.memory/],
    [compile(COPY, "--noExportMemory"), "model.wasm-module", /no memory/],
    [compile(COPY, "--sharedMemory", "--maximumMemory", "100", "--enable", "threads"), "model.wasm-module", /shared/],
    [compile(COPY, "--initialMemory", "2000"), "model.memory"],
    [compile(`${IMPORTS}export function main(): void {}`), "model.wasm-module", /no function entente_alloc/],
    [compile(COPY), "model.wasm-module", /no function gone/, { main: "gone" }],
    [compile(COPY), "model.wasm-module", /no function memory/, { main: "memory" }],
    [compile(`${ALLOC} export function main(a: i32): i32 { return a; }`), "model.wasm-module", /main takes arguments/],
    [readFileSync(new URL("./index.ts", import.meta.url)), "model.wasm-module", /magic word|expected/],
    [new Uint8Array(0), "model.wasm-module"],
    [compile(`${ALLOC} unreachable(); export function main(): void {}`), "model.wasm-trap"],
  ];
  for (const [module, code, details, options] of cases) {
    const refusal = await refusalOf(await module, options);
    assert.equal(refusal.code, code, refusal.message);
    if (details) assert.match(JSON.stringify(refusal.details), details);
  }
});
