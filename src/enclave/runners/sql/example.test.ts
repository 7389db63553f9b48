import assert from "node:assert/strict";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { rowsOf } from "../../columns/batch.ts";
import { csv } from "../../files/csv.ts";
import { readManifest, resolveParameters } from "../manifest.ts";
import { createSqlRunner } from "./index.ts";

const examples = new URL("../../../../examples/", import.meta.url);
const folder = new URL("models/private-join-sql/", examples);
const data = (name: string) => new URL(`data/breast-cancer/${name}.csv`, examples);

const countsWith = async (given: Record<string, unknown>) => {
  const files = new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]));
  const manifest = readManifest(files);
  const run = await createSqlRunner().start({ seconds: 30, memory: 128 << 20, output: 1 << 20 });
  run.load({ manifest, files, main: "main", parameters: resolveParameters(manifest, given) });
  for (const [name, { columns: wanted }] of Object.entries(manifest.tables)) {
    const { columns } = await csv.describe(createReadStream(data(name)));
    run.table(name, columns, csv.read(createReadStream(data(name)), columns, Object.keys(wanted)));
  }
  return (await run.result()).batches.flatMap(rowsOf);
};

/** The same counts, from the files themselves. */
const expected = (k: number) => {
  const lines = (name: string) =>
    readFileSync(data(name), "utf8")
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
