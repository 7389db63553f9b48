import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  createRig,
  largeTables,
  type Options,
  PEOPLE,
  people,
  sandboxedWith,
  sandboxesWith,
} from "../../../../test/support/runner.ts";
import { utf8 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { type Batch, rowsOf } from "../../columns/batch.ts";
import { batchOf } from "../../columns/build.ts";
import type { Manifest } from "../manifest.ts";
import type { Limits } from "../runner.ts";
import { createJavascriptRunner } from "./index.ts";

const runner = createJavascriptRunner();
const LIMITS: Limits = { seconds: 20, memory: 256 << 20, output: 8 << 20 };
const MANIFEST: Manifest = {
  runner: "javascript",
  entry: "index.js",
  tables: { people: { columns: { id: "f64", name: "utf8" } } },
  result: { columns: { name: "utf8", value: "f64" }, maxRows: 100 },
  parameters: {},
};

const { start, resultOf, rowsFrom, refusalOf } = createRig({
  runner,
  limits: LIMITS,
  manifest: MANIFEST,
  rows: [[{ id: 1, name: "a" }], [{ id: 2, name: null }]],
});
const sandboxed = sandboxedWith(runner.available, "/node");
/** The main function that has this body. */
const body = (text: string) => `export async function main({ tables, parameters, log }) {${text}}`;

sandboxed("a model reads tables in batches or whole and returns rows or columns", async () => {
  const whole = body(`
    const people = await tables.people.read();
    log("columns", tables.people.columns, people.rows);
    const id = people.column("id"), name = people.column("name");
    return Array.from(id.values, (value, i) => ({ name: name.get(i) ?? "-", value: name.isNull(i) ? null : value }));`);
  const result = await resultOf(whole);
  assert.deepEqual(result.batches.flatMap(rowsOf), [
    { name: "a", value: 1 },
    { name: "-", value: null },
  ]);
  assert.deepEqual([result.rows, result.schema.length], [2, 2]);
  assert.equal(result.log, 'columns [{"name":"id","type":"f64"},{"name":"name","type":"utf8"}] 2\n');
  const batched = body(`
    let [rows, n] = [0, 0];
    for await (const batch of tables.people) { n++; rows += batch.rows; }
    return { name: ["n", "rows"], value: new Float64Array([n, rows]) };`);
  assert.deepEqual(await rowsFrom(batched), [
    { name: "n", value: 2 },
    { name: "rows", value: 2 },
  ]);
});

sandboxed("modules, JSON, parameters, another main function, no rows, no tables", async () => {
  const source = `
    import { twice } from "./lib/twice.js";
    import names from "./names.json" with { type: "json" };
    export const score = ({ parameters }) => [{ name: names.first, value: twice(parameters.x) }];`;
  const files = {
    "lib/twice.js": 'export { twice } from "../deep.js";',
    "deep.js": "export const twice = (x) => 2 * x;",
    "names.json": '{"first":"乳腺"}',
  };
  assert.deepEqual(await rowsFrom(source, { files, main: "score", parameters: { x: 21 } }), [
    { name: "乳腺", value: 42 },
  ]);
  assert.deepEqual(await rowsFrom(body("return []"), { manifest: { tables: {} } }), []);
  assert.deepEqual(
    await rowsFrom(body("return [{ name: String((await tables.people.read()).rows) }]"), { tables: people() }),
    [{ name: "0", value: null }],
  );
});

sandboxed("every column type goes in and comes out", async () => {
  const columns = {
    bool: "bool",
    i32: "i32",
    i64: "i64",
    f64: "f64",
    decimal: "decimal",
    date: "date",
    timestamp: "timestamp",
    utf8: "utf8",
    binary: "binary",
  } as const;
  const schema = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const row = {
    bool: true,
    i32: -1,
    i64: 2n ** 62n,
    f64: 0.5,
    decimal: "1.10",
    date: 19_000,
    timestamp: -5n,
    utf8: "é",
    binary: Uint8Array.of(9),
  };
  const none = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
  const manifest: Manifest = { ...MANIFEST, tables: { t: { columns } }, result: { columns, maxRows: 200_000 } };
  const rows = Array.from({ length: 70_000 }, (_, i) => (i % 3 === 1 ? none : row));
  async function* source() {
    yield batchOf(schema, rows.slice(0, 65_000));
    yield batchOf(schema, rows.slice(65_000));
  }
  const run = await runner.start({ ...LIMITS, memory: 512 << 20 });
  run.table("t", schema, source());
  const copy = body(`
    const all = await tables.t.read();
    return Object.fromEntries(tables.t.columns.map(({ name }) => [name, Array.from({ length: all.rows }, (_, i) => all.column(name).get(i))]));`);
  run.load({ manifest, files: new Map([["index.js", utf8(copy)]]), main: "main", parameters: {} });
  const result = await run.result();
  assert.deepEqual(
    result.batches.map((batch) => batch.rows),
    [65_536, 4_464],
  );
  assert.deepEqual(result.batches.flatMap(rowsOf), rows);
});

sandboxed("two tables may be read in turns, a large one without being held", async () => {
  const source = body(`
    const a = tables.a[Symbol.asyncIterator](), b = tables.b[Symbol.asyncIterator]();
    let rows = 0;
    for (let i = 0; i < 20; i++) rows += (await b.next()).value.rows + (await a.next()).value.rows;
    for await (const batch of a) rows += batch.rows;
    for await (const batch of b) rows += batch.rows;
    return [{ name: "rows", value: rows }];`);
  const given = { limits: { memory: 64 << 20 }, ...largeTables(400, 30) };
  assert.deepEqual(await rowsFrom(source, given), [{ name: "rows", value: 430 * 65_536 }]);
});

sandboxed("a model that does not end, or eats everything, is stopped by name", async () => {
  const short = { limits: { seconds: 1 } };
  const cases: [string, string, Options?][] = [
    ["for (;;);", "model.timeout", short],
    ["await new Promise((r) => setTimeout(r, 1e9));", "model.timeout", short],
    [
      "const a = []; for (;;) a.push({ a: a.length, b: [a.length] });",
      "model.memory",
      { limits: { memory: 64 << 20 } },
    ],
    ["const a = []; for (;;) a.push(new ArrayBuffer(1 << 24));", "model.memory", { limits: { memory: 64 << 20 } }],
    [
      "const a = []; for (;;) a.push(new Uint8Array(1 << 24).fill(1));",
      "model.memory",
      { limits: { memory: 64 << 20 } },
    ],
    [
      "const a = []; for (;;) a.push(Buffer.allocUnsafeSlow(1 << 24).fill(1));",
      "model.memory",
      { limits: { memory: 64 << 20 } },
    ],
    [
      "const m = new WebAssembly.Memory({ initial: 1 }); for (;;) { m.grow(1024); new Uint8Array(m.buffer).fill(1); }",
      "model.memory",
      { limits: { memory: 64 << 20 } },
    ],
    ['for (;;) console.log("x".repeat(1 << 16));', "model.output-too-large"],
    ['for (;;) console.error("x".repeat(1 << 16));', "model.output-too-large"],
    ['return Array(100).fill({ name: "x".repeat(1 << 20) });', "model.output-too-large"],
  ];
  for (const [text, code, options] of cases) assert.equal((await refusalOf(body(text), options)).code, code, text);
});

sandboxed("log lines are cut, not refused", async () => {
  const { log } = await resultOf(body('for (let i = 0; i < 1e5; i++) log("line", i); return [];'));
  assert.equal(log.length, 64 << 10);
});

sandboxed("a model finds no processes, network, files or secrets", async () => {
  const attempts: Record<string, string> = {
    fork: 'return (await import("node:child_process")).spawnSync("/node", ["-e", "1"]).error.code',
    forkAsync:
      'const c = (await import("node:child_process")).spawn("/node", ["-e", "1"]); return await new Promise((r) => c.on("error", (e) => r(e.code)))',
    shell: 'return (await import("node:child_process")).execSync("id").toString()',
    tcp: 'const s = (await import("node:net")).connect(80, "1.1.1.1"); return await new Promise((r) => s.on("error", (e) => r(e.code)).on("connect", () => r("CONNECTED")))',
    listen:
      'const s = (await import("node:net")).createServer(); return await new Promise((r) => s.on("error", (e) => r(e.code)).listen(0, () => r("LISTENS")))',
    unix: 'const s = (await import("node:net")).connect("/run/x.sock"); return await new Promise((r) => s.on("error", (e) => r(e.code)).on("connect", () => r("CONNECTED")))',
    udp: 'const s = (await import("node:dgram")).createSocket("udp4"); return await new Promise((r) => { s.on("error", (e) => r(e.code)); s.send("x", 53, "8.8.8.8", (e) => r(e ? e.code : "SENT")); })',
    dns: 'return await (await import("node:dns/promises")).lookup("example.org")',
    fetch: 'return await fetch("http://127.0.0.1:1/").then(() => "FETCHED", (e) => e.cause?.code ?? e.message)',
    passwd: 'return fs.readFileSync("/etc/passwd", "utf8")',
    proc: 'return fs.readdirSync("/proc").join()',
    dev: 'return fs.readdirSync("/dev").join()',
    write: 'fs.writeFileSync("/x", "1"); return "WRITTEN"',
    writeTmp: 'fs.writeFileSync("/tmp/x", "1"); return "WRITTEN"',
    mkdir: 'fs.mkdirSync("/d"); return "MADE"',
    chmod: 'fs.chmodSync("/node", 0o777); return "CHANGED"',
    kill: 'process.kill(process.ppid, "SIGKILL"); return "KILLED"',
    killAll: 'process.kill(-1, "SIGKILL"); return "KILLED"',
    addon: 'process.dlopen({ exports: {} }, "/lib/x.node"); return "LOADED"',
    watch: 'fs.watch("/"); return "WATCHED"',
  };
  const probe = body(`
    const fs = await import("node:fs");
    const attempt = async (f) => { try { return String(await f()).slice(0, 100); } catch (e) { return e.code ?? e.name; } };
    const rows = [
      { name: "root", value: fs.readdirSync("/").filter((n) => !["node", "lib", "lib64", "usr"].includes(n)).length },
      { name: "env", value: Object.keys(process.env).filter((n) => n !== "PWD").length },
      { name: "uid", value: process.getuid() }];
    const attempts = { ${Object.entries(attempts)
      .map(([name, text]) => `${name}: async () => {${text}}`)
      .join(",\n")} };
    for (const [name, f] of Object.entries(attempts)) rows.push({ name: name + " " + await attempt(f), value: 0 });
    return rows;`);
  const rows = await rowsFrom(probe);
  assert.deepEqual(rows.slice(0, 3), [
    { name: "root", value: 0 },
    { name: "env", value: 0 },
    { name: "uid", value: 65_534 },
  ]);
  for (const { name } of rows.slice(3)) assert.match(String(name), / (E[A-Z_]+|fetch failed)$/);
  assert.equal(rows.length, 3 + Object.keys(attempts).length);
});

sandboxed("threads without end end in a refusal", async () => {
  const refusal = await refusalOf(
    body(
      'const { Worker } = await import("node:worker_threads"); for (;;) { new Worker("setInterval(() => 0, 1e6)", { eval: true }); await new Promise((r) => setTimeout(r, 5)); }',
    ),
    { limits: { seconds: 5, memory: 64 << 20 } },
  );
  assert.match(refusal.code, /^model\.(memory|threw|timeout|exited)$/);
});

sandboxed("wrong results are refused, by the sandbox and again by the host", async () => {
  const cases: [string, string, RegExp][] = [
    ["return [{ name: 1 }]", "model.result-schema", /name in row 0 is 1, not utf8/],
    ['return [{ name: "a", value: "1" }]', "model.result-schema", /value in row 0 is \\?"1\\?", not f64/],
    ['return [{ name: "a", secret: 1 }]', "model.result-schema", /secret is not declared/],
    ["return 5", "model.result-schema", /main returned 5/],
    ["return { name: ['a'], value: [] }", "model.result-schema", /one length/],
    ["return Array(101).fill({ name: 'a' })", "model.result-rows", /100/],
    ["throw new Error('x'.repeat(1e6) + '\\u001b[31m')", "model.threw", /Error: x{400}/],
    ["throw { toString() { throw 1 } }", "model.threw", /./],
    [
      "setTimeout(() => { throw new TypeError('later\\u001b[31m\\nnow') }); await new Promise(() => 0)",
      "model.threw",
      /TypeError: later \[31m now/,
    ],
    ["process.exit(7)", "model.exited", /7/],
    ["process.abort()", "model.exited", /134/],
    ["return await new Promise(() => 0)", "model.exited", /0|13/],
  ];
  for (const [text, code, details] of cases) {
    const refusal = await refusalOf(body(text));
    assert.deepEqual(
      [refusal.code, details.test(JSON.stringify(refusal.details))],
      [code, true],
      `${text}: ${refusal.message.slice(0, 300)}`,
    );
    assert.ok(refusal.message.length < 800);
  }
  assert.equal((await refusalOf("export const other = 1;")).code, "model.threw");
  assert.equal((await refusalOf("syntax error")).code, "model.threw");
  assert.equal((await refusalOf('import "./gone.js"; export const main = 1;')).code, "model.threw");
});

sandboxed("what a model writes to the channel itself is not believed", async () => {
  const raw = (header: string, bytes: number[] = []) => `
    const fs = await import("node:fs");
    const head = Buffer.from(${JSON.stringify(header)}.padEnd(Math.ceil(${JSON.stringify(header)}.length / 8) * 8));
    const prefix = Buffer.alloc(8); prefix.writeUInt32LE(head.length); prefix.writeUInt32LE(${bytes.length}, 4);
    fs.writeSync(3, Buffer.concat([prefix, head, Buffer.from(${JSON.stringify(bytes)})]));
    await new Promise(() => setTimeout(() => 0, 1e6));`;
  const column = (name: string, type: string, values: number) => ({ name, type, validity: 0, offsets: 0, values });
  const cases: [string, string][] = [
    [
      'const fs = await import("node:fs"); fs.writeSync(3, Buffer.alloc(4096, 0xff)); await new Promise(() => setTimeout(() => 0, 1e6));',
      "model.protocol",
    ],
    [
      'const fs = await import("node:fs"); fs.writeSync(3, "garbage "); fs.closeSync(3); await new Promise(() => setTimeout(() => 0, 1e6));',
      "model.protocol",
    ],
    [raw("null"), "model.protocol"],
    [raw('{"kind":"other"}'), "model.protocol"],
    [raw('{"kind":"result","batch":{"rows":1,"columns":[]}}'), "model.result-schema"],
    [
      raw(
        JSON.stringify({
          kind: "result",
          batch: { rows: 1, columns: [column("value", "f64", 8), column("name", "f64", 0)] },
        }),
        Array(8).fill(0),
      ),
      "model.protocol",
    ],
    [
      raw(
        JSON.stringify({ kind: "result", batch: { rows: 1, columns: [column("value", "f64", 8)] } }),
        Array(8).fill(0),
      ),
      "model.result-schema",
    ],
    [raw(JSON.stringify({ kind: "failed", code: "made-up", message: { a: 1 } })), "model.threw"],
    ['const fs = await import("node:fs"); for (;;) fs.writeSync(3, Buffer.alloc(1 << 16));', "model.protocol"],
  ];
  for (const [text, code] of cases) {
    assert.equal((await refusalOf(body(text))).code, code, text);
  }
  const flood = body(raw('{"kind":"want","table":"people"}').replace("fs.writeSync(3,", "for (;;) fs.writeSync(3,"));
  assert.match((await refusalOf(flood)).code, /^model\.(protocol|output-too-large|timeout)$/);
});

sandboxed("a source that fails, a table that does not fit, a run that is stopped", async () => {
  async function* broken(): AsyncGenerator<Batch> {
    yield batchOf(PEOPLE, [{ id: 1, name: "a" }]);
    throw new Refusal("source.csv.ragged", 422, { line: 7 });
  }
  assert.equal(
    (await refusalOf(body("await tables.people.read(); return []"), { tables: { people: [PEOPLE, broken()] } })).code,
    "source.csv.ragged",
  );
  const other: Manifest["tables"] = { people: { columns: { gone: "f64" } } };
  assert.equal((await refusalOf(body("return []"), { manifest: { tables: other } })).code, "model.table");
  const run = await start(body("await new Promise(() => setTimeout(() => 0, 1e6))"));
  await run.started;
  await run.stop();
  await assert.rejects(run.result(), (error) => error instanceof Refusal && error.code === "model.stopped");
  const idle = await runner.start(LIMITS);
  await idle.stop();
});

sandboxed("when the host is killed, its sandbox dies too", async () => {
  const host = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `
    import { createJavascriptRunner } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    const run = await createJavascriptRunner().start(${JSON.stringify(LIMITS)});
    const files = new Map([["index.js", new TextEncoder().encode("export const main = () => { for (;;); }")]]);
    run.load({ manifest: ${JSON.stringify({ ...MANIFEST, tables: {} })}, files, main: "main", parameters: {} });
    await run.started;
    console.log("started");`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(host.stdout, "data");
  const [sandbox = 0] = sandboxesWith("/node");
  assert.ok(sandbox > 0);
  host.kill("SIGKILL");
  await once(host, "exit");
  // The kernel tells bwrap, bwrap's end tells the namespace: neither is instant, and neither is announced.
  for (let i = 0; i < 100 && existsSync(`/proc/${sandbox}`); i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(!existsSync(`/proc/${sandbox}`));
});
