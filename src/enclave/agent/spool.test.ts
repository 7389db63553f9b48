/** Tables that wait, in memory and on disk, come back as they were. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Batch, rowsOf, type Schema } from "../columns/batch.ts";
import { batchOf } from "../columns/build.ts";
import { spoolTable } from "./spool.ts";

const SCHEMA: Schema = [
  { name: "n", type: "i64" },
  { name: "text", type: "utf8" },
];
const LONG = "患者".repeat(500);

async function* table(batches: number): AsyncGenerator<Batch> {
  for (let i = 0; i < batches; i++)
    yield batchOf(SCHEMA, [
      { n: BigInt(i), text: `${i} ${LONG}` },
      { n: null, text: i % 2 ? null : "" },
    ]);
}

/** A batch of so many bytes. */
const heavy = (bytes: number): Batch => batchOf(SCHEMA, [{ n: 1n, text: "x".repeat(bytes) }]);

const directoryOf = (t: { after: (end: () => void) => void }): string => {
  const directory = mkdtempSync(join(tmpdir(), "entente-spool-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
};

test("a small table stays in memory", async (t) => {
  const directory = directoryOf(t);
  const spool = await spoolTable(table(3), directory);
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(spool.rows, 6);
  const [expected, found] = [await Array.fromAsync(table(3)), await Array.fromAsync(spool.batches())];
  assert.deepEqual(found.flatMap(rowsOf), expected.flatMap(rowsOf));
});

test("a large one waits on disk, encrypted, and is gone afterwards", async (t) => {
  const directory = directoryOf(t);
  const large = async function* () {
    for (let i = 0; i < 6; i++) yield heavy(10 << 20);
    yield* table(2);
  };
  const spool = await spoolTable(large(), directory);
  const [file = ""] = readdirSync(directory);
  assert.ok(!readFileSync(join(directory, file)).includes("xxxx"));
  const found = (await Array.fromAsync(spool.batches())).flatMap(rowsOf);
  assert.deepEqual(found.slice(6), (await Array.fromAsync(table(2))).flatMap(rowsOf));
  assert.equal(spool.rows, found.length);
  await spool.drop();
  assert.deepEqual(readdirSync(directory), []);
});

test("what was changed on disk is noticed", async (t) => {
  const directory = directoryOf(t);
  const large = async function* () {
    for (let i = 0; i < 6; i++) yield heavy(10 << 20);
  };
  const spool = await spoolTable(large(), directory);
  const path = join(directory, readdirSync(directory)[0] ?? "");
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await assert.rejects(Array.fromAsync(spool.batches()), { code: "enclave.host" });
  await spool.drop();
});

test("of a table that fails while it comes nothing is left", async (t) => {
  const directory = directoryOf(t);
  const broken = async function* () {
    for (let i = 0; i < 6; i++) yield heavy(10 << 20);
    throw new Error("the connection is gone");
  };
  await assert.rejects(spoolTable(broken(), directory), /gone/);
  assert.deepEqual(readdirSync(directory), []);
});
