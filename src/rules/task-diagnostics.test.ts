/** Who may have diagnostics of a failed task asked for, decided on and released, and who may not. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { generateKey } from "#crypto";
import {
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  type Consortium,
  consortium,
  digestOfTask,
  model,
  task,
  taskOf,
  taskUpTo,
} from "../../test/support/consortium.ts";
import type { Signatory } from "../../test/support/principals.ts";
import { act, refused, type Stage, worldStage } from "../../test/support/stage.ts";
import { DAY, iso } from "../base/clock.ts";
import { digestOf } from "../trust/digest.ts";
import { keyToPem, publicKeyToPem } from "../trust/keys.ts";
import { OPEN_FOR } from "./shapes.ts";
import { DIAGNOSTICS_MAX, diagnosticsStateAt } from "./task-diagnostics.ts";

let stage: Stage;
let all: Consortium;
beforeEach(async () => {
  stage = worldStage();
  all = await consortium(stage);
});

const own = generateKey("P-256");
const key = publicKeyToPem(own.publicKey);
const fail = (id: string) =>
  act(stage, all.enclave, "task.failed", id, { task: digestOfTask(stage, id), code: "model.threw" });
const failedTask = async () => fail(await taskUpTo(stage, all, "authorised"));
const ask = (by: Signatory, id: string, payload: object = { key }) =>
  act(stage, by, "task.diagnostics-requested", id, payload);
const newest = (id: string) => {
  const found = taskOf(stage, id).diagnostics.at(-1);
  assert.ok(found);
  return found;
};
const agree = (by: Signatory, id: string, request = newest(id).request) =>
  act(stage, by, "task.diagnostics-authorised", id, { request });
const decline = (by: Signatory, id: string, request = newest(id).request) =>
  act(stage, by, "task.diagnostics-refused", id, { request });
const standing = (id: string) => diagnosticsStateAt(newest(id), stage.clock.now());

test("asked for by the author, authorised by every provider: then they may be released, and nothing else has changed", async () => {
  const { institute, hospitals } = all;
  const id = await failedTask();
  const before = taskOf(stage, id);
  await ask(institute, id);
  const { request, by, expires } = newest(id);
  assert.equal(request, stage.world.streams.get(id)?.head);
  assert.deepEqual([by, expires, standing(id)], [institute.id, stage.clock.now() + OPEN_FOR, "open"]);
  await agree(hospitals[1], id);
  assert.equal(standing(id), "open");
  await agree(hospitals[0], id);
  assert.equal(standing(id), "authorised");
  assert.deepEqual({ ...taskOf(stage, id), diagnostics: [] }, before);
});

describe("a request", () => {
  test("is for a task that failed in its enclave, not for one that runs, succeeded, was refused, revoked or lapsed", async () => {
    const { institute, hospitals } = all;
    const none = await Promise.all([
      taskUpTo(stage, all, "created"),
      taskUpTo(stage, all, "authorised"),
      taskUpTo(stage, all, "completed"),
    ]);
    const turnedDown = await taskUpTo(stage, all, "receiver");
    await act(stage, hospitals[0], "task.refused", turnedDown);
    const revoked = await taskUpTo(stage, all, "authorised");
    await act(stage, hospitals[0], "task.revoked", revoked);
    for (const id of [...none, turnedDown, revoked]) await refused(stage, () => ask(institute, id), "task.state");
    const [, lapsed = ""] = none;
    stage.clock.advance(OPEN_FOR + 1);
    await refused(stage, () => ask(institute, lapsed), "task.state");
  });

  test("is the author's, the creator's or a provider's: not the receiver's as such, a stranger's or the enclave's", async () => {
    const { institute, hospitals, stranger, enclave, parts } = all;
    const [first, second] = hospitals;
    // The first hospital has the model, creates the task and lets the institute receive; the second has the table.
    const [, table = ""] = parts.sources;
    const code = await model(stage, first, enclave);
    const id = await task(stage, first, { ...parts, model: code, sources: [table] });
    await authoriseReceiver(stage, institute, id);
    await authoriseSource(stage, second, id);
    await authoriseModel(stage, first, id);
    await fail(id);
    await refused(stage, () => ask(institute, id), "task.party");
    await refused(stage, () => ask(stranger, id), "task.party");
    await refused(stage, () => ask(enclave, id), "statement.principal");
    await ask(first, id);
    await decline(second, id);
    await ask(second, id);
    assert.equal(standing(id), "authorised", "the only provider has signed by asking");
    await refused(stage, () => agree(second, id), "task.decided");
  });

  test("names a key that something can be sealed to, and nothing else", async () => {
    const id = await failedTask();
    const short = publicKeyToPem(generateKey("Ed25519").publicKey);
    await refused(stage, () => ask(all.institute, id, { key: keyToPem(own) }), "receiver-key.private");
    await refused(stage, () => ask(all.institute, id, { key: short }), "key.kind");
    await refused(stage, () => ask(all.institute, id, { key: "no key" }), "key.not-pem");
    for (const payload of [{}, { key, task: id }, { key: "x".repeat(8_193) }])
      await refused(stage, () => ask(all.institute, id, payload), "statement.payload");
  });

  test("comes within seven days of the failure", async () => {
    const id = await failedTask();
    const until = stage.clock.now() + OPEN_FOR;
    stage.clock.advance(OPEN_FOR + 1);
    await refused(stage, () => ask(all.institute, id), "diagnostics.late", { until: iso(until) });
    stage.clock.advance(-1);
    await ask(all.institute, id);
  });

  test("is one at a time, and three in all", async () => {
    const { institute, hospitals } = all;
    const id = await failedTask();
    for (let count = 1; count <= DIAGNOSTICS_MAX; count++) {
      await ask(institute, id);
      await refused(stage, () => ask(institute, id), "diagnostics.open");
      for (const hospital of hospitals) await agree(hospital, id);
      await refused(stage, () => ask(hospitals[0], id), "diagnostics.open");
      await decline(hospitals[1], id);
    }
    await refused(stage, () => ask(institute, id), "diagnostics.many", { limit: DIAGNOSTICS_MAX });
  });
});

describe("a decision", () => {
  test("is that of each who is asked, once, over the newest request of this task", async () => {
    const { institute, hospitals, stranger, enclave } = all;
    const [id, other] = [await failedTask(), await failedTask()];
    await refused(stage, () => agree(hospitals[0], id, digestOf("none")), "task.party");
    await ask(institute, id);
    await ask(institute, other);
    await refused(stage, () => agree(hospitals[0], id, newest(other).request), "diagnostics.request");
    await refused(stage, () => decline(hospitals[0], id, digestOf("none")), "diagnostics.request");
    for (const by of [institute, stranger]) {
      await refused(stage, () => agree(by, id), "task.party");
      await refused(stage, () => decline(by, id), "task.party");
    }
    await refused(stage, () => agree(enclave, id), "statement.principal");
    await agree(hospitals[0], id);
    await refused(stage, () => agree(hospitals[0], id), "task.decided");
    const first = newest(id).request;
    await decline(hospitals[1], id);
    await ask(institute, id);
    await refused(stage, () => agree(hospitals[0], id, first), "diagnostics.request");
    for (const hospital of hospitals) assert.equal(newest(id).deciders.get(hospital.id), 0, "agreed to another one");
  });

  test("may be no, and an authorisation may be taken back; then the request is over", async () => {
    const { institute, hospitals } = all;
    const id = await failedTask();
    await ask(institute, id);
    await decline(hospitals[0], id);
    assert.equal(standing(id), "refused");
    await refused(stage, () => agree(hospitals[1], id), "diagnostics.request");
    await ask(institute, id);
    for (const hospital of hospitals) await agree(hospital, id);
    await decline(hospitals[0], id);
    assert.equal(standing(id), "refused");
    await refused(stage, () => agree(hospitals[0], id), "diagnostics.request");
  });

  test("comes within seven days; so does the release", async () => {
    const { institute, hospitals } = all;
    const id = await failedTask();
    await ask(institute, id);
    await agree(hospitals[0], id);
    stage.clock.advance(OPEN_FOR);
    await agree(hospitals[1], id);
    assert.equal(standing(id), "authorised");
    stage.clock.advance(1);
    assert.equal(standing(id), "expired");
    await refused(stage, () => decline(hospitals[0], id), "diagnostics.request");
    const late = await failedTask();
    await ask(institute, late);
    stage.clock.advance(OPEN_FOR + 1);
    await refused(stage, () => agree(hospitals[0], late), "diagnostics.request");
  });
});

test("a grant does not stand for an owner's word on diagnostics", async () => {
  const { institute, hospitals, parts } = all;
  const [stream = ""] = parts.sources;
  const { model: code, sources } = taskOf(stage, await task(stage, institute, parts)).definition;
  const [used] = sources;
  assert.ok(used);
  await act(stage, hospitals[0], "source.granted", stream, {
    ...{ member: institute.id, receiver: institute.id, model: parts.model, archive: code.archive, main: code.main },
    ...{ table: used.table, rows: 1_000, runs: 1, expires: iso(stage.clock.now() + DAY) },
  });
  const grant = stage.world.streams.get(stream)?.head;
  const id = await task(stage, institute, parts, { sources: [{ ...used, grant }] });
  await authoriseReceiver(stage, institute, id);
  await authoriseModel(stage, institute, id);
  await fail(id);
  await ask(institute, id);
  assert.equal(standing(id), "open");
  await agree(hospitals[0], id);
  assert.equal(standing(id), "authorised");
});

test("a trace of sealed code is its author's too: whoever else asks needs that word as well", async () => {
  const { institute, hospitals, enclave, parts } = all;
  const envelope = { digest: digestOf("the sealed model"), size: 2_048 };
  const sealed = await model(stage, hospitals[0], enclave, { envelope });
  const id = await task(stage, institute, { ...parts, model: sealed, sources: parts.sources.slice(1) });
  await authoriseReceiver(stage, institute, id);
  await authoriseSource(stage, hospitals[1], id);
  await authoriseModel(stage, hospitals[0], id);
  await fail(id);
  await ask(institute, id);
  await agree(hospitals[1], id);
  assert.equal(standing(id), "open");
  await agree(hospitals[0], id);
  assert.equal(standing(id), "authorised");
  await decline(hospitals[1], id);
  await ask(hospitals[0], id);
  await agree(hospitals[1], id);
  assert.equal(standing(id), "authorised", "the author has signed by asking");
});
