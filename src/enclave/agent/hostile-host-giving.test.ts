/** A host that has tasks given from enclave to enclave at moments that suit it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openFleet } from "../../../test/support/fleet.ts";
import { openRig, outcomeOf } from "../../../test/support/hostile-host.ts";
import { act } from "../../../test/support/stage.ts";
import { MINUTE } from "../../base/clock.ts";
import { parseStatement } from "../../trust/statement.ts";

test("giving it to itself first wedges nothing", async (t) => {
  const rig = await openRig(t);
  const { task, delegate } = await openFleet(rig);
  await assert.rejects(
    delegate(rig.enclave.id).then(({ statement }) => rig.stage.submit(statement)),
    { code: "task.worker" },
  );
  assert.equal(outcomeOf(await rig.run({ task })), "task.completed");
});

test("after a revocation that it has followed, no keys are handed over", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  rig.tricks.read = (_, honest) => {
    delete rig.tricks.read;
    return (async function* () {
      await act(rig.stage, rig.hospital, "task.revoked", task);
      await rig.follow();
      yield honest();
    })();
  };
  await assert.rejects(delegate(second.id), { code: "enclave.moved" });
});

test("after its owner has bound a source, nothing is given away unpaid", async (t) => {
  const rig = await openRig(t);
  const { second, delegate } = await openFleet(rig);
  rig.tricks.read = (_, honest) => {
    delete rig.tricks.read;
    return (async function* () {
      await act(rig.stage, rig.hospital, "source.governed", rig.parts.sources[0] ?? "", {
        policy: { budget: { rows: 1 } },
      });
      await rig.follow();
      yield honest();
    })();
  };
  await assert.rejects(delegate(second.id), { code: "enclave.moved" });
});

test("what was given away and can run no more is taken back, and fails", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  await rig.stage.submit((await delegate(second.id)).statement);
  // The second is lost, and the owner withdraws.
  await act(rig.stage, rig.hospital, "source.withdrawn", rig.parts.sources[0] ?? "");
  const { statement } = await delegate(rig.enclave.id);
  await rig.stage.submit(statement);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task })), "enclave.withdrawn");
});

test("said before a crash, and too old for the ledger after it: said again", async (t) => {
  const rig = await openRig(t);
  const { second, task, delegate } = await openFleet(rig);
  await delegate(second.id);
  // kill -9 of the server before it was put onto the ledger; a quarter of an hour later it is back.
  rig.stage.clock.advance(15 * MINUTE);
  await rig.restart();
  const { statement, keys, seen } = await delegate(second.id);
  await rig.stage.submit(statement);
  await second.follow();
  assert.equal(outcomeOf(await second.run(task, keys, seen)), "task.completed");
});

test("one enclave says one thing, also where it ran another task meanwhile", async (t) => {
  const code = `export async function main() { return [{ v: Math.random() }]; }`;
  const rig = await openRig(t, { code });
  const { second, task, delegate } = await openFleet(rig);
  const other = await rig.newTask({ workers: [second.id] });
  await rig.authorise(other);
  const give = async (on = task) => {
    const { statement, keys, seen } = await delegate(second.id, on);
    await rig.stage.submit(statement);
    await second.follow();
    return parseStatement(await second.run(on, keys, seen)).statement.payload as { result: { digest: string } };
  };
  const first = await give();
  await rig.stage.submit((await delegate(rig.enclave.id)).statement);
  await give(other);
  const again = await give().catch((error) => {
    assert.equal(error.code, "enclave.delegation");
    return first;
  });
  assert.equal(again.result.digest, first.result.digest);
});

test("for the last time it goes to an enclave that was not there before, or stays", async (t) => {
  const rig = await openRig(t);
  const { second, third, task, delegate } = await openFleet(rig);
  for (const to of [second.id, rig.enclave.id, third.id]) await rig.stage.submit((await delegate(to)).statement);
  await assert.rejects(delegate(second.id), { code: "enclave.delegation" });
  await rig.stage.submit((await delegate(rig.enclave.id)).statement);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task })), "task.completed");
});

test("a run of a revoked schedule ends, also after another schedule was run", async (t) => {
  const rig = await openRig(t);
  const daily = async () => {
    const of = await rig.newTask({ schedule: { every: 86_400, runs: 5 } });
    await rig.authorise(of);
    await rig.follow();
    return of;
  };
  const founded = async (of: string) => {
    const { statement } = await rig.call("recur", { task: of }, await rig.statements(of));
    await rig.stage.submit(statement);
    await rig.follow();
    return parseStatement(statement).digest;
  };
  const [one, two] = [await daily(), await daily()];
  const run = await founded(one);
  await act(rig.stage, rig.hospital, "task.revoked", one);
  await rig.follow();
  await founded(two);
  assert.equal(outcomeOf(await rig.run({ task: run })), "enclave.series");
});
