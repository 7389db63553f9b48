/** Several enclaves that share the tasks of one server, one of them started as on another machine. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { currentProgram } from "../../scripts/bundle.ts";
import { explainBundle } from "../../src/evidence/explain.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import { openDiagnostics, openResult, requestDiagnostics } from "../../src/sdk/workflows/index.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import {
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  ended,
  join,
  type Member,
  newReceiverKey,
} from "../support/members.ts";
import { treeOf } from "../support/processes.ts";

let platform: TestPlatform;
let alice: Member;
let alliance = "";
let source = "";
let elsewhere = "";
const key = newReceiverKey();

const slow = (milliseconds: number) => `export async function main() {
  for (const end = Date.now() + ${milliseconds}; Date.now() < end; );
  return [{ sum: 1 }];
}`;

before(async () => {
  elsewhere = mkdtempSync(path(tmpdir(), "entente-elsewhere-"));
  const remote = `env -C ${elsewhere} ${process.execPath} ${await currentProgram("enclave")}`;
  platform = await openPlatform({
    settings: { enclaves: "2", "enclave-remotes": remote, "enclave-concurrency": "1" },
  });
  alice = await join(platform, "甲方");
  alliance = await ally(platform, [alice]);
  source = (await addTable(platform, alice)).id;
});
after(async () => {
  await platform?.stop();
  rmSync(elsewhere, { recursive: true, force: true });
});

const running = async (code: string, twist: { workers?: readonly string[] } = {}) => {
  const model = await addModel(platform, alice, { code });
  const { id } = await addTask(alice, { alliance, receiver: alice.id, model: model.id, sources: [source], ...twist });
  for (let turn = 0; turn < 3; turn++) await authorise(alice, id, key.publicPem);
  return id;
};
const runnerOf = async (id: string) => (await alice.client.tasks.get({ id })).runsIn;
const kindsOf = async (id: string) => (await alice.client.streams.get({ id })).items.map(({ kind }) => kind);

test("three enclaves of one program have keys of their own, and run", async () => {
  const { items } = await alice.client.enclaves.list();
  assert.equal(items.length, 3);
  assert.equal(items[0]?.id, platform.enclave.id);
  assert.ok(items.every(({ running }) => running));
  assert.equal(new Set(items.map(({ measurement }) => measurement)).size, 1);
  assert.equal(new Set(items.map(({ encryptionKey }) => encryptionKey)).size, 3);
});

test("tasks run where there is room, each once, and what another enclave ran is proven as well", async () => {
  const ids = await Promise.all([1, 2, 3].map(() => running(slow(1_500))));
  for (const id of ids) {
    const task = await ended(alice, id);
    assert.equal(task.state, "succeeded", JSON.stringify(task.failure));
    assert.equal(await openResult(alice.client, id, key.privatePem), "sum\r\n1\r\n");
  }
  const runners = await Promise.all(ids.map(runnerOf));
  assert.equal(new Set(runners).size, 3);
  const other = ids[runners.findIndex((runner) => runner !== platform.enclave.id)] ?? "";
  const explained = explainBundle(verifyBundle(await (await alice.client.tasks.bundle({ id: other })).bytes()), "en");
  assert.ok(explained.acts.some(({ kind }) => kind === "task.delegated"));
  assert.equal(explained.code.measurement, platform.enclave.measurement);
});

test("what a model said that failed in another enclave is read by whoever asked, signed by that one", async () => {
  const throws = `export async function main() {
  for (const end = Date.now() + 1_000; Date.now() < end; );
  throw new Error("deep inside");
}`;
  const ids = await Promise.all([1, 2, 3].map(() => running(throws)));
  for (const id of ids) assert.equal((await ended(alice, id)).failure?.code, "model.threw");
  const runners = await Promise.all(ids.map(runnerOf));
  const other = ids[runners.findIndex((runner) => runner !== platform.enclave.id)] ?? "";
  await requestDiagnostics(alice.client, other, key.publicPem);
  const text = await openDiagnostics(alice.client, other, key.privatePem, { enclaves: "any" });
  assert.match(text, /deep inside/);
});

test("a task that names one enclave runs in that one", async () => {
  const ids = await Promise.all([1, 2].map(() => running(slow(300), { workers: [] })));
  for (const id of ids) {
    assert.equal((await ended(alice, id)).state, "succeeded");
    assert.equal(await runnerOf(id), platform.enclave.id);
  }
});

test("an enclave that dies over a task comes back to it, or another takes it, and there is one result", async () => {
  const before = treeOf(process.pid).filter(({ command }) => command.includes("enclave.mjs"));
  assert.equal(before.length, 3);
  const ids = await Promise.all([1, 2, 3].map(() => running(slow(2_000))));
  // Each has one by now; all but the first enclave are killed in the middle of it.
  await sleep(800);
  for (const { pid } of before.slice(1)) process.kill(pid, "SIGKILL");
  for (const id of ids) {
    const task = await ended(alice, id);
    assert.equal(task.state, "succeeded", JSON.stringify(task.failure));
    assert.equal((await kindsOf(id)).filter((kind) => /completed|failed/.test(kind)).length, 1);
    assert.equal(await openResult(alice.client, id, key.privatePem), "sum\r\n1\r\n");
  }
});

test("a fleet started again is the same fleet, and goes on with what it had in hand", async () => {
  const before = (await alice.client.enclaves.list()).items.map(({ id }) => id);
  const ids = await Promise.all([1, 2, 3].map(() => running(slow(1_000))));
  await platform.halt();
  await platform.start();
  assert.deepEqual((await alice.client.enclaves.list()).items.map(({ id }) => id).sort(), before.sort());
  for (const id of ids) assert.equal((await ended(alice, id)).state, "succeeded");
});

test("what an enclave had that is gone for good is taken back and run by the first", async () => {
  const ids = await Promise.all([1, 2, 3].map(() => running(slow(1_500))));
  for (const id of ids) while ((await alice.client.tasks.get({ id })).state !== "running") await sleep(50);
  while ((await Promise.all(ids.map(kindsOf))).flat().filter((kind) => kind === "task.delegated").length < 2)
    await sleep(50);
  await platform.halt();
  await platform.start({ enclaves: "1", "enclave-remotes": "" });
  for (const id of ids) {
    assert.equal((await ended(alice, id)).state, "succeeded");
    assert.equal(await runnerOf(id), platform.enclave.id);
  }
  await platform.halt();
  await platform.start();
});
