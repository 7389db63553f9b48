/** Time: invitations and tasks that nobody answered, and a server's clock that jumps. No task runs here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR, SECOND } from "../../src/base/clock.ts";
import { addModel, addTable, addTask, ally, authorise, newReceiverKey, openAlliance } from "../support/members.ts";

const { platform, alliance, alice, bob } = await openAlliance({ alice: "甲方", bob: "乙方" });
const model = (await addModel(platform, alice)).id;
const source = (await addTable(platform, bob)).id;
const key = newReceiverKey();

const newTask = () => addTask(alice, { alliance, receiver: alice.id, model, sources: [source] });
const times = async () => (await alice.client.ledger.entries({ limit: 1_000 })).items.map(({ time }) => time);

test("the server's clock jumps back and forth between acts: the ledger's time only goes on", async () => {
  const before = (await times()).length;
  for (const jump of [-5, 3, -2, 6, -4, 5].map((minutes) => minutes * 60 * SECOND)) {
    platform.clock.advance(jump);
    await ally(platform, [alice], `钟${Math.abs(jump)}`);
  }
  const after = await times();
  assert.equal(after.length, before + 6);
  assert.deepEqual(
    after,
    after.toSorted((a, b) => a - b),
  );
  const { items } = await alice.client.alliances.list({ search: "钟" });
  assert.equal(items.length, 6);
  await platform.halt();
  await platform.start();
  assert.deepEqual(await times(), after);
});

test("after seven days an invitation and a request are over, wherever they are shown", async () => {
  const home = await ally(platform, [alice], "过期联盟");
  await alice.client.alliances.invite(home, { member: bob.id });
  const [task, begun] = [await newTask(), await newTask()];
  await authorise(alice, begun.id, key.publicPem);
  platform.clock.advance(7 * DAY - HOUR);
  assert.equal((await bob.client.events.unread()).pending, 2);
  assert.equal((await alice.client.tasks.list({ state: "receiver-authorising" })).total, 1);
  platform.clock.advance(HOUR + SECOND);

  assert.equal((await bob.client.events.unread()).pending, 0);
  const events = (await bob.client.events.list()).items.filter(({ stream }) => [home, begun.stream].includes(stream));
  assert.deepEqual(
    events.map(({ stateLabel }) => stateLabel["zh-CN"]),
    ["已过期", "已过期"],
  );
  const invitation = await bob.client.events.get({ id: events.find(({ stream }) => stream === home)?.id ?? "" });
  assert.deepEqual(
    invitation.steps.map(({ state }) => state),
    ["done", "failed", "failed"],
  );
  assert.equal(invitation.steps[1]?.decisions[0]?.decision, "expired");
  await assert.rejects(bob.client.alliances.join(home), { code: "invitation.expired" });
  await assert.rejects(bob.client.alliances.decline(home), { code: "invitation.expired" });

  const shown = await alice.client.tasks.get({ id: begun.id });
  assert.deepEqual(
    [shown.stateLabel["zh-CN"], shown.failure?.code, shown.deciders],
    ["计算任务授权失败", "expired", []],
  );
  const [receiver, providers] = shown.steps.slice(1);
  assert.deepEqual([receiver?.decisions[0]?.decision, providers?.decisions[0]?.decision], ["authorised", "expired"]);
  assert.equal((await alice.client.tasks.list({ state: "receiver-authorising" })).total, 0);
  assert.equal((await alice.client.tasks.list({ state: "authorisation-failed" })).total, 2);
  const digest = shown.digest ?? "";
  await assert.rejects(bob.client.tasks.authoriseSource(begun.id, { task: digest }), { code: "task.expired" });
  for (const { id } of [task, begun]) {
    await assert.rejects(alice.client.tasks.refuse(id), (error: { code: string }) => /expired|party/.test(error.code));
    await assert.rejects(authorise(alice, id, key.publicPem), { code: "task.not-yours" });
  }
});

test("whoever let an invitation pass can be invited again, and the event is new", async () => {
  const [home] = (await alice.client.alliances.list({ search: "过期" })).items;
  await alice.client.alliances.invite(home?.id ?? "", { member: bob.id });
  assert.deepEqual((await bob.client.events.unread()).pending, 1);
  await bob.client.alliances.join(home?.id ?? "");
  const [event] = (await bob.client.events.list({ kind: "invitation" })).items;
  assert.deepEqual([event?.stream, event?.state], [home?.id, "succeeded"]);
  assert.equal((await newTask()).state, "receiver-authorising");
});
