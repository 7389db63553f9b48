/** A host that acts between what an enclave has judged and what it says: and asks enclaves that have not ended a task. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey } from "#crypto";
import { source, taskOf } from "../../../test/support/consortium.ts";
import { openFleet } from "../../../test/support/fleet.ts";
import { openRig, outcomeOf, type Rig } from "../../../test/support/hostile-host.ts";
import { firstOf, moveAll, openSecond, release, successor } from "../../../test/support/moving.ts";
import { rewritten } from "../../../test/support/rewritten.ts";
import { act } from "../../../test/support/stage.ts";
import { canonical } from "../../base/canonical.ts";
import { iso } from "../../base/clock.ts";
import { STRUCTURE_REQUEST } from "../../rules/structure-request.ts";
import { signJws } from "../../trust/jws.ts";
import { publicKeyToPem } from "../../trust/keys.ts";

/** Has the first enclave give the task away, and does something else while it reads a file for that. */
const whileDelegating = async (rig: Rig, task: string, to: string, meanwhile: () => Promise<unknown>) => {
  let done = false;
  rig.tricks.read = async function* (_, honest) {
    if (!done) {
      done = true;
      await meanwhile();
    }
    yield honest();
  };
  await rig.follow();
  return rig.call("delegate", { task, details: rig.details, to }, await rig.statements(task));
};

test("keys are not given away of a task that was revoked, as the enclave has seen, while it read the files", async (t) => {
  const rig = await openRig(t);
  const { second, task } = await openFleet(rig);
  const said = whileDelegating(rig, task, second.id, async () => {
    await act(rig.stage, rig.hospital, "task.revoked", task);
    await rig.follow();
  });
  await assert.rejects(said, { code: "enclave.moved" });
});

test("keys are not given away of a table that was released to another enclave meanwhile", async (t) => {
  const rig = await openRig(t);
  const { second, task } = await openFleet(rig);
  const [first, other] = [firstOf(rig), await openSecond(rig)];
  const said = whileDelegating(rig, task, second.id, async () => {
    await moveAll(rig, first, other);
    await release(rig, first);
  });
  await assert.rejects(said, { code: "enclave.moved" });
});

const THROWS = `export async function main({ tables }) {
  throw new Error("at " + Math.random());
}`;

const asked = async (rig: Rig, task: string) => {
  const key = publicKeyToPem(generateKey("P-256").publicKey);
  await act(rig.stage, rig.institute, "task.diagnostics-requested", task, { key });
  const request = taskOf(rig.stage, task).diagnostics.at(-1)?.request ?? "";
  await act(rig.stage, rig.hospital, "task.diagnostics-authorised", task, { request });
};

test("diagnostics are those of the run that ended the task, not of others whose outcome was hidden", async (t) => {
  const rig = await openRig(t, { code: THROWS });
  const { second, task, delegate } = await openFleet(rig);
  const there = await delegate(second.id);
  await rig.stage.submit(there.statement);
  await second.follow();
  assert.equal(outcomeOf(await second.run(task, there.keys, there.seen)), "model.threw", "and is hidden");
  const back = await delegate(rig.enclave.id);
  await rig.stage.submit(back.statement);
  await rig.follow();
  await rig.stage.submit(await rig.run({ task }));
  await asked(rig, task);
  await rig.follow();
  await second.follow();
  const first = await rig.call("diagnose", { task }, await rig.statements(task));
  assert.ok(first.envelope);
  await assert.rejects(second.diagnose(task), { code: "enclave.diagnostics" });
});

test("a run is paid for once, and no twin of what the enclave signed comes onto the ledger", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 2 } } } });
  const { second, task, delegate } = await openFleet(rig);
  const other = await rig.newTask();
  await rig.authorise(other);
  const away = await delegate(second.id);
  await assert.rejects(rig.stage.submit(rewritten(away.statement)), { code: "statement.signature" });
  await rig.stage.submit(away.statement);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task: other })), "task.completed", "the second of two");
  const back = await delegate(rig.enclave.id);
  await rig.stage.submit(back.statement);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task })), "task.completed");
});

test("whoever names the digest of another's envelope keeps nobody from asking about it", async (t) => {
  const rig = await openRig(t);
  const { hospital, institute, stage, envelope } = rig;
  const [first, other] = [firstOf(rig), await openSecond(rig)];
  const mine = await source(stage, institute, rig.enclave, { envelope, ...rig.described });
  await act(stage, institute, "source.moved", mine, { from: first.id, ...successor(other) });
  await act(stage, institute, "source.reconnected", mine, { envelope });
  await release(rig, first, mine);
  const asked = { enclave: first.id, envelope: envelope.digest, type: "csv", at: iso(stage.clock.now()) };
  const payload = canonical({ use: "entente/structure/1", by: hospital.id, ...asked });
  const request = signJws({ key: hospital.key, typ: STRUCTURE_REQUEST, x5c: [hospital.leaf.der], payload });
  const { rows } = await rig.call("describe", { request }, await rig.statements(hospital.id));
  assert.equal(rows, 3);
});
