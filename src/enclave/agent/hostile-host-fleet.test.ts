/** A host with several enclaves that sets them against one another: tasks given twice, keys swapped, ledgers forked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openFleet, openWorker } from "../../../test/support/fleet.ts";
import { openRig, outcomeOf } from "../../../test/support/hostile-host.ts";
import { act } from "../../../test/support/stage.ts";
import { toBase64, utf8 } from "../../base/bytes.ts";
import { HOUR } from "../../base/clock.ts";
import { delegationContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import { parseStatement } from "../../trust/statement.ts";

test("another enclave that the task names runs it with the keys of the first, and its receipt counts", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  const { statement, keys, seen } = await delegate(second.id);
  await rig.stage.submit(statement);
  await second.follow();
  const receipt = await second.run(task, keys, seen);
  assert.equal(outcomeOf(receipt), "task.completed");
  assert.equal(parseStatement(receipt).statement.by, second.id);
  await rig.stage.submit(receipt);
  assert.match(await rig.resultIn(rig.files.get(rig.written.at(-1) ?? "") ?? new Uint8Array(), task), /^v\r\n6/);
});

test("what was given away does not run here as well, whether the ledger hears of it or not", async (t) => {
  const rig = await openRig(t);
  const { second, third, task, delegate } = await openFleet(rig);
  const { statement, keys } = await delegate(second.id);
  await assert.rejects(rig.run({ task }), { code: "enclave.delegation" });
  await assert.rejects(delegate(third.id), { code: "enclave.delegation" });
  const again = await delegate(second.id);
  assert.deepEqual([again.statement, again.keys], [statement, keys]);
  await rig.restart();
  await rig.follow();
  await assert.rejects(rig.run({ task }), { code: "enclave.delegation" });
  await rig.stage.submit(statement);
  await rig.follow();
  await assert.rejects(rig.run({ task }), { code: "enclave.task.enclave" });
});

test("what has ended here goes to no other enclave", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  await rig.run({ task });
  await assert.rejects(delegate(second.id), { code: "enclave.delegation" });
});

test("a task goes to enclaves that it names, and only the first decides", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  const stranger = await openWorker(rig, "stranger");
  await assert.rejects(delegate(stranger.id), { code: "enclave.delegation" });
  await rig.authorise();
  await assert.rejects(delegate(second.id, rig.task), { code: "enclave.delegation" });
  await second.follow();
  await assert.rejects(second.delegate(task, second.id), { code: "enclave.task.enclave" });
  await assert.rejects(second.runAlone(task), { code: "enclave.task.enclave" });
});

test("keys that the first enclave did not hand over for this task open nothing, and end nothing", async (t) => {
  const rig = await openRig(t);
  const { second, third, task, delegate } = await openFleet(rig);
  const other = await rig.newTask({ workers: [second.id] });
  await rig.authorise(other);
  const [mine, others] = [await delegate(second.id), await delegate(second.id, other)];
  await rig.stage.submit(mine.statement);
  await rig.stage.submit(others.statement);
  await second.follow();
  await third.follow();
  const made = await sealBytes(utf8("{}"), {
    to: second.recipient,
    context: delegationContext(task, rig.enclave.id, second.id),
  });
  for (const keys of [others.keys, toBase64(made), ""])
    await assert.rejects(second.run(task, keys, mine.seen), { code: "enclave.delegation" });
  await assert.rejects(second.runAlone(task), { code: "enclave.delegation" });
  await assert.rejects(third.run(task, mine.keys, mine.seen), { code: "enclave.task.enclave" });
  assert.equal(outcomeOf(await second.run(task, mine.keys, mine.seen)), "task.completed");
});

test("a ledger that does not continue what the first enclave has seen is refused", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  const { statement, keys, seen } = await delegate(second.id);
  await rig.stage.submit(statement);
  await second.follow();
  await assert.rejects(second.run(task, keys, seen - 1), { code: "log.consistency" });
});

test("what the first enclave takes back is delivered by no other, and goes round four times at most", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  for (let round = 0; round < 2; round++) {
    const { statement, keys, seen } = await delegate(second.id);
    await rig.stage.submit(statement);
    await second.follow();
    const back = await delegate(rig.enclave.id);
    assert.equal(back.keys, "");
    await rig.stage.submit(back.statement);
    await second.follow();
    await assert.rejects(second.run(task, keys, seen), { code: "enclave.task.enclave" });
  }
  // What the ledger would not take is not given away: it still runs here.
  await assert.rejects(delegate(second.id), { code: "task.delegations" });
  assert.equal(outcomeOf(await rig.run({ task })), "task.completed");
});

test("an enclave that was lost while it ran is replaced, and comes back to nothing", async (t) => {
  const rig = await openRig(t);
  const { second, third, task, delegate } = await openFleet(rig);
  const first = await delegate(second.id);
  await rig.stage.submit(first.statement);
  await second.follow();
  const lost = await second.run(task, first.keys, first.seen);
  const next = await delegate(third.id);
  await rig.stage.submit(next.statement);
  await third.follow();
  await rig.stage.submit(await third.run(task, next.keys, next.seen));
  await assert.rejects(rig.stage.submit(lost), { code: "stream.moved" });
  await second.restart();
  await assert.rejects(second.run(task, first.keys, first.seen), { code: "enclave.task.enclave" });
});

test("one enclave says one thing of a task, however often it comes back to it", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  const digests: string[] = [];
  for (let round = 0; round < 2; round++) {
    const { statement, keys, seen } = await delegate(second.id);
    await rig.stage.submit(statement);
    await second.follow();
    const { payload } = parseStatement(await second.run(task, keys, seen)).statement;
    digests.push((payload as { result: { digest: string } }).result.digest);
    if (round === 0) await rig.stage.submit((await delegate(rig.enclave.id)).statement);
  }
  assert.equal(digests[0], digests[1]);
});

test("runs are paid for with the first enclave, whichever runs them", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 1 } } } });
  const { second, task, delegate } = await openFleet(rig);
  const { statement, keys, seen } = await delegate(second.id);
  await rig.stage.submit(statement);
  await second.follow();
  await rig.stage.submit(await second.run(task, keys, seen));
  const again = await rig.newTask();
  await rig.authorise(again);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task: again })), "gate.budget");
});

test("a budget that counts what comes out stays with the enclave that counts", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { rows: 10 } } } });
  const { second, delegate } = await openFleet(rig);
  await assert.rejects(delegate(second.id), { code: "enclave.delegation" });
});

test("a policy that has come to count since is not run elsewhere", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  const { statement, keys, seen } = await delegate(second.id);
  await rig.stage.submit(statement);
  const [source = ""] = rig.parts.sources;
  await act(rig.stage, rig.hospital, "source.governed", source, { policy: { budget: { rows: 10 } } });
  await second.follow();
  await assert.rejects(second.run(task, keys, seen), { code: "enclave.delegation" });
});

test("a revocation is seen wherever the task runs", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  const { statement, keys, seen } = await delegate(second.id);
  await rig.stage.submit(statement);
  await act(rig.stage, rig.hospital, "task.revoked", task);
  await second.follow();
  await assert.rejects(second.run(task, keys, seen), { code: "enclave.task.state" });
});

test("a run of a scheduled task may run elsewhere, and ends with its schedule there too", async (t) => {
  const rig = await openRig(t);
  const second = await openWorker(rig, "second");
  const of = await rig.newTask({ workers: [second.id], schedule: { every: 3_600, runs: 3 } });
  await rig.authorise(of);
  const runOf = async () => {
    await rig.follow();
    const { statement } = await rig.call("recur", { task: of }, await rig.statements(of));
    await rig.stage.submit(statement);
    await rig.follow();
    return parseStatement(statement).digest;
  };
  const given = async (run: string) => {
    const seen = rig.ledger.size;
    await rig.follow(seen);
    const said = await rig.call(
      "delegate",
      { task: run, details: rig.details, to: second.id },
      await rig.statements(run),
    );
    await rig.stage.submit(said.statement);
    await second.follow();
    return { keys: said.keys, seen };
  };
  const run = await runOf();
  const { keys, seen } = await given(run);
  const receipt = await second.run(run, keys, seen);
  assert.equal(outcomeOf(receipt), "task.completed");
  await rig.stage.submit(receipt);
  rig.stage.clock.advance(HOUR);
  const next = await runOf();
  const later = await given(next);
  await act(rig.stage, rig.hospital, "task.revoked", of);
  await second.follow();
  assert.equal(outcomeOf(await second.run(next, later.keys, later.seen)), "enclave.series");
});
