import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  type Consortium,
  complete,
  consortium,
  digestOfTask,
  taskOf,
  taskUpTo,
} from "../../test/support/consortium.ts";
import { createEnclave } from "../../test/support/principals.ts";
import { act, found, refused, type Stage, worldStage } from "../../test/support/stage.ts";
import { DAY, HOUR, iso, MINUTE } from "../base/clock.ts";
import { digestOf } from "../trust/digest.ts";
import { dueAt, newestDue, type Schedule } from "./schedule.ts";
import { OPEN_FOR } from "./shapes.ts";
import { goesOn } from "./task-recurred.ts";
import { partiesOf, stateAt } from "./task-state.ts";

let stage: Stage;
let all: Consortium;
beforeEach(async () => {
  stage = worldStage();
  all = await consortium(stage);
});
const DAILY: Schedule = { every: 86_400, runs: 3 };
const scheduled = (schedule: unknown = DAILY, step: Parameters<typeof taskUpTo>[2] = "authorised") =>
  taskUpTo(stage, all, step, { schedule });
const recur = (of: string, number: number, twist: Record<string, unknown> = {}, by = all.enclave) =>
  act(stage, by, "task.recurred", "", { id: `${taskOf(stage, of).id}-${number}`, of, number, ...twist });
const state = (id: string) => taskOf(stage, id).state;

describe("which run is due", () => {
  const schedule = { every: 60, runs: 3 };
  test("the newest, from its time on, and none after the last", () => {
    const at = (time: number) => newestDue(schedule, 1_000, time);
    assert.deepEqual([999, 1_000, 60_999, 61_000, 121_000, 1e12].map(at), [0, 1, 1, 2, 3, 3]);
    assert.equal(dueAt(schedule, 1_000, 3), 121_000);
  });

  test("counted from the first, where it was named, whenever the last authorised", () => {
    const named = { ...schedule, first: iso(500_000) };
    assert.deepEqual(
      [499_999, 500_000, 560_000].map((time) => newestDue(named, 9e9, time)),
      [0, 1, 2],
    );
  });
});

describe("a schedule", () => {
  test("is of the form that it has, and nothing else", async () => {
    for (const bad of [
      { every: 59, runs: 1 },
      { every: 31 * 86_400 + 1, runs: 1 },
      { every: 60.5, runs: 1 },
      { every: 60, runs: 0 },
      { every: 60, runs: 1_001 },
      { every: 60 },
      { runs: 1 },
      { every: 60, runs: 1, first: "tomorrow" },
      { every: 60, runs: 1, until: iso(stage.clock.now()) },
      null,
    ])
      await refused(stage, () => scheduled(bad, "created"), "statement.payload");
  });

  test("starts automatically, and its last run is to come, within a year", async () => {
    const now = stage.clock.now();
    const attempt =
      (schedule: unknown, start = "automatic") =>
      () =>
        taskUpTo(stage, all, "created", { schedule, start });
    await refused(stage, attempt(DAILY, "manual"), "task.schedule", { reason: "it starts by hand" });
    await refused(stage, attempt({ every: 31 * 86_400, runs: 13 }), "task.schedule");
    await refused(stage, attempt({ ...DAILY, first: iso(now - 2 * DAY - 1) }), "task.schedule");
    await refused(stage, attempt({ ...DAILY, first: iso(now + 365 * DAY) }), "task.schedule");
    await attempt({ every: 31 * 86_400, runs: 12 })();
    await attempt({ ...DAILY, first: iso(now - 2 * DAY) })();
  });

  test("is under every authorisation", async () => {
    const id = await scheduled(DAILY, "receiver");
    const { definition } = taskOf(stage, id);
    assert.deepEqual(definition.schedule, DAILY);
    const { schedule: _, ...once } = definition;
    const twisted = digestOf({ use: "entente/task/1", stream: id, task: once, delivery: taskOf(stage, id).delivery });
    await refused(stage, () => authoriseSource(stage, all.hospitals[0], id, twisted), "task.digest");
  });

  test("a task without one is signed as ever", async () => {
    const id = await taskUpTo(stage, all, "receiver");
    assert.equal("schedule" in taskOf(stage, id).definition, false);
  });
});

describe("a scheduled task", () => {
  test("is authorised, and stays so until a week after its last run is due; it never runs itself", async () => {
    const id = await scheduled();
    const task = taskOf(stage, id);
    assert.equal(task.state, "authorised");
    assert.equal(task.expires, stage.clock.now() + 2 * DAY + OPEN_FOR);
    await refused(stage, () => act(stage, all.institute, "task.run-requested", id), "task.scheduled");
    await refused(stage, () => complete(stage, all.enclave, id), "task.state");
    const failure = { task: digestOfTask(stage, id), code: "model.threw" };
    await refused(stage, () => act(stage, all.enclave, "task.failed", id, failure), "task.state");
    assert.equal(goesOn(task, task.expires), true);
    assert.equal(goesOn(task, task.expires + 1), false);
    assert.equal(stateAt(task, task.expires + 1), "authorised", "its runs are over: nobody failed to authorise");
  });

  test("that nobody authorised in time has failed, as any other", async () => {
    const id = await scheduled(DAILY, "receiver");
    assert.equal(stateAt(taskOf(stage, id), stage.clock.now() + OPEN_FOR + 1), "authorisation-failed");
  });
});

describe("an occurrence", () => {
  test("is a task of its own, under the consents of the scheduled one", async () => {
    const of = await scheduled();
    const task = taskOf(stage, of);
    stage.clock.advance(HOUR);
    const id = await recur(of, 1);
    const run = taskOf(stage, id);
    const { schedule: _, ...once } = task.definition;
    assert.deepEqual(run.definition, once);
    assert.deepEqual(
      [run.id, run.state, run.occurrence, run.created, run.expires],
      [`${task.id}-1`, "running", { of, number: 1 }, stage.clock.now(), stage.clock.now() + OPEN_FOR],
    );
    assert.deepEqual(run.delivery, task.delivery);
    assert.deepEqual(run.decided, task.decided);
    assert.deepEqual(partiesOf(run), partiesOf(task));
    assert.notEqual(digestOfTask(stage, id), digestOfTask(stage, of));
    await complete(stage, all.enclave, id);
    assert.deepEqual([state(id), state(of)], ["succeeded", "authorised"]);
    await act(stage, all.institute, "task.acknowledged", id, { result: taskOf(stage, id).result?.digest });
    stage.clock.advance(DAY);
    await complete(stage, all.enclave, await recur(of, 2));
  });

  test("is founded when it is due, the newest alone, and once", async () => {
    const first = iso(stage.clock.now() + HOUR);
    const of = await scheduled({ ...DAILY, first });
    await refused(stage, () => recur(of, 1), "task.not-due", { due: first });
    stage.clock.advance(HOUR - 1);
    await refused(stage, () => recur(of, 1), "task.not-due");
    stage.clock.advance(1);
    await refused(stage, () => recur(of, 2), "task.not-due");
    await recur(of, 1);
    await refused(stage, () => recur(of, 1), "id.taken");
    stage.clock.advance(2 * DAY);
    for (const missed of [1, 2]) await refused(stage, () => recur(of, missed), "task.not-due");
    await recur(of, 3);
    stage.clock.advance(DAY);
    await refused(stage, () => recur(of, 4), "task.not-due");
    await refused(stage, () => recur(of, 3), "id.taken");
  });

  test("has the number in its name, and its name in no other task", async () => {
    const [of, other] = [await scheduled(), await scheduled()];
    const { id } = taskOf(stage, of);
    for (const bad of [id, `${id}-0`, `${id}-01`, `${id}-`, `${id}-10000`, "T1-1"])
      await refused(stage, () => recur(of, 1, { id: bad }), "statement.payload");
    for (const wrong of [`${id}-2`, `${taskOf(stage, other).id}-1`])
      await refused(stage, () => recur(of, 1, { id: wrong }), "task.occurrence", { expected: `${id}-1` });
    for (const number of [0, 1_001, 1.5, "1"])
      await refused(stage, () => recur(of, 1, { number }), "statement.payload");
    await refused(stage, () => recur(of, 1, { start: "automatic" }), "statement.payload");
    await refused(stage, () => taskUpTo(stage, all, "created", { id: `${id}-1` }), "statement.payload");
  });

  test("by the enclave of the task, and nobody else", async () => {
    const of = await scheduled();
    const another = createEnclave({ at: stage.clock.now() });
    await found(stage, another);
    await refused(stage, () => recur(of, 1, {}, another), "task.party");
    const { id } = taskOf(stage, of);
    const payload = { id: `${id}-1`, of, number: 1 };
    await refused(stage, () => act(stage, all.institute, "task.recurred", "", payload), "statement.principal");
    const founding = { by: "" };
    await refused(stage, () => act(stage, all.enclave, "task.recurred", "", payload, founding), "statement.principal");
    const onto = () => act(stage, all.enclave, "task.recurred", of, payload);
    await refused(stage, onto, "stream.founded");
  });

  test("of a scheduled task that everybody authorised, which nobody has revoked and which has not lapsed", async () => {
    const once = await taskUpTo(stage, all, "authorised");
    await refused(stage, () => recur(once, 1), "stream.unknown");
    const nothing = { id: "T202601050800001-1", of: digestOf("nothing"), number: 1 };
    await refused(stage, () => act(stage, all.enclave, "task.recurred", "", nothing), "stream.unknown");
    const model = { ...nothing, of: all.parts.model };
    await refused(stage, () => act(stage, all.enclave, "task.recurred", "", model), "stream.unknown");
    const past = { ...DAILY, first: iso(stage.clock.now() - HOUR) };
    const open = await scheduled(past, "created");
    await refused(stage, () => recur(open, 1), "task.state", { state: "receiver-authorising" });
    await authoriseReceiver(stage, all.institute, open);
    for (const hospital of all.hospitals) await authoriseSource(stage, hospital, open);
    await refused(stage, () => recur(open, 1), "task.state", { state: "model-authorising" });
    await authoriseModel(stage, all.institute, open);
    const run = await recur(open, 1);
    await refused(stage, () => recur(run, 1, { id: `${taskOf(stage, open).id}-1` }), "stream.unknown");
    const lapsed = await scheduled({ every: 60, runs: 1 });
    stage.clock.advance(OPEN_FOR + 1);
    await refused(stage, () => recur(lapsed, 1), "task.expired");
  });

  test("that is late lapses with the consents", async () => {
    const of = await scheduled({ every: 60, runs: 1 });
    const { expires } = taskOf(stage, of);
    stage.clock.advance(OPEN_FOR - MINUTE);
    const id = await recur(of, 1);
    assert.equal(taskOf(stage, id).expires, expires);
    stage.clock.advance(MINUTE + 1);
    await refused(stage, () => complete(stage, all.enclave, id), "task.expired");
    assert.equal(stateAt(taskOf(stage, id), stage.clock.now()), "failed");
  });
});

describe("revocation", () => {
  test("of the scheduled task by any consenting party ends all runs: none begins, none that is under way delivers", async () => {
    const { institute, hospitals, stranger } = all;
    for (const by of [institute, ...hospitals]) {
      const of = await scheduled();
      const id = await recur(of, 1);
      await refused(stage, () => act(stage, stranger, "task.revoked", of), "task.party");
      await act(stage, by, "task.revoked", of);
      assert.equal(state(of), "failed");
      await refused(stage, () => complete(stage, all.enclave, id), "task.state", { state: "failed" });
      stage.clock.advance(DAY);
      await refused(stage, () => recur(of, 2), "task.state");
      const failure = { task: digestOfTask(stage, id), code: "enclave.series" };
      await act(stage, all.enclave, "task.failed", id, failure);
      assert.equal(state(id), "failed");
    }
  });

  test("of one run leaves the others", async () => {
    const of = await scheduled();
    const id = await recur(of, 1);
    await act(stage, all.hospitals[0], "task.revoked", id);
    await refused(stage, () => complete(stage, all.enclave, id), "task.state");
    stage.clock.advance(DAY);
    await complete(stage, all.enclave, await recur(of, 2));
  });

  test("after a run has ended changes nothing of it", async () => {
    const of = await scheduled();
    const id = await recur(of, 1);
    await complete(stage, all.enclave, id);
    await act(stage, all.hospitals[0], "task.revoked", of);
    assert.equal(state(id), "succeeded");
  });
});

test("nobody authorises, refuses or starts a run: that was done once for all", async () => {
  const of = await scheduled();
  const id = await recur(of, 1);
  await refused(stage, () => authoriseReceiver(stage, all.institute, id), "task.state");
  await refused(stage, () => authoriseSource(stage, all.hospitals[0], id), "task.state");
  await refused(stage, () => authoriseModel(stage, all.institute, id), "task.state");
  await refused(stage, () => act(stage, all.institute, "task.refused", id), "task.state");
  await refused(stage, () => act(stage, all.institute, "task.run-requested", id), "task.state");
});
