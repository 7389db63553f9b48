/** Tables of every kind of wrongness, and models that fail: what their owners are told, and what nobody is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import { utf8 } from "../../src/base/bytes.ts";
import { signStructureRequest } from "../../src/rules/structure-request.ts";
import { openResult, registerSource, sealSource } from "../../src/sdk/workflows/index.ts";
import {
  addModel,
  addTable,
  addTask,
  authorise,
  ended,
  type Member,
  newReceiverKey,
  openAlliance,
  prepareTable,
} from "../support/members.ts";
import { memoryOf, treeOf } from "../support/processes.ts";

const { platform, alliance, alice, bob } = await openAlliance({ alice: "甲方", bob: "乙方" });
const model = (await addModel(platform, alice)).id;
const key = newReceiverKey();

const refusedTables: Record<string, [code: string, content: string | Uint8Array]> = {
  "broken quoting": ["source.csv.quote", 'number\n"1"2\n'],
  "a quote that is never closed": ["source.csv.quote", 'number\n"1\n2\n'],
  "a ragged row": ["source.csv.ragged", "a,b\n1,2\n3\n"],
  "invalid UTF-8": ["source.encoding", Uint8Array.of(...utf8("a\n"), 0xff, 0x0a)],
  "two columns of one name": ["source.csv.header", "a,a\n1,2\n"],
  "nothing at all": ["source.csv.header", ""],
};
for (const [what, [code, content]] of Object.entries(refusedTables))
  test(`a table with ${what} is not described`, async () => {
    await assert.rejects(prepareTable(platform, bob, content), { code });
  });

const described: Record<string, [types: string, rows: number, content: string]> = {
  "mixed types": ["utf8", 2, "number\n1\nzwei\n"],
  "empty fields": ["i32 utf8", 2, "number,text\n1,\n,b\n"],
  "a header only": ["utf8", 0, "number\n"],
  "quotes, commas and line breaks inside": ["utf8 i32", 1, '"a,""b""","c"\r\n"x\r\ny",1\r\n'],
  "dates, decimals and booleans": ["date f64 bool", 1, "a,b,c\n2026-01-31,1.5,true\n"],
};
for (const [what, [types, rows, content]] of Object.entries(described))
  test(`a table with ${what} is described`, async () => {
    const prepared = await prepareTable(platform, bob, content);
    assert.deepEqual([prepared.columns.map(({ type }) => type).join(" "), prepared.rows], [types, rows]);
  });

test("the structure is told to the table's owner and nobody else", async () => {
  const { envelope } = await prepareTable(platform, bob);
  const about = { enclave: platform.enclave.id, envelope: envelope.digest, type: "csv" };
  const describe = async (signer: Member, sender: Member, at = platform.clock.now()) => {
    const request = await signStructureRequest(signer.identity, { by: signer.id, ...about }, at);
    return sender.client.enclaves.describe({ id: platform.enclave.id, request });
  };
  assert.equal((await describe(bob, bob)).rows, 3);
  await assert.rejects(describe(alice, alice), /envelope|opened|context/i);
  await assert.rejects(describe(bob, bob, platform.clock.now() - 3_600_000), { code: "enclave.request" });
});

/** Runs the model over the tables, all decided. */
const run = async (
  modelId: string,
  sources: readonly string[],
  more: object = {},
  between?: () => Promise<unknown>,
) => {
  const { id } = await addTask(alice, {
    alliance,
    receiver: alice.id,
    model: modelId,
    sources,
    start: "manual",
    ...more,
  });
  await authorise(alice, id, key.publicPem);
  await authorise(bob, id);
  await authorise(alice, id);
  await between?.();
  await alice.client.tasks.run(id);
  return ended(alice, id);
};

test("tables in CSV and Parquet with missing values are summed up together", async () => {
  const parquet = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "number", data: [0.5, null, 2], type: "DOUBLE", nullable: true }] }),
  );
  const [a, b] = [
    await addTable(platform, bob, { content: parquet, type: "parquet" }),
    await addTable(platform, bob, { content: "number,note\n,a\n4,b\n", name: "带空值" }),
  ];
  assert.equal(a.typeLabel["zh-CN"], "加密文件（Parquet）");
  const both = await addModel(platform, alice, { tables: ["a", "b"] });
  const task = await run(both.id, [a.id, b.id]);
  assert.equal(task.state, "succeeded", JSON.stringify(task.failure));
  assert.equal(await openResult(alice.client, task.id, key.privatePem), "sum\r\n6.5\r\n");
});

test("a table that is not what its owner says it is", async () => {
  const { enclave } = platform;
  const prepared = await prepareTable(platform, bob, "number\n1\n");
  const lying = {
    ...prepared,
    columns: [
      { name: "number", type: "i32" },
      { name: "more", type: "utf8" },
    ],
  };
  const { resource } = await registerSource(bob.client, lying, { name: "不符", permission: { kind: "public" } });
  const task = await run(model, [resource.id]);
  assert.deepEqual([task.state, task.failure?.code], ["failed", "source.columns"]);
  assert.equal(task.definition.enclave, enclave.id);
});

const SECRET = "PATIENT-4711";
const failing: Record<string, [code: string, code_: string]> = {
  "throws what it has read": ["model.threw", `export async function main() { throw new Error("${SECRET}"); }`],
  "returns another schema": ["model.result-schema", `export async function main() { return [{ "${SECRET}": 1 }]; }`],
  "returns text for a number": [
    "model.result-schema",
    `export async function main() { return [{ sum: "${SECRET}" }]; }`,
  ],
  "returns too many rows": ["model.result-rows", "export async function main() { return [{ sum: 1 }, { sum: 2 }]; }"],
  "leaves the process": ["model.exited", "export async function main() { process.exit(7); }"],
  "has no main function": ["model.threw", `export const other = "${SECRET}";`],
  "is no program": ["model.threw", `export ${SECRET} (`],
  "never ends": ["model.timeout", "export async function main() { for (;;); }"],
};
for (const [what, [code, source]] of Object.entries(failing))
  test(`a model that ${what}: the task has failed, and its words stay inside`, async () => {
    const table = await addTable(platform, bob);
    const bad = await addModel(platform, alice, { code: source });
    const task = await run(bad.id, [table.id], { limits: { seconds: 1 } });
    assert.deepEqual([task.state, task.failure?.code], ["failed", code]);
    assert.notEqual(task.failure?.text.en, code, "it says what happened in words");
    assert.doesNotMatch(JSON.stringify(task.failure?.text), /\{\w+\}/, "with nothing left to be filled in");
    assert.equal(task.result, null);
    const said = [task, await alice.client.streams.get({ id: task.id }), await bob.client.tasks.get({ id: task.id })];
    assert.ok(!JSON.stringify(said).includes(SECRET));
  });

test("what is withdrawn after it was authorised is not opened", async () => {
  const table = await addTable(platform, bob);
  const own = await addModel(platform, alice);
  const noSource = await run(own.id, [table.id], {}, () => bob.client.sources.withdraw(table.id));
  assert.deepEqual([noSource.state, noSource.failure?.code], ["failed", "enclave.withdrawn"]);
  const other = await addTable(platform, bob);
  const noModel = await run(own.id, [other.id], {}, () => alice.client.models.withdraw(own.id));
  assert.deepEqual([noModel.state, noModel.failure?.code], ["failed", "enclave.withdrawn"]);
});

test("millions of rows pass through in bounded memory", async () => {
  const ROWS_OF_ALL = 5_000_000;
  const block = utf8(Array.from({ length: 10_000 }, (_, i) => `${i},某医院,${i}.25\n`).join(""));
  async function* content() {
    yield utf8("id,hospital,value\n");
    for (let i = 0; i < ROWS_OF_ALL / 10_000; i++) yield block;
  }
  const sealed: Uint8Array[] = [];
  for await (const piece of sealSource(content(), { owner: bob.id, enclave: platform.enclave, type: "csv" }))
    sealed.push(piece);
  const bytes = new Blob(sealed as Uint8Array<ArrayBuffer>[]);
  const stored = await bob.client.blobs.put(bytes);
  const request = await signStructureRequest(
    bob.identity,
    { by: bob.id, enclave: platform.enclave.id, envelope: stored.digest, type: "csv" },
    platform.clock.now(),
  );
  sealed.length = 0;
  let most = 0;
  const enclaves = () => treeOf(process.pid).filter(({ command }) => command.includes("enclave.mjs"));
  const watch = setInterval(() => {
    most = Math.max(most, memoryOf(enclaves()));
  }, 200);
  try {
    const { rows, columns } = await bob.client.enclaves.describe({ id: platform.enclave.id, request });
    assert.deepEqual([rows, columns.map(({ type }) => type)], [ROWS_OF_ALL, ["i32", "utf8", "f64"]]);
  } finally {
    clearInterval(watch);
  }
  assert.ok(most > 0 && most < 300 * 2 ** 20, `${(most / 2 ** 20).toFixed()} MiB`);
});
