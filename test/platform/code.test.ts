/** The source viewer through the public API: what a task runs, and what changed since the same member agreed last. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sha256Hex } from "#crypto";
import { utf8 } from "../../src/base/bytes.ts";
import { DAY, iso } from "../../src/base/clock.ts";
import { code, reviewCode } from "../../src/cli/commands/task-code.ts";
import type { Context } from "../../src/cli/context.ts";
import { say } from "../../src/cli/text.ts";
import { pack } from "../../src/enclave/archive.ts";
import type { Client } from "../../src/sdk/client.ts";
import type { AboutToSign } from "../../src/sdk/workflows/index.ts";
import { createTask, grantSource, reviseModel, viewCode } from "../../src/sdk/workflows/index.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import {
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  join,
  type Member,
  manifestOf,
  newReceiverKey,
} from "../support/members.ts";

let platform: TestPlatform;
let hospital: Member;
let second: Member;
let institute: Member;
let stranger: Member;
let alliance = "";
let table = "";
const key = newReceiverKey();

before(async () => {
  platform = await openPlatform();
  [hospital, second, institute, stranger] = await Promise.all(
    ["代码医院", "第二代码医院", "代码研究所", "代码路人"].map((name) => join(platform, name)) as [
      Promise<Member>,
      Promise<Member>,
      Promise<Member>,
      Promise<Member>,
    ],
  );
  alliance = await ally(platform, [institute, hospital, second]);
  table = (await addTable(platform, hospital, { name: "代码表" })).id;
});
after(() => platform?.stop());

const FIRST = "export const main = () => [{ sum: 1 }];\n";
const SECOND = `// \u001b[2J\u202e\n${FIRST}`;
const archiveOf = (files: Record<string, string | Uint8Array>) =>
  pack(
    new Map(
      Object.entries({ "entente.json": JSON.stringify(manifestOf(["a"])), ...files }).map(([path, content]) => [
        path,
        typeof content === "string" ? utf8(content) : content,
      ]),
    ),
  );
const revise = async (model: string, archive: Uint8Array, open = true) =>
  (
    await reviseModel(institute.client, institute.id, model, {
      version: "2.0.0",
      main: "main",
      archive,
      enclave: platform.enclave,
      open,
    })
  ).resource;

/** A task that the receiver has authorised: the hospital is next. */
const taskOn = async (model: string) => {
  const task = await addTask(institute, { alliance, receiver: institute.id, model, sources: [table] });
  await authorise(institute, task.id, key.publicPem);
  return task;
};
const approvedTask = async (model: string) => {
  const task = await taskOn(model);
  await authorise(hospital, task.id);
  return task;
};
const view = (task: { id: string }, member = hospital, client: Client = member.client) =>
  viewCode(client, task.id, { me: member.id });

test("files of an open model, and what changed since the member agreed to an earlier version", async () => {
  const model = await addModel(platform, institute, { open: true, code: FIRST });
  const first = await taskOn(model.id);
  const fresh = await view(first);
  assert.deepEqual([fresh.open, fresh.compared, fresh.approved], [true, "nothing", null]);
  assert.deepEqual(
    fresh.files.map(({ path, change, before, diff }) => [path, change, before, diff]),
    [
      ["entente.json", null, null, null],
      ["index.js", null, null, null],
    ],
  );
  const index = fresh.files[1];
  assert.deepEqual([index?.size, index?.digest, index?.text], [FIRST.length, sha256Hex(utf8(FIRST)), FIRST]);
  assert.deepEqual(fresh.manifest, { now: manifestOf(["a"]), before: null });
  await authorise(hospital, first.id);

  const again = await taskOn(model.id);
  const same = await view(again);
  assert.deepEqual(
    [same.compared, same.approved?.id, same.approved?.archive],
    ["same", first.id, model.archive.digest],
  );
  assert.deepEqual([...new Set(same.files.map(({ change }) => change))], ["same"]);

  const binary = Uint8Array.of(1, 0, 2);
  await revise(model.id, await archiveOf({ "index.js": SECOND, "lib.bin": binary }));
  const next = await taskOn(model.id);
  const changed = await view(next);
  assert.deepEqual([changed.compared, changed.approved?.kind, changed.approved?.id], ["changed", "task", first.id]);
  assert.deepEqual(
    changed.files.map(({ path, change }) => `${path} ${change}`),
    ["entente.json same", "index.js changed", "lib.bin added"],
  );
  const [, code, bin] = changed.files;
  assert.equal(code?.before, sha256Hex(utf8(FIRST)));
  assert.deepEqual(code?.diff?.split("\n"), [
    "--- a/index.js",
    "+++ b/index.js",
    "@@ -1 +1,2 @@",
    "+// \u001b[2J\u202e",
    " export const main = () => [{ sum: 1 }];",
  ]);
  assert.deepEqual([bin?.text, bin?.diff, bin?.size], [null, null, 3]);

  // The earlier task still shows its own version, whatever the model is by now, and what came later is not before it.
  assert.deepEqual((await view(first)).approved, null);
  await authorise(hospital, next.id);
  assert.equal((await view(again)).approved?.id, next.id);
  await revise(model.id, await archiveOf({ "index.js": FIRST }));
  const last = await view(await taskOn(model.id));
  assert.deepEqual(last.approved?.id, next.id);
  const versions = await Promise.all([first, next].map(({ id }) => hospital.client.tasks.get({ id })));
  assert.deepEqual(
    versions.map((one) => one.model.version),
    ["1.0.0", "2.0.0"],
    "each task names the version that it was made with",
  );
  assert.deepEqual(last.files.map(({ change, size }) => [change, size === null]).at(-1), ["removed", true]);

  // What the hospital agreed to is nobody else's: the receiver has its own consents.
  assert.equal((await view(next, institute)).approved?.id, again.id);
});

test("texts are shown up to a size, and compared line by line up to another", async () => {
  const model = await addModel(platform, institute, { open: true });
  await approvedTask(model.id);
  const long = "x".repeat(2 ** 20);
  const texts = Object.fromEntries(["a", "b", "c", "d", "e"].map((path) => [path, long]));
  await revise(model.id, await archiveOf({ "index.js": FIRST, ...texts, f: `${long}x` }));
  const { files } = await view(await taskOn(model.id));
  const shown = files.map(
    ({ path, text, diff }) => `${path} ${text === null ? "-" : "text"} ${diff === null ? "-" : "diff"}`,
  );
  assert.deepEqual(shown, [
    "a text diff",
    "b text diff",
    "c text diff",
    "d text diff",
    "e text -",
    "entente.json text -",
    "f - -",
    "index.js text -",
  ]);
});

test("who took a consent back has not agreed; a grant is a consent, until it is withdrawn", async () => {
  const model = await addModel(platform, institute, { open: true });
  const revoked = await approvedTask(model.id);
  await hospital.client.tasks.revoke(revoked.id, {});
  const task = await taskOn(model.id);
  assert.equal((await view(task)).approved, null);
  await grantSource(hospital.client, table, {
    ...{ member: institute.id, receiver: institute.id, model: model.id, table: "a", rows: 10_000, runs: 1 },
    expires: iso(platform.clock.now() + DAY),
  });
  const { approved, compared } = await view(task);
  assert.deepEqual([approved?.kind, approved?.id, compared], ["grant", table, "same"]);
  const grant = approved?.statement ?? "";
  const under = { name: "凭证", alliance, receiver: institute.id, model: model.id };
  const { resource } = await createTask(
    institute.client,
    { ...under, sources: [{ id: table, table: "a", grant }] },
    { enclaves: "any" },
  );
  assert.equal((await view(resource)).approved?.statement, grant);
  await hospital.client.sources.withdrawGrant(table, { grant });
  assert.equal((await view(task)).approved, null);
});

test("of a sealed model: no files, and whether it is the very archive", async () => {
  const model = await addModel(platform, institute, {});
  const first = await taskOn(model.id);
  const fresh = await view(first);
  assert.deepEqual(
    [fresh.open, fresh.compared, fresh.files, fresh.manifest],
    [false, "nothing", [], { now: null, before: null }],
  );
  assert.deepEqual(fresh.archive, model.archive);
  await authorise(hospital, first.id);
  assert.equal((await view(await taskOn(model.id))).compared, "same");
  await revise(model.id, await archiveOf({ "index.js": FIRST }), false);
  const other = await view(await taskOn(model.id));
  assert.deepEqual([other.compared, other.files], ["unseen", []]);
  // Open from now on: it can be read, but not compared with what was sealed.
  await revise(model.id, await archiveOf({ "index.js": SECOND }));
  const opened = await view(await taskOn(model.id));
  assert.deepEqual(
    [opened.open, opened.compared, opened.files.length, opened.files[0]?.change],
    [true, "unseen", 2, null],
  );
});

test("nobody but the parties learns which code a task runs", async () => {
  const model = await addModel(platform, institute, { open: true });
  const task = await approvedTask(model.id);
  for (const { client } of [second, stranger]) {
    await assert.rejects(client.tasks.code({ id: task.id }), { code: "stream.unknown" });
    await assert.rejects(viewCode(client, task.id, { me: hospital.id }), { code: "stream.unknown" });
  }
  await assert.rejects(stranger.client.models.archive({ id: model.id, digest: model.archive.digest }), {
    code: "stream.unknown",
  });
  const { client } = hospital;
  await assert.rejects(client.models.archive({ id: model.id, digest: "ab".repeat(32) }), { code: "blob.unknown" });
  const sealed = await addModel(platform, institute, {});
  await revise(sealed.id, await archiveOf({ "index.js": FIRST }));
  await assert.rejects(client.models.archive({ id: sealed.id, digest: sealed.archive.digest }), {
    code: "blob.unknown",
  });
});

test("a server that shows other code, or another consent, is found out", async () => {
  const model = await addModel(platform, institute, { open: true, code: FIRST });
  const approved = await approvedTask(model.id);
  await revise(model.id, await archiveOf({ "index.js": SECOND }));
  const elsewhere = await approvedTask((await addModel(platform, institute, { open: true, code: SECOND })).id);
  const task = await taskOn(model.id);
  const { client } = hospital;
  const truth = await client.tasks.code({ id: task.id });
  assert.equal(truth.approved?.id, approved.id);
  const saying = (over: object): Client => ({
    ...client,
    tasks: { ...client.tasks, code: async () => ({ ...truth, ...over }) },
  });
  const naming = (over: object) => saying({ approved: { ...truth.approved, ...over } });
  const lie = (lying: Client) => view(task, hospital, lying);

  const giving = (digest: string): Client => ({
    ...client,
    models: { ...client.models, archive: ({ id }) => client.models.archive({ id, digest }) },
  });
  await assert.rejects(lie(giving(model.archive.digest)), { code: "code.archive" });
  await assert.rejects(lie(giving(truth.archive.digest)), { code: "code.archive" });
  const other = await client.tasks.code({ id: elsewhere.id });
  await assert.rejects(lie(saying(other)), { code: "task.other" });
  await assert.rejects(lie(saying({ stream: elsewhere.stream })), { code: "task.other" });
  await assert.rejects(lie(saying({ stream: truth.model })), { code: "server.history" });
  // What it says of archive and openness is not asked at all.
  assert.equal((await lie(saying({ archive: { digest: "00".repeat(32), size: 1 }, open: false }))).compared, "changed");

  const mine = async (stream: string, kind: string) => {
    const { items } = await client.streams.get({ id: stream });
    return items.find((one) => one.kind === kind)?.digest ?? "";
  };
  const authorised = await mine(approved.stream, "task.source-authorised");
  assert.equal(truth.approved?.statement, authorised);
  const named = {
    stream: elsewhere.stream,
    id: elsewhere.id,
    statement: await mine(elsewhere.stream, "task.source-authorised"),
  };
  for (const consent of [
    { statement: "ab".repeat(32) },
    { statement: await mine(approved.stream, "task.receiver-authorised") },
    { statement: await mine(approved.stream, "task.created") },
    { id: elsewhere.id },
    { kind: "grant" },
    named,
  ])
    await assert.rejects(lie(naming(consent)), { code: "code.approved" }, JSON.stringify(consent));
  // A consent of the member's that the member's key did not sign.
  const forging: Client = {
    ...client,
    streams: {
      ...client.streams,
      get: async (input) => {
        const page = await client.streams.get(input);
        const forge = (jws: string) => jws.slice(0, -4) + (jws.endsWith("AAAA") ? "BBBB" : "AAAA");
        const items = page.items.map((one) =>
          one.digest === authorised ? { ...one, statement: forge(one.statement) } : one,
        );
        return { ...page, items };
      },
    },
    tasks: {
      ...client.tasks,
      code: async () => {
        const { items } = await forging.streams.get({ id: approved.stream });
        const forged = items.find((one) => one.kind === "task.source-authorised")?.statement ?? "";
        return {
          ...truth,
          approved: { ...(truth.approved as NonNullable<typeof truth.approved>), statement: sha256Hex(forged) },
        };
      },
    },
  };
  await assert.rejects(lie(forging), { code: "statement.signature" });
  // It can hide a consent, and then nothing is said to have been approved.
  assert.equal((await lie(saying({ approved: null }))).compared, "nothing");
  // So it can withhold the earlier archive, and then it is said that nothing can be compared.
  const withholding: Client = {
    ...client,
    models: {
      ...client.models,
      archive: (input) =>
        client.models.archive({
          id: input.id,
          digest: input.digest === truth.archive.digest ? input.digest : "00".repeat(32),
        }),
    },
  };
  const { compared, files } = await lie(withholding);
  assert.deepEqual([compared, files.map(({ change }) => change)], ["unseen", [null, null]]);
});

/** A command of the hospital's, on a terminal. */
const contextOf = (language: "en" | "zh-CN" = "en", json = false) => {
  const [shown, notes]: [string[], string[]] = [[], []];
  const context = {
    language,
    json,
    client: () => hospital.client,
    member: async () => hospital.id,
    note: (...[of, details]: Parameters<Context["note"]>) => notes.push(say(of, language, details)),
    print: (line: string) => shown.push(line),
  };
  return { context: context as object as Context, shown, notes };
};

test("on a terminal: the list, the differences and a file, with nothing that moves the cursor", async () => {
  const model = await addModel(platform, institute, { open: true, code: FIRST });
  await approvedTask(model.id);
  const manifest = { ...manifestOf(["a"]), result: { columns: { sum: "f64", secret: "utf8" }, maxRows: 1 } };
  await revise(
    model.id,
    await archiveOf({ "entente.json": JSON.stringify(manifest), "index.js": SECOND, "x.bin": Uint8Array.of(0) }),
  );
  const task = await taskOn(model.id);
  const run = async (flags: object, { language = "en" as "en" | "zh-CN", json = false } = {}) => {
    const { context, shown } = contextOf(language, json);
    const answer = await code.run(context, { args: { id: task.id }, flags: { ...flags } });
    return { text: shown.join("\n"), answer: answer as Record<string, unknown> };
  };
  const { text } = await run({});
  assert.match(text, /Since you approved T\d+: 2 files changed, 1 added, 0 removed\./);
  assert.match(text, /index\.js +\d+ +changed +[0-9a-f]{64}/);
  assert.match(text, /! The result has another column: secret \(utf8\)\./);
  assert.doesNotMatch(text, /@@/);
  assert.match((await run({}, { language: "zh-CN" })).text, /修改 2 个文件，新增 1 个，删除 0 个/);
  const { text: diff } = await run({ diff: true });
  assert.match(diff, /^\+\/\/ \\u001b\[2J\\u202e$/m);
  assert.match(diff, /^x\.bin: no text/m);
  const { text: file } = await run({ file: "index.js" });
  assert.equal(file, `// \\u001b[2J\\u202e\n${FIRST}`);
  for (const shown of [text, diff, file]) assert.doesNotMatch(shown, /[\u001b\u202e]/);
  await assert.rejects(run({ file: "none.js" }), { code: "code.file" });
  await assert.rejects(run({ file: "x.bin" }), { code: "code.no-text" });
  const { answer } = await run({}, { json: true });
  assert.deepEqual([answer.compared, (answer.files as object[]).length], ["changed", 3]);
  assert.ok((answer.files as object[]).every((one) => !("text" in one) && !("diff" in one)));
  assert.equal((await run({ file: "index.js" }, { json: true })).answer.text, SECOND);

  const about = (on: typeof task, part = "source") => ({ part, task: on }) as object as AboutToSign;
  const said = async (on: typeof task, part?: string, flags = {}) => {
    const { context, notes } = contextOf();
    await reviewCode(context, { args: {}, flags }, about(on, part));
    return notes.join("\n");
  };
  assert.match(await said(task), /2 files changed, 1 added, 0 removed\.\nSee it: entente tasks code T\d+ --diff$/);
  assert.equal(await said(task, "model"), "");
  assert.equal(await said(task, "source", { quiet: true }), "");
  const sealed = await taskOn((await addModel(platform, institute, {})).id);
  assert.match(
    await said(sealed),
    /^The code is sealed: only the enclave opens it, and you can't read it\. You have approved no/,
  );
  const { context } = contextOf();
  await assert.rejects(code.run(context, { args: { id: sealed.id }, flags: { file: "index.js" } }), {
    code: "code.sealed",
  });
  // An archive that only its author can read is said to be so, and the member decides.
  const broken = await addModel(platform, institute, { open: true });
  await revise(broken.id, utf8("no archive"));
  assert.match(
    await said(await taskOn(broken.id)),
    /^The code could not be read here: .*Authorise only what you know\.$/,
  );
});
