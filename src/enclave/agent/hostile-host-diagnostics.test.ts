/** A host that wants what a failed model said, or wants to see something of it. */
import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { generateKey } from "#crypto";
import { digestOfTask, taskOf } from "../../../test/support/consortium.ts";
import { openRig, outcomeOf, type Rig, type RigOptions } from "../../../test/support/hostile-host.ts";
import type { Organisation } from "../../../test/support/principals.ts";
import { act } from "../../../test/support/stage.ts";
import { fromBase64, fromUtf8 } from "../../base/bytes.ts";
import { DAY } from "../../base/clock.ts";
import { DIAGNOSTICS_BYTES, diagnosticsText, verifyDiagnostics } from "../../rules/released-diagnostics.ts";
import { OPEN_FOR } from "../../rules/shapes.ts";
import { diagnosticsContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import { publicKeyFromSpki, publicKeyToPem } from "../../trust/keys.ts";
import { parseStatement } from "../../trust/statement.ts";

const SECRET = "patient 4711";
const THROWS = `export async function main({ tables, log }) {
  log("the first line");
  for await (const batch of tables.table_0) log("rows", batch.rows);
  throw new Error("${SECRET}", { cause: new TypeError("deeper") });
}`;
const own = generateKey("P-256");
const stolen = generateKey("P-256");

/** A task that has failed, which the ledger and the enclave know. */
const failed = async (rig: Rig, task = rig.task) => {
  await rig.authorise(task);
  await rig.follow();
  const statement = await rig.run({ task });
  await rig.stage.submit(statement);
  await rig.follow();
  return outcomeOf(statement);
};
const open = async (t: TestContext, options: RigOptions = {}) => {
  const rig = await openRig(t, { code: THROWS, ...options });
  const code = await failed(rig);
  const ask = (task = rig.task, by: Organisation = rig.institute, key = own) =>
    act(rig.stage, by, "task.diagnostics-requested", task, { key: publicKeyToPem(key.publicKey) });
  const requestOf = (task = rig.task) => taskOf(rig.stage, task).diagnostics.at(-1)?.request ?? "";
  const decide = (word: "authorised" | "refused", task = rig.task) =>
    act(rig.stage, rig.hospital, `task.diagnostics-${word}`, task, { request: requestOf(task) });
  const release = async (task = rig.task, statements?: Awaited<ReturnType<Rig["statements"]>>) => {
    await rig.follow();
    return rig.call("diagnose", { task }, statements ?? (await rig.statements(task)));
  };
  const { signingKey } = parseStatement(rig.enclave.founding).statement.payload as { signingKey: string };
  /** As whoever asked reads it: all of it, what fills it up included. */
  const read = async (released: Awaited<ReturnType<typeof release>>, task = rig.task, key = own) => {
    const request = requestOf(task);
    const envelope = verifyDiagnostics(task, request, released, publicKeyFromSpki(fromBase64(signingKey)));
    return openBytes(envelope, { key, context: diagnosticsContext(digestOfTask(rig.stage, task), request) });
  };
  return { rig, code, ask, decide, release, read, requestOf };
};

test("what the model threw and logged reaches whoever asked, when every provider has agreed, and as often as asked", async (t) => {
  const { rig, code, ask, decide, release, read } = await open(t);
  assert.equal(code, "model.threw");
  await ask();
  await decide("authorised");
  const text = diagnosticsText(await read(await release()));
  assert.match(text, /^model\.threw\nThe model failed: Error: patient 4711\./);
  assert.match(text, /Trace:\nError: patient 4711\n.*index\.js:4/s);
  assert.match(text, /caused by TypeError: deeper/);
  assert.match(text, /Log, its end:\nthe first line\nrows 3$/);
  await rig.restart();
  assert.equal(diagnosticsText(await read(await release())), text, "after a restart too");
});

test("nothing leaves before it was asked for, before all agree, after a refusal, and after seven days", async (t) => {
  const { rig, ask, decide, release, read } = await open(t);
  const closed = (state: string) =>
    assert.rejects(release(), (error: { code: string; details: { state: string } }) => {
      assert.deepEqual([error.code, error.details.state], ["enclave.diagnostics-consent", state]);
      return true;
    });
  await closed("not asked for");
  await ask();
  await closed("open");
  await decide("refused");
  await closed("refused");
  await ask();
  await rig.follow();
  const before = await rig.statements();
  await decide("authorised");
  await assert.rejects(release(rig.task, before), { code: "enclave.stream.incomplete" });
  assert.match(diagnosticsText(await read(await release())), /4711/);
  const agreed = await rig.statements();
  await decide("refused");
  await assert.rejects(release(rig.task, agreed), { code: "enclave.stream.incomplete" });
  await closed("refused");
  await ask();
  await decide("authorised");
  rig.stage.clock.advance(OPEN_FOR + 1);
  await closed("expired");
});

test("they are sealed to the key that was agreed to, for that request of that task", async (t) => {
  const { rig, ask, decide, release, read, requestOf } = await open(t);
  const other = await rig.newTask();
  await failed(rig, other);
  await ask(rig.task, rig.institute, stolen);
  const first = requestOf();
  await decide("refused");
  await ask();
  await decide("authorised");
  await ask(other, rig.institute, stolen);
  // The word of one request, or of another task, is none for the newest.
  await assert.rejects(act(rig.stage, rig.hospital, "task.diagnostics-authorised", other, { request: requestOf() }), {
    code: "diagnostics.request",
  });
  await assert.rejects(release(other), { code: "enclave.diagnostics-consent" });
  await assert.rejects(rig.call("diagnose", { task: rig.task }, await rig.statements(other)), {
    code: "enclave.task.state",
  });
  const released = await release();
  await assert.rejects(read(released, rig.task, stolen), { code: "envelope.recipient" });
  // What was released for one request is not taken for another's.
  await decide("authorised", other);
  await assert.rejects(read(await release(), other), { code: "diagnostics.other" });
  assert.notEqual(requestOf(), first);
  assert.equal(diagnosticsText(await read(released)).includes(SECRET), true);
});

test("a withdrawn source gives no diagnostics, whoever has agreed before", async (t) => {
  const { rig, ask, decide, release } = await open(t);
  await ask();
  await decide("authorised");
  const [source = ""] = rig.parts.sources;
  await act(rig.stage, rig.hospital, "source.withdrawn", source);
  await assert.rejects(release(), { code: "enclave.withdrawn" });
});

test("another enclave's failure, and one that succeeded, are nothing that this one tells", async (t) => {
  const { rig, release } = await open(t);
  const fresh = await openRig(t);
  await fresh.authorise();
  await fresh.follow();
  await fresh.stage.submit(await fresh.run());
  await fresh.follow();
  await assert.rejects(fresh.call("diagnose", { task: fresh.task }, await fresh.statements()), {
    code: "enclave.diagnostics-consent",
  });
  await assert.rejects(release(rig.parts.alliance), { code: "enclave.task.state" });
});

test("neither file nor envelope tells by size, name or content whether there was much to say", async (t) => {
  const silent = "export async function main() { process.exit(3); }";
  const much = `export async function main({ log }) {
    for (let i = 0; i < 500; i++) log("${SECRET}", "é".repeat(50), i);
    throw new Error("x".repeat(100_000));
  }`;
  const sizes: number[][] = [];
  for (const code of [silent, THROWS, much]) {
    const { rig, ask, decide, release, read } = await open(t, { code });
    const directory = join(rig.state, "results");
    const [name = "", ...others] = await readdir(directory);
    assert.deepEqual(others, []);
    const file = await readFile(join(directory, name));
    assert.doesNotMatch(file.toString("latin1"), /4711/);
    await ask();
    await decide("authorised");
    const released = await release();
    const text = await read(released);
    assert.equal(text.length, DIAGNOSTICS_BYTES);
    assert.doesNotThrow(() => fromUtf8(text));
    sizes.push([file.length, fromBase64(released.envelope).length, (await stat(join(rig.state, "sealed-state"))).size]);
    if (code === much) assert.match(diagnosticsText(text), /499$/, "the end of the log is what is kept");
  }
  assert.equal(new Set(sizes.map(String)).size, 1, JSON.stringify(sizes));
});

test("the same failure is kept under another name each time: what is said cannot be guessed at by its digest", async (t) => {
  const { rig } = await open(t);
  const again = await rig.newTask();
  await failed(rig, again);
  assert.equal(new Set(await readdir(join(rig.state, "results"))).size, 2);
});

test("a refusal of the gate is told in full; what an owner's table is refused for stays the owner's", async (t) => {
  const policy = { policy: { maxRows: 1 } };
  const many = "export async function main() { return [{ v: 1 }, { v: 2 }]; }";
  const gated = await open(t, { code: many, source: policy });
  assert.equal(gated.code, "gate.rows");
  await gated.ask();
  await gated.decide("authorised");
  assert.match(
    diagnosticsText(await gated.read(await gated.release())),
    /^gate\.rows\nThe result has more than the 1 rows/,
  );
  const broken = await open(t, { code: THROWS, csv: `number\n1\n${SECRET}\n` });
  assert.match(broken.code, /^source\./);
  await broken.ask();
  await broken.decide("authorised");
  assert.doesNotMatch(diagnosticsText(await broken.read(await broken.release())), /4711|number/);
});

test("what is kept can be lost or changed on the disk, and is then gone, not made up", async (t) => {
  const { rig, ask, decide, release } = await open(t);
  await ask();
  await decide("authorised");
  const directory = join(rig.state, "results");
  const [name = ""] = await readdir(directory);
  const path = join(directory, name);
  const file = await readFile(path);
  await writeFile(path, file.with(100, (file[100] ?? 0) ^ 1));
  await assert.rejects(release(), { code: "enclave.diagnostics" });
});

test("they are forgotten when nobody can ask for them any more, and taken from the disk", async (t) => {
  const { rig, ask, decide, release } = await open(t);
  const directory = join(rig.state, "results");
  const [old = ""] = await readdir(directory);
  // At the last moment of each: asked for after seven days, decided after seven more.
  rig.stage.clock.advance(OPEN_FOR);
  await ask();
  rig.stage.clock.advance(OPEN_FOR);
  await decide("authorised");
  await release();
  rig.stage.clock.advance(2 * DAY);
  const later = await rig.newTask();
  await failed(rig, later);
  const names = await readdir(directory);
  assert.equal(names.length, 1);
  assert.ok(!names.includes(old));
  await rig.restart();
  await ask(later);
  await decide("authorised", later);
  await release(later);
});

test("a failure that was never told leaves nothing but one file, and the first outcome stays", async (t) => {
  const rig = await openRig(t, { code: THROWS });
  await rig.authorise();
  await rig.follow();
  for (let again = 0; again < 3; again++) {
    assert.equal(outcomeOf(await rig.run()), "model.threw");
    await rig.restart();
    await rig.follow();
  }
  assert.equal((await readdir(join(rig.state, "results"))).length, 1);
});
