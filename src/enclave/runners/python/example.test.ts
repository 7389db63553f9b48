import assert from "node:assert/strict";
import { runner as python, sandboxed } from "../../../../test/support/python.ts";
import { runExample } from "../../../../test/support/runner.ts";
import { rowsOf } from "../../columns/batch.ts";
import { createJavascriptRunner } from "../javascript/index.ts";
import type { Runner } from "../runner.ts";

const resultOf = async (runner: Runner, name: string) => {
  const { batches, log } = await runExample(runner, name);
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
