/** A model fails on rows that its author never sees: how the author learns why, and who has to agree first. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fromBase64, toBase64, utf8 } from "../../src/base/bytes.ts";
import { pack } from "../../src/enclave/archive.ts";
import type { Client } from "../../src/sdk/client.ts";
import {
  authoriseDiagnostics,
  openDiagnostics,
  publishModel,
  refuseDiagnostics,
  requestDiagnostics,
} from "../../src/sdk/workflows/index.ts";
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
  manifestOf,
  newReceiverKey,
} from "../support/members.ts";
import { findPythonImage } from "../support/python.ts";

const image = await findPythonImage();
const SECRET = "PATIENT-4711";
const TABLES = ["a", "b"];
const ANY = { enclaves: "any" } as const;
const key = newReceiverKey();

let platform: TestPlatform;
let author: Member;
let hospitals: readonly [Member, Member];
let neighbour: Member;
let alliance = "";
let sources: string[] = [];

before(async () => {
  platform = await openPlatform({ settings: "skip" in image ? {} : { python: image.directory } });
  const [first, ...others] = await Promise.all([
    join(platform, "研究所"),
    join(platform, "第一医院"),
    join(platform, "第二医院"),
    join(platform, "邻居"),
  ]);
  author = first;
  const [north, south, last] = others as [Member, Member, Member];
  hospitals = [north, south];
  neighbour = last;
  alliance = await ally(platform, [first, ...others]);
  sources = await Promise.all(hospitals.map(async (member) => (await addTable(platform, member)).id));
});
after(() => platform?.stop());

const failedTask = async (model: string): Promise<string> => {
  const { id } = await addTask(author, { alliance, receiver: author.id, model, sources });
  await authorise(author, id, key.publicPem);
  for (const hospital of hospitals) await authorise(hospital, id);
  await authorise(author, id);
  const task = await ended(author, id);
  assert.deepEqual([task.state, task.failure?.code, task.diagnostics], ["failed", "model.threw", null]);
  return id;
};
const eventsOf = async ({ client }: Member) =>
  (await client.events.list({ pageSize: 100, kind: "diagnostics" })).items.map(({ id, state, title }) => ({
    ...{ id, state },
    title: title["zh-CN"],
  }));

/** Everything of the task that a member can read, but the diagnostics themselves. */
const shownTo = async ({ client }: Member, id: string) =>
  JSON.stringify([
    await client.tasks.get({ id }),
    await client.streams.get({ id, limit: 100 }),
    await client.events.list({ pageSize: 100 }),
  ]);

const toTheAuthorOnly = async (model: string, expected: RegExp) => {
  const id = await failedTask(model);
  const open = (by: Member = author, pem = key.privatePem) => openDiagnostics(by.client, id, pem, ANY);
  await assert.rejects(open(), { code: "diagnostics.missing" });
  await requestDiagnostics(author.client, id, key.publicPem);
  await assert.rejects(open(), { code: "enclave.diagnostics-consent" });
  const [first, second] = hospitals;
  for (const hospital of hospitals) {
    const events = await eventsOf(hospital);
    assert.deepEqual([events[0]?.state, /失败诊断/.test(events[0]?.title ?? "")], ["pending", true]);
    const detail = await hospital.client.events.get({ id: events[0]?.id ?? "" });
    assert.equal(detail.task?.id, id);
    assert.deepEqual(
      detail.steps.map(({ step, state }) => [step, state]),
      [
        ["asked", "done"],
        ["decided", "current"],
        ["released", "waiting"],
      ],
    );
  }
  assert.deepEqual(await eventsOf(author), [], "whoever asks waits");
  let reviewed = 0;
  const { resource } = await authoriseDiagnostics(first.client, id, {
    review(task, asked) {
      reviewed++;
      assert.deepEqual([task.id, asked.by.id, asked.key], [id, author.id, key.publicPem]);
    },
  });
  assert.equal(reviewed, 1);
  assert.deepEqual(
    resource.diagnostics?.decisions.map(({ member, decision }) => [member.id === first.id, decision]).sort(),
    [
      [false, null],
      [true, "authorised"],
    ],
  );
  await assert.rejects(open(), { code: "enclave.diagnostics-consent" });
  await authoriseDiagnostics(second.client, id);
  const text = await open();
  assert.match(text, expected);
  assert.match(text, new RegExp(SECRET));
  assert.equal(await open(), text, "as often as asked");
  await assert.rejects(open(author, newReceiverKey().privatePem), { code: "envelope.recipient" });
  for (const other of hospitals) {
    await assert.rejects(open(other), { code: "task.party" });
    assert.doesNotMatch(await shownTo(other, id), new RegExp(SECRET));
  }
  await assert.rejects(neighbour.client.tasks.diagnostics({ id }), { code: "stream.unknown" });
  await assert.rejects(neighbour.client.tasks.requestDiagnostics(id, { key: key.publicPem }), {
    code: "stream.unknown",
  });
  assert.doesNotMatch(await shownTo(author, id), new RegExp(SECRET));
  assert.equal((await eventsOf(first))[0]?.state, "succeeded");
  await refuseDiagnostics(second.client, id);
  await assert.rejects(open(), { code: "enclave.diagnostics-consent" });
  assert.equal((await eventsOf(first))[0]?.state, "failed");
};

test("a model in JavaScript that throws: its stack and log reach its author, and nobody else", async () => {
  const code = `const fail = (value) => { throw new Error("${SECRET} " + value); };
export async function main({ log }) {
  log("before it fails");
  fail(1);
}`;
  const { id } = await addModel(platform, author, { code, tables: TABLES });
  await toTheAuthorOnly(id, /^model\.threw\n.*at fail \(model:\/\/\/index\.js:1.*before it fails$/s);
});

test("a model in Python that throws: its traceback does too", async (t) => {
  if ("skip" in image) return t.skip(image.skip);
  const code = `def main(tables, parameters, log):\n    log("before it fails")\n    raise ValueError("${SECRET}")\n`;
  const manifest = { ...manifestOf(TABLES), runner: "python", entry: "main.py" };
  const archive = await pack(
    new Map([
      ["entente.json", utf8(JSON.stringify(manifest))],
      ["main.py", utf8(code)],
    ]),
  );
  const { resource } = await publishModel(author.client, author.id, {
    ...{ name: "蟒蛇", version: "1.0.0", runner: "python", main: "main", archive, enclave: platform.enclave },
    permission: { kind: "public" },
  });
  await toTheAuthorOnly(resource.id, /main\.py", line 3, in main\n.*ValueError: PATIENT-4711.*before it fails$/s);
});

test("a server that shows another request, or other diagnostics, gets no signature and is not believed", async () => {
  const { id: model } = await addModel(platform, author, {
    code: `export async function main() { throw new Error("${SECRET}"); }`,
    tables: TABLES,
  });
  const id = await failedTask(model);
  await requestDiagnostics(author.client, id, key.publicPem);
  const [first, second] = hospitals;
  const honest = await first.client.tasks.get({ id });
  assert.ok(honest.diagnostics);
  const lies = [
    { by: { ...honest.diagnostics.by, id: second.id } },
    { key: newReceiverKey().publicPem },
    { request: "0".repeat(64) },
  ];
  const lying = (client: Client, change: object): Client => ({
    ...client,
    tasks: {
      ...client.tasks,
      get: async () => ({ ...honest, diagnostics: { ...honest.diagnostics, ...change } }) as typeof honest,
    },
  });
  for (const lie of lies)
    await assert.rejects(authoriseDiagnostics(lying(first.client, lie), id), { code: "server.history" });
  for (const hospital of hospitals) await authoriseDiagnostics(hospital.client, id);
  const released = await author.client.tasks.diagnostics({ id });
  const changed = fromBase64(released.envelope);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const forging = (answer: object): Client => ({
    ...author.client,
    tasks: { ...author.client.tasks, diagnostics: async () => ({ ...released, ...answer }) },
  });
  const forged = { envelope: toBase64(changed) };
  await assert.rejects(openDiagnostics(forging(forged), id, key.privatePem, ANY), { code: "diagnostics.other" });
  const other = lying(author.client, { request: "0".repeat(64) });
  await assert.rejects(openDiagnostics(other, id, key.privatePem, ANY), { code: "diagnostics.other" });
  assert.match(await openDiagnostics(author.client, id, key.privatePem, ANY), new RegExp(SECRET));
});
