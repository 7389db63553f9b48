/** A host that asks for the run of a task that this enclave may not run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alliance,
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  complete,
  model,
  source,
} from "../../../test/support/consortium.ts";
import { openRig, outcomeOf } from "../../../test/support/hostile-host.ts";
import { createEnclave, createOrganisation, issueLeaf, SALT } from "../../../test/support/principals.ts";
import { act, found, signed } from "../../../test/support/stage.ts";
import { toBase64 } from "../../base/bytes.ts";
import { DAY } from "../../base/clock.ts";
import { digestOf } from "../../trust/digest.ts";

test("a task that not everybody has authorised is not run", async (t) => {
  const rig = await openRig(t);
  const { stage, task } = rig;
  const steps = [
    () => authoriseReceiver(stage, rig.institute, task),
    () => authoriseSource(stage, rig.hospital, task),
    () => authoriseModel(stage, rig.institute, task),
  ];
  for (const step of steps) {
    await rig.follow();
    await assert.rejects(rig.run(), { code: "enclave.task.state" });
    await step();
  }
  assert.deepEqual(rig.reads, []);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("a task that has ended, lapsed or never was is not run", async (t) => {
  const rig = await openRig(t);
  const manual = await rig.newTask({ start: "manual" });
  await rig.authorise(manual);
  const refused = await rig.newTask();
  await act(rig.stage, rig.institute, "task.refused", refused);
  await rig.authorise();
  await rig.follow();
  await rig.stage.submit(await rig.run());
  rig.stage.clock.advance(90 * DAY);
  await rig.follow();
  rig.reads.length = 0;
  const statements = await rig.statements();
  for (const id of [rig.task, refused, manual])
    await assert.rejects(rig.run({ task: id }), { code: "enclave.task.state" });
  for (const id of [rig.parts.alliance, rig.hospital.id, digestOf("none"), ""])
    await assert.rejects(rig.run({ task: id, statements }), { code: "enclave.task.state" });
  assert.deepEqual(rig.reads, []);
});

test("another enclave's task is not run", async (t) => {
  const rig = await openRig(t);
  const { stage, institute, hospital, archive, envelope, described } = rig;
  // Of the same program, so that only the identity tells them apart.
  const other = createEnclave({ at: stage.clock.now(), components: rig.components });
  await found(stage, other);
  const parts = {
    alliance: await alliance(stage, other, [institute, hospital]),
    receiver: institute,
    enclave: other,
    model: await model(stage, institute, other, { archive }),
    sources: [await source(stage, hospital, other, { envelope, ...described })],
  };
  const task = await rig.newTask({}, parts);
  await rig.authorise(task);
  await rig.follow();
  await assert.rejects(rig.run({ task }), { code: "enclave.task.enclave" });
  assert.deepEqual(rig.reads, []);
});

test("another enclave's receipt for this enclave's task stays off the ledger", async (t) => {
  const rig = await openRig(t);
  const other = createEnclave({ at: rig.stage.clock.now(), components: rig.components });
  await found(rig.stage, other);
  await rig.authorise();
  await assert.rejects(complete(rig.stage, other, rig.task), { code: "task.party" });
});

test("an organisation is not founded again by a leaf of its CA", async (t) => {
  const { stage, hospital } = await openRig(t);
  const thief = issueLeaf(hospital);
  const payload = {
    appId: "9999999999",
    authority: toBase64(hospital.ca.der),
    detail: digestOf({ salt: SALT, nickname: "医院" }),
  };
  const again = signed(stage, hospital, "organisation.founded", "", payload, {
    by: "",
    key: thief.key,
    leaf: thief.leaf,
  });
  await assert.rejects(stage.submit(again), { name: "Refusal" });
  await found(stage, createOrganisation("另一家", { at: stage.clock.now() }));
});
