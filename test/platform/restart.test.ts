/** Starting again on the same data, and on data that somebody has changed meanwhile. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { afterEach, test } from "node:test";
import { startPlatform } from "../../src/compose.ts";
import { openResult } from "../../src/sdk/workflows/index.ts";
import { openPlatform } from "../support/in-process.ts";
import {
  addModel,
  addTable,
  addTask,
  authorise,
  ended,
  newReceiverKey,
  openAlliance,
  prepareTable,
} from "../support/members.ts";

const { platform, alliance, alice } = await openAlliance({ alice: "甲方" });
const source = (await addTable(platform, alice)).id;
const key = newReceiverKey();

/** Asked for and authorised; it runs. */
const running = async (code?: string) => {
  const model = await addModel(platform, alice, { ...(code && { code }) });
  const { id } = await addTask(alice, { alliance, receiver: alice.id, model: model.id, sources: [source] });
  for (let turn = 0; turn < 3; turn++) await authorise(alice, id, key.publicPem);
  return id;
};
const SLOW = `export async function main() {
  for (const end = Date.now() + 800; Date.now() < end; );
  return [{ sum: 1 }];
}`;

test("a second server on the same data is refused, and the first goes on", async () => {
  await assert.rejects(startPlatform(platform.options), {
    code: "data.locked",
    details: { dir: platform.data, pid: String(process.pid) },
  });
  assert.equal((await alice.client.alliances.get({ id: alliance })).id, alliance);
});

test("everything is there again, and what was running runs to its end, once", async () => {
  const id = await running(SLOW);
  assert.equal((await alice.client.tasks.get({ id })).state, "running");
  const before = await alice.client.tasks.get({ id });
  const { id: enclave, measurement } = platform.enclave;
  await platform.halt();
  await platform.start();
  assert.deepEqual([platform.enclave.id, platform.enclave.measurement], [enclave, measurement], "the same enclave");
  const after = await ended(alice, id);
  assert.deepEqual([after.id, after.stream, after.state], [before.id, before.stream, "succeeded"]);
  assert.equal(await openResult(alice.client, id, key.privatePem), "sum\r\n1\r\n");
  const { items } = await alice.client.streams.get({ id });
  assert.equal(items.filter(({ kind }) => /completed|failed/.test(kind)).length, 1);
});

/** The data as they are at this moment, to be laid over what comes later. */
const copyOf = (directory: string): string => {
  const copy = mkdtempSync(path(tmpdir(), "entente-copy-"));
  cpSync(directory, copy, { recursive: true });
  copies.push(copy);
  return copy;
};
const copies: string[] = [];
afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true });
});
const enclaveFile = (name: string): string => {
  const [program = ""] = readdirSync(path(platform.data, "enclave"));
  return path(platform.data, "enclave", program, name);
};

test("an enclave's state that was rolled back is refused", async () => {
  await platform.halt();
  const older = readFileSync(enclaveFile("sealed-state"));
  await platform.start();
  await ended(alice, await running());
  await platform.halt();
  const newest = readFileSync(enclaveFile("sealed-state"));
  writeFileSync(enclaveFile("sealed-state"), older);
  await assert.rejects(platform.start(), { code: "enclave.state.rolled-back" });
  rmSync(enclaveFile("sealed-state"));
  await assert.rejects(platform.start(), { code: "enclave.state.rolled-back" });
  writeFileSync(enclaveFile("sealed-state"), newest);
  await platform.start();
  assert.equal((await ended(alice, await running())).state, "succeeded");
});

test("a ledger from which the newest entries were taken is not computed on", async () => {
  await platform.halt();
  const older = copyOf(path(platform.data, "ledger"));
  await platform.start();
  await ended(alice, await running());
  await platform.halt();
  const newest = copyOf(path(platform.data, "ledger"));
  cpSync(older, path(platform.data, "ledger"), { recursive: true });
  await platform.start();
  await assert.rejects(prepareTable(platform, alice), { code: "enclave.ledger.stale" });
  await platform.halt();
  rmSync(path(platform.data, "ledger"), { recursive: true });
  cpSync(newest, path(platform.data, "ledger"), { recursive: true });
  await platform.start();
  assert.equal((await prepareTable(platform, alice)).rows, 3);
});

test("another platform's ledger is not computed on", async () => {
  const other = await openPlatform();
  try {
    await other.halt();
    await platform.halt();
    const own = copyOf(path(platform.data, "ledger"));
    const foreign = copyOf(path(other.data, "ledger"));
    rmSync(path(platform.data, "ledger"), { recursive: true });
    cpSync(foreign, path(platform.data, "ledger"), { recursive: true });
    await assert.rejects(platform.start(), { code: "enclave.ledger.other" });
    await platform.halt();
    rmSync(path(platform.data, "ledger"), { recursive: true });
    cpSync(own, path(platform.data, "ledger"), { recursive: true });
  } finally {
    await other.stop();
  }
  // The start above has made the computed tables from the other ledger.
  await platform.rebuild();
  await platform.start();
  assert.equal((await ended(alice, await running())).state, "succeeded");
});
