/** A host that gives other files than it was asked for, parts of them, or none. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { source } from "../../../test/support/consortium.ts";
import { chunked, openRig, outcomeOf, type Rig, SUM } from "../../../test/support/hostile-host.ts";
import { SALT } from "../../../test/support/principals.ts";
import { act } from "../../../test/support/stage.ts";
import { concat, utf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { digestOf } from "../../trust/digest.ts";
import { pack } from "../archive.ts";

/** The host answers with `bytes` for one digest. */
const swap = (rig: Rig, digest: string, bytes: (honest: Uint8Array) => Uint8Array) => {
  rig.tricks.read = (asked, honest) => chunked(asked === digest ? bytes(honest()) : honest());
};
const flipped = (bytes: Uint8Array, at: number) => {
  const other = new Uint8Array(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
};
const ready = async (rig: Rig) => {
  await rig.authorise();
  await rig.follow();
  return rig;
};

const CHANGES: Record<string, (honest: Uint8Array) => Uint8Array> = {
  "truncated by a byte": (bytes) => bytes.subarray(0, -1),
  "cut to its half": (bytes) => bytes.subarray(0, bytes.length >> 1),
  "left empty": () => new Uint8Array(),
  "longer by a byte": (bytes) => concat(bytes, Uint8Array.of(0)),
  "given twice": (bytes) => concat(bytes, bytes),
  "flipped in its head": (bytes) => flipped(bytes, 20),
  "flipped at its end": (bytes) => flipped(bytes, bytes.length - 1),
};
for (const [how, change] of Object.entries(CHANGES))
  test(`an envelope and an archive that are ${how} are refused`, async (t) => {
    const rig = await ready(await openRig(t));
    for (const { digest } of [rig.envelope, rig.archive]) {
      swap(rig, digest, change);
      await assert.rejects(rig.run(), { code: "enclave.file" });
    }
    assert.deepEqual(rig.written, []);
    rig.tricks.read = undefined;
    assert.equal(outcomeOf(await rig.run()), "task.completed");
  });

test("a table that the server sealed itself is not read, though it opens", async (t) => {
  const rig = await ready(await openRig(t));
  const forged = await rig.sealFor("number\n7\n");
  swap(rig, rig.envelope.digest, () => forged);
  await assert.rejects(rig.run(), { code: "enclave.file" });
  assert.deepEqual(rig.written, []);
});

test("nor its first part, where the model stops early", async (t) => {
  const code = `export async function main({ tables }) {
    for await (const batch of tables.table_0) return [{ v: batch.column("number").get(0) }];
  }`;
  const table = (value: number) => `number\n${`${value}\n`.repeat(2_000_000)}`;
  const rig = await ready(await openRig(t, { code, csv: table(1) }));
  const forged = await rig.sealFor(table(7));
  swap(rig, rig.envelope.digest, () => forged);
  await assert.rejects(rig.run(), { code: "enclave.file" });
  swap(rig, rig.envelope.digest, (honest) => concat(forged.subarray(0, 1 << 20), honest.subarray(1 << 20)));
  await assert.rejects(rig.run(), { code: "enclave.file" });
  assert.deepEqual(rig.written, []);
});

test("another model's archive is not run, though it is a good one", async (t) => {
  const rig = await ready(await openRig(t));
  const manifest = {
    runner: "javascript",
    entry: "index.js",
    tables: { table_0: { columns: { number: "f64" } } },
    result: { columns: { v: "f64" }, maxRows: 1 },
  };
  const files = { "index.js": SUM.replace("v: sum", "v: 666"), "entente.json": JSON.stringify(manifest) };
  const other = await pack(new Map(Object.entries(files).map(([path, text]) => [path, utf8(text)])));
  swap(rig, rig.archive.digest, () => other);
  await assert.rejects(rig.run(), { code: "enclave.file" });
  assert.deepEqual(rig.written, []);
});

test("an envelope that another owner sealed is not opened for who registers it as his own", async (t) => {
  const rig = await openRig(t);
  const foreign = rig.put(await rig.sealFor("number\n1\n", rig.institute.id));
  const sources = [await source(rig.stage, rig.hospital, rig.enclave, { envelope: foreign, ...rig.described })];
  const task = await rig.newTask({}, { ...rig.parts, sources });
  await rig.authorise(task);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task })), "envelope.context");
  assert.deepEqual(rig.written, []);
});

test("a description that is swapped, missing or another's is refused", async (t) => {
  const rig = await ready(await openRig(t));
  const key = digestOf(rig.detail);
  const other = { ...rig.detail, columns: [{ name: "number", type: "utf8", description: "" }] };
  for (const details of [
    {},
    { [key]: other },
    { [key]: { ...rig.detail, salt: SALT.replace("A", "B") } },
    { [key]: 1 },
  ])
    await assert.rejects(rig.run({ details }), { code: "enclave.file" });
  assert.deepEqual(rig.reads, []);
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("columns that do not fit the structure that was authorised end the task before the envelope is opened", async (t) => {
  const rig = await openRig(t);
  const detail = { ...rig.detail, columns: [{ name: "number", type: "i32", description: "" }] };
  const { structure } = rig.described;
  const described = { envelope: rig.envelope, structure, detail: digestOf(detail) };
  const sources = [await source(rig.stage, rig.hospital, rig.enclave, described)];
  const task = await rig.newTask({}, { ...rig.parts, sources });
  await rig.authorise(task);
  await rig.follow();
  const statement = await rig.run({ task, details: { [digestOf(detail)]: detail } });
  assert.equal(outcomeOf(statement), "enclave.structure");
  assert.deepEqual(rig.reads, []);
});

test("what the server throws is its own failure: no word of it is signed", async (t) => {
  const rig = await ready(await openRig(t));
  const errors = [new Refusal("hospital.cheated", 400), new Refusal("model.threw", 422), new Error("disk")];
  for (const error of errors) {
    rig.tricks.read = () => {
      throw error;
    };
    await assert.rejects(rig.run(), { code: "enclave.host" });
  }
  rig.tricks.read = async function* (_, honest) {
    yield honest().subarray(0, 10);
    throw new Refusal("hospital.cheated", 400);
  };
  await assert.rejects(rig.run(), { code: "enclave.host" });
  rig.tricks.read = undefined;
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("a server that stalls holds up its own run and nothing else; nothing is left of it", async (t) => {
  const rig = await ready(await openRig(t));
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { promise: stalled, resolve: stall } = Promise.withResolvers<void>();
  rig.tricks.read = async function* (digest, honest) {
    if (digest === rig.envelope.digest) {
      yield honest().subarray(0, 10);
      stall();
      await free;
      yield honest().subarray(10);
    } else yield honest();
  };
  const run = rig.run();
  await stalled;
  assert.equal((await rig.call("attest", { nonce: "n" })).provider, "simulated");
  const other = await rig.newTask();
  await rig.authorise(other);
  await rig.follow();
  assert.deepEqual(rig.written, []);
  go();
  assert.equal(outcomeOf(await run), "task.completed");
});

test("a consent that is revoked while a run waits for files does not let its receipt onto the ledger", async (t) => {
  const rig = await ready(await openRig(t));
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { promise: stalled, resolve: stall } = Promise.withResolvers<void>();
  rig.tricks.read = async function* (_, honest) {
    stall();
    await free;
    yield honest();
  };
  const run = rig.run();
  await stalled;
  await act(rig.stage, rig.hospital, "task.revoked", rig.task);
  go();
  const statement = await run;
  await assert.rejects(rig.stage.submit(statement), { code: "stream.moved" });
});

test("files too large for memory wait on disk as they came, and are gone afterwards", async (t) => {
  const rig = await ready(await openRig(t, { csv: `number\n${"1.000000001\n".repeat(3_200_000)}` }));
  assert.ok(rig.envelope.size > 32 << 20);
  assert.equal(outcomeOf(await rig.run()), "task.completed");
  const task = await rig.newTask();
  await rig.authorise(task);
  await rig.follow();
  swap(rig, rig.envelope.digest, (honest) => flipped(honest, honest.length - 1));
  await assert.rejects(rig.run({ task }), { code: "enclave.file" });
  const left = (await readdir(rig.state)).filter((name) => name.startsWith("incoming-"));
  assert.deepEqual(left, []);
});
