/** What data providers said beyond yes: policies for results, grants for tasks of one shape, columns of a task. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { authoriseModel, authoriseReceiver, taskOf, taskPayload } from "../../../test/support/consortium.ts";
import { openRig, outcomeOf, type Rig, type RigOptions } from "../../../test/support/hostile-host.ts";
import { act, refused } from "../../../test/support/stage.ts";
import { DAY, iso } from "../../base/clock.ts";
import { digestOf } from "../../trust/digest.ts";

/** One line for each value of the table that comes often enough, or for each at all. */
const groups = (atLeast: number) => `export async function main({ tables }) {
  const counts = new Map();
  for await (const batch of tables.table_0)
    for (let i = 0; i < batch.rows; i++) {
      const v = batch.column("number").get(i);
      counts.set(v, (counts.get(v) ?? 0) + 1);
    }
  return [...counts].filter(([, n]) => n >= ${atLeast}).map(([number, count]) => ({ number, count }));
}`;
const GROUPED = { result: { columns: { number: "f64", count: "f64" }, maxRows: 1_000 } };
const TABLE = "number\n1\n1\n1\n2\n2\n3\n";
const minGroup = (size: number) => ({ policy: { minGroup: { size, columns: [0] } } });

const ranWith = async (t: Parameters<typeof openRig>[0], options: RigOptions) => {
  const rig = await openRig(t, { csv: TABLE, ...options });
  await rig.authorise();
  await rig.follow();
  return { rig, outcome: outcomeOf(await rig.run()) };
};

test("groups that are too small do not leave, whatever the model says of them", async (t) => {
  const small = await ranWith(t, { code: groups(1), manifest: GROUPED, source: minGroup(2) });
  assert.equal(small.outcome, "gate.group");
  assert.deepEqual(small.rig.written, []);
  const enough = await ranWith(t, { code: groups(2), manifest: GROUPED, source: minGroup(2) });
  assert.equal(enough.outcome, "task.completed");
  const all = await ranWith(t, { code: groups(1), manifest: GROUPED });
  assert.equal(all.outcome, "task.completed");
});

test("a policy that the owner changes counts from the next run on", async (t) => {
  const rig = await openRig(t, { csv: TABLE, code: groups(1), manifest: GROUPED });
  const [source = ""] = rig.parts.sources;
  await rig.authorise();
  await act(rig.stage, rig.hospital, "source.governed", source, minGroup(2));
  await rig.follow();
  assert.equal(outcomeOf(await rig.run()), "gate.group");
});

test("a source that is reached otherwise since is not opened by the way before", async (t) => {
  const rig = await openRig(t);
  const [source = ""] = rig.parts.sources;
  await rig.authorise();
  await act(rig.stage, rig.hospital, "source.reconnected", source, { envelope: { digest: digestOf("new"), size: 1 } });
  await rig.follow();
  assert.equal(outcomeOf(await rig.run()), "enclave.reconnected");
  assert.deepEqual(rig.written, []);
});

/** Another task, authorised and shown. */
const another = async (rig: Rig) => {
  const task = await rig.newTask();
  await rig.authorise(task);
  await rig.follow();
  return task;
};

test("a budget is spent over all tasks, over restarts too, and a failure costs a run", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 3, rows: 2 } } } });
  const outcomes: string[] = [];
  for (let count = 0; count < 3; count++) {
    const task = await another(rig);
    outcomes.push(outcomeOf(await rig.run({ task })));
    // Asked again it costs nothing.
    outcomes.push(outcomeOf(await rig.run({ task })));
    await rig.restart();
    await rig.follow();
  }
  assert.deepEqual(outcomes, [...Array(4).fill("task.completed"), "gate.budget", "gate.budget"]);
  assert.equal(new Set(rig.written).size, 2);
});

const terms = (rig: Rig, twist: Record<string, unknown> = {}) => ({
  member: rig.institute.id,
  receiver: rig.institute.id,
  model: rig.parts.model,
  archive: rig.archive.digest,
  main: "main",
  table: "table_0",
  rows: 100_000,
  runs: 2,
  expires: iso(rig.stage.clock.now() + 30 * DAY),
  ...twist,
});

const granted = async (rig: Rig, twist: Record<string, unknown> = {}) => {
  const [stream = ""] = rig.parts.sources;
  await act(rig.stage, rig.hospital, "source.granted", stream, terms(rig, twist));
  return rig.stage.world.streams.get(stream)?.head ?? "";
};

const grantedTask = async (rig: Rig, grant: string, twist: Record<string, unknown> = {}) => {
  const sources = taskPayload(rig.stage, rig.parts).sources.map((source) => ({ ...source, grant, ...twist }));
  return rig.newTask({ sources });
};

/** Everybody but the hospital, whose word is the grant. */
const authoriseRest = async (rig: Rig, task: string) => {
  await authoriseReceiver(rig.stage, rig.institute, task);
  await authoriseModel(rig.stage, rig.institute, task);
  await rig.follow();
};

test("a grant stands for its owner's word as often as it says, over restarts too", async (t) => {
  const rig = await openRig(t);
  const grant = await granted(rig);
  const outcomes: string[] = [];
  for (let count = 0; count < 3; count++) {
    const task = await grantedTask(rig, grant);
    await authoriseRest(rig, task);
    assert.equal(taskOf(rig.stage, task).state, "running");
    outcomes.push(outcomeOf(await rig.run({ task })));
    await rig.restart();
    await rig.follow();
  }
  assert.deepEqual(outcomes, ["task.completed", "task.completed", "gate.budget"]);
});

test("a grant covers tasks of its shape alone", async (t) => {
  const rig = await openRig(t);
  const cases: Record<string, unknown>[] = [
    { member: rig.hospital.id },
    { receiver: rig.hospital.id },
    { archive: digestOf("another model") },
    { model: digestOf("a model of the same code") },
    { main: "other" },
    { table: "table_1" },
    { rows: 1 },
    { parameters: { round: 1 } },
    { columns: [1] },
  ];
  for (const twist of cases) {
    const grant = await granted(rig, twist);
    await refused(rig.stage, () => grantedTask(rig, grant), "task.grant");
  }
  await refused(rig.stage, () => grantedTask(rig, digestOf("no grant")), "task.grant");
  const otherKey = await granted(rig, { key: digestOf("another key") });
  const task = await grantedTask(rig, otherKey);
  await refused(rig.stage, () => authoriseReceiver(rig.stage, rig.institute, task), "task.grant");
});

test("a grant that was withdrawn, or has run out, opens nothing", async (t) => {
  const rig = await openRig(t);
  const [stream = ""] = rig.parts.sources;
  const grant = await granted(rig);
  const [task, late] = [await grantedTask(rig, grant), await grantedTask(rig, grant)];
  await authoriseRest(rig, task);
  await act(rig.stage, rig.hospital, "source.grant-withdrawn", stream, { grant });
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task })), "enclave.grant");
  await refused(rig.stage, () => grantedTask(rig, grant), "task.grant");
  const short = await granted(rig, { expires: iso(rig.stage.clock.now() + DAY) });
  const soon = await grantedTask(rig, short);
  await authoriseRest(rig, soon);
  rig.stage.clock.advance(2 * DAY);
  assert.equal(outcomeOf(await rig.run({ task: soon })), "enclave.grant");
  assert.equal(taskOf(rig.stage, late).state, "receiver-authorising");
  assert.deepEqual(rig.written, []);
});

test("a model reads no column that the task does not let it read", async (t) => {
  const rig = await openRig(t);
  const sources = taskPayload(rig.stage, rig.parts).sources.map((source) => ({ ...source, columns: [1] }));
  const task = await rig.newTask({ sources });
  await rig.authorise(task);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task })), "enclave.columns");
});

test("nothing is kept of a result that could not be paid for", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 2, rows: 1 } } } });
  const [first, second] = [await another(rig), await another(rig)];
  assert.equal(outcomeOf(await rig.run({ task: first })), "task.completed");
  assert.equal(outcomeOf(await rig.run({ task: second })), "gate.budget");
  // The first one's result, and what the second one's failure says.
  assert.equal((await readdir(join(rig.state, "results"))).length, 2);
});
