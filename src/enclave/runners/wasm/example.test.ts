import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import asc from "assemblyscript/asc";
import { batches, exampleData, exampleModel, exampleTable, sandboxedWith } from "../../../../test/support/runner.ts";
import { type Batch, rowsOf, type Schema } from "../../columns/batch.ts";
import { readManifest, resolveParameters } from "../manifest.ts";
import { createWasmRunner } from "./index.ts";

const folder = exampleModel("scorer-wasm");
const runner = createWasmRunner();
const sandboxed = sandboxedWith(runner.available, "/node");

const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
const manifest = readManifest(new Map(["entente.json", "scorer.wasm"].map((name) => [name, read(name)])));

const scoresOf = async (module: string, given: object = {}, table?: readonly [Schema, AsyncIterable<Batch>]) => {
  const run = await runner.start({ seconds: 30, memory: 16 << 20, output: 1 << 20 });
  const parameters = resolveParameters(manifest, { ...given });
  run.load({ manifest, files: new Map([["scorer.wasm", read(module)]]), main: "main", parameters });
  run.table("measurements", ...(table ?? (await exampleTable(manifest, "measurements"))));
  const { batches, log } = await run.result();
  return { rows: batches.flatMap(rowsOf), log };
};

for (const module of ["scorer.wasm", "scorer-rust.wasm"])
  sandboxed(`${module} tells malignant tumours from benign ones`, async () => {
    const { rows, log } = await scoresOf(module);
    assert.equal(log, "548 patients were scored\n");
    assert.equal(rows.length, 548);
    const malignant = new Set(
      readFileSync(exampleData("diagnoses"), "utf8")
        .split(/\r?\n/)
        .filter((line) => line.endsWith("malignant"))
        .map((line) => Number.parseInt(line, 10)),
    );
    const wrong = rows.filter(
      ({ patient_no, score }) => malignant.has(patient_no as number) !== (score as number) >= 0.5,
    );
    // Of 548, eighteen are in no table of diagnoses; a few of the others are hard to tell.
    assert.ok(wrong.length < 18, `${wrong.length} are wrong`);
    const high = await scoresOf(module, { minimum: 0.9 });
    assert.deepEqual(
      high.rows,
      rows.filter(({ score }) => (score as number) >= 0.9),
    );
  });

sandboxed("both modules give the same scores, and none where a measurement is missing", async () => {
  const [script, rust] = [await scoresOf("scorer.wasm"), await scoresOf("scorer-rust.wasm")];
  for (const [i, row] of script.rows.entries()) {
    assert.equal(row.patient_no, rust.rows[i]?.patient_no);
    assert.ok(Math.abs((row.score as number) - (rust.rows[i]?.score as number)) < 1e-12);
  }
  const schema: Schema = Object.entries(manifest.tables.measurements?.columns ?? {}).map(([name, type]) => ({
    name,
    type,
  }));
  const known = Object.fromEntries(schema.map(({ name }) => [name, 1]));
  const lists = [[known, { ...known, area_mean: null }, { ...known, patient_no: null }], [{ ...known, patient_no: 2 }]];
  for (const module of ["scorer.wasm", "scorer-rust.wasm"]) {
    const { rows } = await scoresOf(module, {}, [schema, batches(schema, ...lists)]);
    assert.deepEqual(
      rows.map(({ patient_no, score }) => [patient_no, score === null]),
      [
        [1, false],
        [1, true],
        [2, false],
      ],
    );
  }
});

test("scorer.wasm is what its source compiles to", async () => {
  const inside = new Set([
    "asconfig.json",
    ...readdirSync(new URL("assembly/", folder)).map((name) => `assembly/${name}`),
  ]);
  const written = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main(["--config", "asconfig.json"], {
    readFile: (name) => (inside.has(name) ? readFileSync(new URL(name, folder), "utf8") : null),
    writeFile(name, content) {
      written.set(name, content as Uint8Array);
    },
    listFiles: () => [],
  });
  assert.equal(error, null, stderr.toString());
  const compiled = written.get("./scorer.wasm") ?? new Uint8Array();
  assert.ok(Buffer.from(compiled).equals(read("scorer.wasm")), "compile it again, as the README says");
});
