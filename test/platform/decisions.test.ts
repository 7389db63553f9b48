/** What members decide: refusals at each step, revocations, manual starts, and one organisation in every part. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openResult } from "../../src/sdk/workflows/index.ts";
import {
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  ended,
  type Member,
  newReceiverKey,
  openAlliance,
} from "../support/members.ts";

const { platform, alliance, institute, author, north, south } = await openAlliance({
  institute: "研究所",
  author: "模型方",
  north: "北方医院",
  south: "南方医院",
});
const model = (await addModel(platform, author, { tables: ["a", "b"] })).id;
const sources = (await Promise.all([north, south].map((one) => addTable(platform, one)))).map(({ id }) => id);
const key = newReceiverKey();

const newTask = (options: { start?: "manual"; model?: string } = {}) =>
  addTask(institute, { alliance, receiver: institute.id, model, sources, ...options });
/** Everybody who decides, in turn. */
const turns = () => [institute, north, south, author];
/** The first so many decide for it. */
const authorised = async (count: number, options: Parameters<typeof newTask>[0] = {}) => {
  const { id } = await newTask(options);
  for (const member of turns().slice(0, count)) await authorise(member, id, key.publicPem);
  return id;
};
/** State of a member's event about the task; undefined where it has none. */
const eventOf = async ({ client }: Member, task: string) => {
  const { stream } = await client.tasks.get({ id: task });
  const { items } = await client.events.list({ kind: "authorisation", pageSize: 100 });
  return items.find((event) => event.stream === stream)?.stateLabel["zh-CN"];
};
const decisionsOf = async (task: string) => {
  const { steps } = await institute.client.tasks.get({ id: task });
  return steps.flatMap(({ decisions }) => decisions.map(({ member, decision }) => `${member.nickname} ${decision}`));
};

for (const [position, step] of ["receiver", "first provider", "second provider", "model provider"].entries())
  test(`the ${step} refuses, and that is the end of it`, async () => {
    const id = await authorised(position);
    const refuser = turns()[position] ?? institute;
    for (const early of turns()
      .slice(position + 1)
      .filter((one) => !(position === 1 && one === south)))
      await assert.rejects(early.client.tasks.refuse(id), { code: "task.party" }, "not its turn");
    await refuser.client.tasks.refuse(id);
    const task = await institute.client.tasks.get({ id });
    assert.equal(task.stateLabel["zh-CN"], "计算任务授权失败");
    assert.deepEqual([task.failure?.code, task.failure?.by?.id, task.deciders], ["refused", refuser.id, []]);
    assert.equal(await eventOf(refuser, id), "失败");
    assert.ok((await decisionsOf(id)).includes(`${refuser.nickname} refused`));
    for (const member of turns()) {
      await assert.rejects(member.client.tasks.refuse(id));
      await assert.rejects(authorise(member, id, key.publicPem), { code: "task.not-yours" });
    }
    await assert.rejects(institute.client.tasks.run(id), { code: "task.state" });
  });

test("an event is in progress until it is decided, and says who has decided", async () => {
  const id = await authorised(1);
  assert.equal(await eventOf(north, id), "进行中");
  await authorise(north, id);
  assert.equal(await eventOf(north, id), "成功");
  assert.equal(await eventOf(south, id), "进行中");
  assert.equal(await eventOf(author, id), undefined, "nobody is asked before its turn");
  const decisions = ["研究所 asked", "研究所 authorised", "北方医院 authorised", "南方医院 null", "模型方 null"];
  assert.deepEqual(new Set(await decisionsOf(id)), new Set(decisions));
  const { deciders } = await author.client.tasks.get({ id });
  assert.deepEqual(
    deciders.map(({ nickname }) => nickname),
    ["南方医院"],
  );
});

test("whoever authorised takes it back before the last authorisation", async () => {
  const id = await authorised(2);
  await assert.rejects(south.client.tasks.revoke(id), { code: "task.party" }, "it has given nothing");
  await north.client.tasks.revoke(id);
  const task = await south.client.tasks.get({ id });
  assert.deepEqual(
    [task.state, task.failure?.code, task.failure?.by?.id],
    ["authorisation-failed", "revoked", north.id],
  );
  assert.ok((await decisionsOf(id)).includes("北方医院 revoked"));
  await assert.rejects(authorise(south, id), { code: "task.not-yours" });
});

test("the receiver takes it back after others have authorised too", async () => {
  const id = await authorised(3);
  await institute.client.tasks.revoke(id);
  assert.deepEqual(
    (await decisionsOf(id)).filter((one) => one.includes("revoked")),
    ["研究所 revoked"],
  );
  assert.deepEqual(await Promise.all(turns().map((one) => eventOf(one, id))), ["失败", "失败", "失败", "失败"]);
});

test("a provider takes it back while the model runs: there is no result", async () => {
  const code = "export async function main() { for (;;); }";
  const forever = await addModel(platform, author, { tables: ["a", "b"], code, name: "永不停" });
  const id = await authorised(4, { model: forever.id });
  assert.equal((await institute.client.tasks.get({ id })).state, "running");
  await sleep(100);
  await south.client.tasks.revoke(id);
  const task = await institute.client.tasks.get({ id });
  assert.deepEqual([task.state, task.failure?.code, task.result], ["failed", "revoked", null]);
  await assert.rejects(openResult(institute.client, id, key.privatePem), { code: "result.missing" });
  await assert.rejects(south.client.tasks.revoke(id), { code: "task.state" });
});

test("a task that starts by hand waits for its creator", async () => {
  const id = await authorised(4, { start: "manual" });
  const waiting = await institute.client.tasks.get({ id });
  assert.deepEqual([waiting.stateLabel["zh-CN"], waiting.runnable], ["计算任务授权成功", true]);
  assert.equal((await north.client.tasks.get({ id })).runnable, false);
  await assert.rejects(north.client.tasks.run(id), { code: "task.party" });
  await institute.client.tasks.run(id);
  assert.equal((await ended(institute, id)).state, "succeeded");
  assert.equal(await openResult(institute.client, id, key.privatePem), "sum\r\n12\r\n");
  await assert.rejects(institute.client.tasks.run(id), { code: "task.state" });
  await assert.rejects(north.client.tasks.revoke(id), { code: "task.state" });
});

test("an authorisation of a task that starts by hand is taken back before it runs", async () => {
  const id = await authorised(4, { start: "manual" });
  await author.client.tasks.revoke(id);
  assert.equal((await institute.client.tasks.get({ id })).failure?.code, "revoked");
  await assert.rejects(institute.client.tasks.run(id), { code: "task.state" });
});

test("one organisation alone is receiver, provider and model owner", async () => {
  const own = await addModel(platform, south, { name: "独自" });
  const home = await ally(platform, [south], "独自联盟");
  const source = sources[1] ?? "";
  const { id } = await addTask(south, { alliance: home, receiver: south.id, model: own.id, sources: [source] });
  for (const state of ["receiver-authorising", "source-authorising", "model-authorising"]) {
    assert.equal((await south.client.tasks.get({ id })).state, state);
    assert.equal(await eventOf(south, id), "进行中");
    await authorise(south, id, key.publicPem);
  }
  assert.equal((await ended(south, id)).state, "succeeded");
  assert.equal(await openResult(south.client, id, key.privatePem), "sum\r\n6\r\n");
  assert.equal(await eventOf(south, id), "成功");
});
test("an invitation that was declined: nothing to be seen, and another one can be sent", async () => {
  const home = await ally(platform, [institute], "再邀联盟");
  await institute.client.alliances.invite(home, { member: north.id });
  assert.equal((await north.client.alliances.get({ id: home })).joinedAt, null);
  await assert.rejects(institute.client.alliances.invite(home, { member: north.id }), { code: "invitation.open" });
  await north.client.alliances.decline(home);
  await assert.rejects(north.client.alliances.get({ id: home }), { code: "stream.unknown" });
  const [event] = (await north.client.events.list({ kind: "invitation" })).items;
  assert.deepEqual([event?.stream, event?.state], [home, "failed"]);
  assert.equal((await north.client.events.get({ id: event?.id ?? "" })).alliance, null);
  await institute.client.alliances.invite(home, { member: north.id });
  await north.client.alliances.join(home);
  await assert.rejects(institute.client.alliances.invite(home, { member: north.id }), { code: "member.exists" });
  await assert.rejects(north.client.alliances.join(home), { code: "invitation.unknown" });
});
