import assert from "node:assert/strict";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pack, unpack } from "../archive.ts";
import { rowsOf } from "../columns/batch.ts";
import { csv } from "../files/csv.ts";
import { readManifest, resolveParameters } from "./manifest.ts";
import { runnersOf } from "./registry.ts";
import type { Runner } from "./runner.ts";

const examples = new URL("../../../examples/", import.meta.url);
const folder = new URL("models/logistic-regression/", examples);

for (const isolation of ["bubblewrap", "quickjs"] as const)
  test(`the example model predicts the diagnoses (${isolation})`, async (t) => {
    const runner = runnersOf(isolation, {}).javascript as Runner;
    const available = await runner.available();
    if (available !== true) return t.skip(available);
    const sources = new Map(
      readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]),
    );
    const files = await unpack(await pack(sources));
    const manifest = readManifest(files);
    const run = await runner.start({ seconds: 30, memory: 256 << 20, output: 1 << 20 });
    run.load({ manifest, files, main: "main", parameters: resolveParameters(manifest, {}) });
    for (const name of ["measurements", "diagnoses"]) {
      const file = () => createReadStream(new URL(`data/breast-cancer/${name}.csv`, examples));
      const { columns } = await csv.describe(file());
      run.table(name, columns, csv.read(file(), columns, Object.keys(manifest.tables[name]?.columns ?? {})));
    }
    const { batches, log } = await run.result();
    const values = new Map(batches.flatMap(rowsOf).map(({ measure, value }) => [measure, value as number]));
    assert.equal(log, "530 patients are in both tables, 199 of them malignant\n");
    assert.equal(values.get("patients"), 530);
    assert.equal(values.size, 13);
    // What scikit-learn 1.9 gives for the same folds (newton-cholesky, C = 1).
    assert.ok(Math.abs((values.get("auc") ?? 0) - 0.9852282560840456) < 1e-9, String([...values]));
  });
