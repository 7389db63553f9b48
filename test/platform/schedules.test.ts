/** A task that is agreed to once and runs by a schedule, through the public interface and over restarts. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DAY, iso, MINUTE, SECOND } from "../../src/base/clock.ts";
import { explainBundle } from "../../src/evidence/explain.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import { openResult } from "../../src/sdk/workflows/index.ts";
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

let platform: TestPlatform;
let alice: Member;
let bob: Member;
let carol: Member;
let alliance = "";
let model = "";
let source = "";
const key = newReceiverKey();

before(async () => {
  platform = await openPlatform();
  [alice, bob, carol] = await Promise.all([join(platform, "甲方"), join(platform, "乙方"), join(platform, "丙方")]);
  alliance = await ally(platform, [alice, bob, carol]);
  model = (await addModel(platform, alice)).id;
  source = (await addTable(platform, bob)).id;
});
after(() => platform?.stop());

/** Runs each minute, has for two and a half, and will in `next` milliseconds. */
const eachMinute = (next = 30 * SECOND) => ({
  every: 60,
  runs: 1_000,
  first: iso(platform.clock.now() - 3 * MINUTE + next),
});
const authorised = async (schedule: object, code?: string) => {
  const used = code === undefined ? model : (await addModel(platform, alice, { code })).id;
  const parts = { alliance, receiver: alice.id, model: used, sources: [source] };
  const { id } = await addTask(alice, { ...parts, schedule: schedule as never });
  for (const member of [alice, bob, alice]) await authorise(member, id, key.publicPem);
  return id;
};
const runsOf = async (id: string, member = alice) => (await member.client.tasks.runs({ id })).items;
/** The newest run, once it has this number. */
const run = async (id: string, number: number) => {
  for (;;) {
    const [newest] = await runsOf(id);
    if ((newest?.occurrence?.number ?? 0) >= number) return newest?.id ?? "";
    await sleep(20);
  }
};

test("the newest run that is due comes at once, what was missed does not, and each is proven by the one consent", async () => {
  const id = await authorised(eachMinute());
  const first = await ended(alice, await run(id, 3));
  assert.deepEqual([first.id, first.state, first.occurrence?.number], [`${id}-3`, "succeeded", 3]);
  assert.equal(first.occurrence?.task, id);
  assert.deepEqual(
    (await runsOf(id)).map((one) => one.id),
    [`${id}-3`],
  );
  assert.equal(await openResult(alice.client, first.id, key.privatePem), "sum\r\n6\r\n");
  await alice.client.tasks.acknowledge(first.id, { result: first.result?.digest ?? "" });

  const shown = await bob.client.tasks.get({ id });
  assert.deepEqual([shown.state, shown.runnable, shown.receipt, shown.occurrence], ["authorised", false, null, null]);
  assert.equal(shown.schedule?.nextAt, iso(Date.parse(shown.schedule?.first ?? "") + 3 * MINUTE));
  await assert.rejects(alice.client.tasks.run(id), { code: "task.scheduled" });

  const verified = verifyBundle(await (await bob.client.tasks.bundle({ id: first.id })).bytes());
  assert.equal(verified.receipt.heads[shown.stream], shown.head);
  const { task, acts } = explainBundle(verified, "zh-CN");
  assert.deepEqual([task.schedule?.of, task.schedule?.number, task.schedule?.agreed.length], [id, 3, 3]);
  assert.match(task.schedule?.text ?? "", /第 3 次执行.*甲方（\d{4}-\d\d-\d\d）、乙方（/);
  for (const kind of ["task.source-authorised", "task.recurred", "task.completed"])
    assert.ok(
      acts.some((one) => one.kind === kind),
      kind,
    );
  await assert.rejects(alice.client.tasks.bundle({ id }), { code: "bundle.unfinished" });
});

test("runs stand with their task: not in the list of tasks, nor in anybody's event centre, and for its parties alone", async () => {
  const before = (await bob.client.events.unread()).pending;
  const id = await authorised(eachMinute());
  await ended(bob, await run(id, 3));
  const { items } = await alice.client.tasks.list({ tab: "all", search: id });
  assert.deepEqual(
    items.map((one) => one.id),
    [id],
  );
  assert.equal((await alice.client.tasks.list({ state: "authorised", search: id })).total, 1);
  assert.equal((await bob.client.events.unread()).pending, before);
  const page = await bob.client.tasks.runs({ id, page: 2, pageSize: 1 });
  assert.deepEqual([page.items, page.total], [[], 1]);
  for (const hidden of [id, `${id}-3`]) {
    await assert.rejects(carol.client.tasks.runs({ id: hidden }), { code: "stream.unknown" });
    await assert.rejects(carol.client.tasks.get({ id: hidden }), { code: "stream.unknown" });
  }
  const plain = await addTask(alice, { alliance, receiver: alice.id, model, sources: [source] });
  assert.equal((await alice.client.tasks.runs({ id: plain.id })).total, 0);
  assert.deepEqual([plain.schedule, plain.occurrence], [null, null]);
});

test("the next run comes in its time, with a result of its own, until the last", async () => {
  const id = await authorised(eachMinute(4 * SECOND));
  const first = await ended(alice, await run(id, 1));
  const { number = 0 } = first.occurrence ?? {};
  const second = await ended(alice, await run(id, number + 1));
  assert.deepEqual([first.id, second.id], [`${id}-${number}`, `${id}-${number + 1}`]);
  assert.notEqual(first.result?.digest, second.result?.digest);
  const over = await authorised({ every: 60, runs: 1 });
  await ended(alice, await run(over, 1));
  assert.equal((await alice.client.tasks.get({ id: over })).schedule?.nextAt, null);
});

const busyFor = (milliseconds: number) => `export async function main() {
  for (const end = Date.now() + ${milliseconds}; Date.now() < end; );
  return [{ sum: 1 }];
}`;

test("a run that a halt interrupts goes on after it, once, and the next comes", async () => {
  const id = await authorised(eachMinute(4 * SECOND), busyFor(1_500));
  const interrupted = await run(id, 1);
  await platform.halt();
  await platform.start();
  const { occurrence } = await ended(alice, interrupted);
  const { items } = await alice.client.streams.get({ id: interrupted });
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ["task.recurred", "task.completed"],
  );
  const next = await run(id, (occurrence?.number ?? 0) + 1);
  await platform.halt();
  await platform.rebuild();
  await platform.start();
  assert.equal((await ended(alice, next)).state, "succeeded");
  assert.equal((await runsOf(id)).length, 2);
});

test("whoever revokes ends the run that is under way, and all that would come", async () => {
  const id = await authorised(eachMinute(), busyFor(5 * MINUTE));
  const under = await run(id, 3);
  await bob.client.tasks.revoke(id);
  const stopped = await ended(alice, under);
  assert.deepEqual([stopped.state, stopped.failure?.code], ["failed", "enclave.series"]);
  assert.match(stopped.failure?.text["zh-CN"] ?? "", /定时任务/);
  const series = await alice.client.tasks.get({ id });
  assert.deepEqual([series.state, series.schedule?.nextAt], ["failed", null]);
  assert.equal((await runsOf(id)).length, 1);
});

test("a schedule that cannot be is refused when it is created", async () => {
  const parts = { alliance, receiver: alice.id, model, sources: [source] };
  const far = { every: 86_400, runs: 2, first: iso(platform.clock.now() + 400 * DAY) };
  await assert.rejects(addTask(alice, { ...parts, schedule: far }), { code: "task.schedule" });
  await assert.rejects(addTask(alice, { ...parts, schedule: { every: 1, runs: 1 } }), { code: "statement.payload" });
  const manual = { ...parts, start: "manual" as const, schedule: { every: 60, runs: 1 } };
  await assert.rejects(addTask(alice, manual), { code: "task.schedule" });
});
