/** `entente model test`: what the output gate would make of a result. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCommandLine } from "../run.ts";

const home = mkdtempSync(join(tmpdir(), "entente-model-policy-"));
after(() => rmSync(home, { recursive: true }));

const write = (name: string, content: unknown): string => {
  const path = join(home, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const VISITS = write(
  "visits.csv",
  `patient_no,diagnosis,visited\n${["1,a", "1,a", "2,a", "3,a", "4,b", "5,b"].map((row) => `${row},x\n`).join("")}`,
);

/** A project that counts rows by diagnosis, or all of them. */
const project = (code: string, result: object): string => {
  write("index.js", code);
  write("entente.json", {
    runner: "javascript",
    entry: "index.js",
    tables: { visits: { columns: { diagnosis: "utf8" } } },
    result,
    parameters: {},
  });
  return home;
};
const BY_DIAGNOSIS = `export async function main({ tables }) {
  const counts = new Map();
  for await (const batch of tables.visits)
    for (let i = 0; i < batch.rows; i++) {
      const name = batch.column("diagnosis").get(i);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  return [...counts].map(([diagnosis, n]) => ({ diagnosis, n }));
}`;
const counting = () => project(BY_DIAGNOSIS, { columns: { diagnosis: "utf8", n: "i64" }, maxRows: 10 });

const tried = async (path: string, ...words: string[]) => {
  const [out, error]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => out.push(line), error: (line: string) => error.push(line) };
  const all = ["model", "test", path, "--data", `visits=${VISITS}`, ...words, "--json"];
  const status = await runCommandLine([...all, "--profiles", join(home, "profiles")], terminal);
  const answer = JSON.parse(status === 0 ? out.join("\n") : error.join("\n"));
  return status === 0 ? answer.result.values : [answer.error.code, answer.error.text];
};
let policies = 0;
const under = (policy: unknown) => ["--policy", `visits=${write(`policy-${++policies}.json`, policy)}`];

test("a policy is applied as its owner writes it", async () => {
  const path = counting();
  const all = [
    ["a", "4"],
    ["b", "2"],
  ];
  assert.deepEqual(await tried(path), all);
  assert.deepEqual(await tried(path, ...under({ minGroup: { size: 2, columns: ["diagnosis"] } })), all);
  const small = await tried(path, ...under({ minGroup: { size: 3, columns: ["diagnosis"] } }));
  assert.deepEqual(small[0], "gate.group");
  assert.match(small[1], /fewer than 3 in visits/);
  // Four rows are about three persons, told apart by a column that the model does not read.
  const distinct = (size: number) => under({ minGroup: { size, columns: ["diagnosis"], distinct: "patient_no" } });
  assert.deepEqual(await tried(path, ...distinct(2)), all);
  assert.deepEqual((await tried(path, ...distinct(3)))[0], "gate.group");
  assert.deepEqual((await tried(path, ...under({ maxRows: 1 })))[0], "gate.rows");
  assert.deepEqual((await tried(path, ...under({ values: "noised" })))[0], "gate.values");
});

test("noise that the manifest declares is there, as in a task", async () => {
  const path = project("export const main = () => [{ n: 1e6 }];", {
    columns: { n: "f64" },
    maxRows: 1,
    noise: { n: { epsilon: 0.001, sensitivity: 1 } },
  });
  const values = (await Promise.all([tried(path), tried(path, ...under({ values: "noised" }))])).map(([[n]]) => n);
  assert.notEqual(values[0], values[1]);
  for (const n of values) assert.ok(typeof n === "number" && n !== 1e6 && Math.abs(n - 1e6) < 1e5, String(n));
});

test("policies that can't be used are refused before the model runs", async () => {
  const path = counting();
  const cases: [string, string[]][] = [
    ["policy.malformed", under({ minGroup: { size: 1, columns: [] } })],
    ["source.column-unknown", under({ minGroup: { size: 2, columns: ["name"] } })],
    ["trial.table", ["--policy", `patients=${write("empty.json", {})}`]],
    ["file.unreadable", ["--policy", `visits=${join(home, "none.json")}`]],
    ["file.unreadable", ["--policy", `visits=${write("broken.json", "{")}`]],
  ];
  for (const [code, words] of cases) assert.deepEqual((await tried(path, ...words))[0], code);
});
