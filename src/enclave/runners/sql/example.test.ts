import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exampleData, runExample } from "../../../../test/support/runner.ts";
import { rowsOf } from "../../columns/batch.ts";
import { createSqlRunner } from "./index.ts";

const countsWith = async (given: Record<string, unknown>) => {
  const { batches } = await runExample(createSqlRunner(), "private-join-sql", { given, memory: 128 << 20 });
  return batches.flatMap(rowsOf);
};

/** The same counts, from the files themselves. */
const expected = (k: number) => {
  const lines = (name: string) =>
    readFileSync(exampleData(name), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(","));
  const diagnoses = new Map(lines("diagnoses").map(([patient, diagnosis]) => [patient, diagnosis]));
  const counts = new Map<string, number>();
  for (const [patient, text] of lines("measurements")) {
    const radius = Number(text);
    const band = radius < 12 ? "below 12" : radius < 15 ? "12 to 15" : radius < 20 ? "15 to 20" : "20 and above";
    const group = `${diagnoses.get(patient)},${band}`;
    if (diagnoses.has(patient)) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, patients]) => patients >= k)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, patients]) => {
      const [diagnosis, radius] = group.split(",");
      return { diagnosis, radius, patients: BigInt(patients) };
    });
};

test("the private join counts patients, and leaves out groups that are too small", async (t) => {
  const available = await createSqlRunner().available();
  if (available !== true) return t.skip(available);
  const usual = await countsWith({});
  assert.deepEqual(usual, expected(10));
  assert.equal(usual.length, 6);
  assert.deepEqual(await countsWith({ k: 100 }), expected(100));
  // Whoever creates the task cannot ask for smaller groups than the model allows.
  assert.deepEqual(await countsWith({ k: 1 }), expected(5));
});
