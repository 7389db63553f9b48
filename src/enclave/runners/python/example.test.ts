import assert from "node:assert/strict";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { runner as python, sandboxed } from "../../../../test/support/python.ts";
import { pack, unpack } from "../../archive.ts";
import { rowsOf } from "../../columns/batch.ts";
import { csv } from "../../files/csv.ts";
import { createJavascriptRunner } from "../javascript/index.ts";
import { readManifest, resolveParameters } from "../manifest.ts";
import type { Runner } from "../runner.ts";

const examples = new URL("../../../../examples/", import.meta.url);

/** The result of an example model on the two tables. */
const resultOf = async (runner: Runner, name: string) => {
  const folder = new URL(`models/${name}/`, examples);
  const sources = new Map(
    readdirSync(folder).map((file) => [file, new Uint8Array(readFileSync(new URL(file, folder)))]),
  );
  const files = await unpack(await pack(sources));
  const manifest = readManifest(files);
  const run = await runner.start({ seconds: 30, memory: 256 << 20, output: 1 << 20 });
  run.load({ manifest, files, main: "main", parameters: resolveParameters(manifest, {}) });
  for (const table of ["measurements", "diagnoses"]) {
    const file = () => createReadStream(new URL(`data/breast-cancer/${table}.csv`, examples));
    const { columns } = await csv.describe(file());
    run.table(table, columns, csv.read(file(), columns, Object.keys(manifest.tables[table]?.columns ?? {})));
  }
  const { batches, log } = await run.result();
  return { log, values: batches.flatMap(rowsOf) as { measure: string; value: number }[] };
};

sandboxed("the example in Python gives what the one in JavaScript gives", async () => {
  const found = await resultOf(python, "logistic-regression-python");
  assert.equal(found.log, "530 patients are in both tables, 199 of them malignant\n");
  const expected = await resultOf(createJavascriptRunner(), "logistic-regression");
  assert.equal(found.log, expected.log);
  assert.deepEqual(
    found.values.map(({ measure }) => measure),
    expected.values.map(({ measure }) => measure),
  );
  found.values.forEach(({ measure, value }, i) => {
    const other = expected.values[i]?.value ?? Number.NaN;
    assert.ok(Math.abs(value - other) <= 1e-9 * Math.max(1, Math.abs(other)), `${measure}: ${value}, not ${other}`);
  });
});
