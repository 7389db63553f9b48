import assert from "node:assert/strict";
import { test } from "node:test";
import { runExample } from "../../../test/support/runner.ts";
import { rowsOf } from "../columns/batch.ts";
import { runnersOf } from "./registry.ts";
import type { Runner } from "./runner.ts";

for (const isolation of ["bubblewrap", "quickjs"] as const)
  test(`the example model predicts the diagnoses (${isolation})`, async (t) => {
    const runner = runnersOf(isolation, {}).javascript as Runner;
    const available = await runner.available();
    if (available !== true) return t.skip(available);
    const { batches, log } = await runExample(runner, "logistic-regression");
    const values = new Map(batches.flatMap(rowsOf).map(({ measure, value }) => [measure, value as number]));
    assert.equal(log, "530 patients are in both tables, 199 of them malignant\n");
    assert.equal(values.get("patients"), 530);
    assert.equal(values.size, 13);
    // What scikit-learn 1.9 gives for the same folds (newton-cholesky, C = 1).
    assert.ok(Math.abs((values.get("auc") ?? 0) - 0.9852282560840456) < 1e-9, String([...values]));
  });
