import assert from "node:assert/strict";
import { test } from "node:test";
import { createRig } from "../../../../test/support/runner.ts";
import { Refusal } from "../../../base/refusal.ts";
import { rowsOf } from "../../columns/batch.ts";
import type { Manifest } from "../manifest.ts";
import type { Limits } from "../runner.ts";
import { createQuickjsRunner } from "./index.ts";

const runner = createQuickjsRunner();
const LIMITS: Limits = { seconds: 120, memory: 64 << 20, output: 4 << 20 };
const MANIFEST: Manifest = {
  runner: "javascript",
  entry: "src/index.js",
  tables: { people: { columns: { id: "f64", name: "utf8" } } },
  result: { columns: { name: "utf8", value: "f64" }, maxRows: 10 },
  parameters: {},
};
const { resultOf } = createRig({
  runner,
  limits: LIMITS,
  manifest: MANIFEST,
  rows: [
    [
      { id: 1, name: "乳腺 😀" },
      { id: null, name: "b" },
    ],
    [{ id: 3, name: null }],
  ],
});
const body = (text: string) => `export async function main({ tables, parameters, log }) {${text}}`;

test("the model interface is the same as in the other sandbox", async () => {
  assert.equal(runner.isolation, "quickjs");
  const source = `import { plus } from "../lib/plus.js"; ${body(`
    const people = await tables.people.read();
    const id = people.column("id"), name = people.column("name");
    log("rows", people.rows);
    return Array.from(id.values, (value, i) => ({ name: name.get(i), value: id.isNull(i) ? null : plus(value, 1) }));`)}`;
  const result = await resultOf(source, { files: { "lib/plus.js": "export const plus = (a, b) => a + b;" } });
  assert.deepEqual(result.batches.flatMap(rowsOf), [
    { name: "乳腺 😀", value: 2 },
    { name: "b", value: null },
    { name: null, value: 4 },
  ]);
  assert.equal(result.log, "rows 3\n");
});

test("nothing of the host is there, and every excess has its name", async () => {
  const names = "process,require,fetch,setTimeout,std,os,console,WebAssembly,Worker".split(",");
  const { batches } = await resultOf(
    body(`return [{ name: ${JSON.stringify(names)}.filter((n) => n in globalThis).join() }]`),
  );
  assert.deepEqual(batches.flatMap(rowsOf), [{ name: "", value: null }]);
  const cases: [string, string, Partial<Limits>?][] = [
    ["for (;;);", "model.timeout", { seconds: 1 }],
    ["for (;;) await 0;", "model.timeout", { seconds: 1 }],
    ["const a = []; for (;;) a.push(new ArrayBuffer(1 << 20));", "model.memory"],
    ["const a = []; for (;;) a.push({ a: [a.length] });", "model.memory"],
    ["await new Promise(() => 0)", "model.exited"],
    ["const f = () => f() + 1; f()", "model.threw"],
    ["throw new Error('x'.repeat(1e6))", "model.threw"],
    ["await import('node:fs')", "model.threw"],
    ["await import('file:///etc/passwd')", "model.threw"],
    ["return [{ name: 1 }]", "model.result-schema"],
    ["return Array(11).fill({})", "model.result-rows"],
    ["return [{ name: 'x'.repeat(5 << 20) }]", "model.output-too-large"],
  ];
  for (const [text, code, limits] of cases)
    await assert.rejects(resultOf(body(text), { limits }), (error) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code, `${text}: ${error.message}`);
      assert.ok(error.message.length < 800);
      return true;
    });
});
