/** A host that copies, deletes and interrupts what the enclave keeps. */
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openRig, outcomeOf, type Rig } from "../../../test/support/hostile-host.ts";
import { utf8 } from "../../base/bytes.ts";
import { openSimulated } from "../attestation/simulated.ts";
import { createQuickjsRunner } from "../runners/quickjs/index.ts";

const sealed = (rig: Rig) => join(rig.state, "sealed-state");
/** A host that takes no result: each run is an attempt without an end. */
const takeNoResult = (rig: Rig) => {
  rig.tricks.write = async () => {
    throw new Error("not today");
  };
};

test("sealed state that was rolled back is refused, and so is none", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow(5);
  const old = await readFile(sealed(rig));
  await rig.follow();
  await rig.run();
  const current = await readFile(sealed(rig));
  await writeFile(sealed(rig), old);
  await assert.rejects(rig.restart(), { code: "enclave.state.rolled-back" });
  await rm(sealed(rig));
  await assert.rejects(rig.restart(), { code: "enclave.state.rolled-back" });
  await writeFile(sealed(rig), current);
  await rig.restart();
});

test("sealed state with a changed bit is refused", async (t) => {
  const rig = await openRig(t);
  const state = await readFile(sealed(rig));
  for (const at of [0, 11, 12, state.length >> 1, state.length - 1]) {
    const changed = Buffer.from(state);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    await writeFile(sealed(rig), changed);
    await assert.rejects(rig.restart(), { code: "enclave.state.unreadable" });
  }
});

test("another program does not open the state", async (t) => {
  const rig = await openRig(t);
  await assert.rejects(rig.restart({ program: utf8("program with a door") }), { code: "enclave.state.unreadable" });
});

test("a weaker sandbox is not taken after the founding", async (t) => {
  const rig = await openRig(t);
  if (rig.runner.isolation !== "bubblewrap") return t.skip("needs bubblewrap");
  await assert.rejects(rig.restart({ runner: createQuickjsRunner() }), { code: "enclave.isolation" });
});

test("a server cannot give the enclave another ledger's key", async (t) => {
  const rig = await openRig(t);
  const other = await openRig(t);
  await assert.rejects(rig.restart({ ledger: other.ledger.verifierKey }), { code: "enclave.ledger.other" });
  const foreign = { from: 0, leaves: other.leaves(), checkpoint: other.ledger.checkpoint() };
  await assert.rejects(rig.call("follow", foreign), { code: /^(note|checkpoint)\./ });
});

test("changes at the same time leave the newest state, and the counter at it", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  takeNoResult(rig);
  const before = await readFile(sealed(rig));
  const { counter } = await openSimulated(rig.state);
  const count = await counter.read();
  await Promise.allSettled(Array.from({ length: 6 }, () => rig.run()));
  assert.equal(await counter.read(), count + 6);
  await rig.restart();
  await rig.follow();
  await Promise.allSettled([rig.run(), rig.run()]);
  assert.equal(outcomeOf(await rig.run()), "enclave.attempts");
  await writeFile(sealed(rig), before);
  await assert.rejects(rig.restart(), { code: "enclave.state.rolled-back" });
});

test("what was followed is durable when `follow` answers, however many calls there are", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  const size = rig.ledger.size;
  const step = 4;
  const calls: Promise<unknown>[] = [];
  for (let from = 0; from < size; from += step) {
    const to = Math.min(size, from + step);
    calls.push(rig.call("follow", { from, leaves: rig.leaves(to, from), checkpoint: rig.ledger.checkpoint(to) }));
  }
  await Promise.all(calls);
  await rig.restart();
  await rig.follow(size - 1);
  await assert.rejects(rig.run(), { code: "enclave.ledger.stale" });
});

test("a task is begun eight times, not more, over restarts", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  takeNoResult(rig);
  for (let attempt = 0; attempt < 8; attempt++) {
    await assert.rejects(rig.run(), { code: "enclave.host" });
    await rig.restart();
    await rig.follow();
  }
  assert.equal(outcomeOf(await rig.run()), "enclave.attempts");
});

test("a task is begun eight times, not more, when all are asked for at once", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  takeNoResult(rig);
  const runs = await Promise.allSettled(Array.from({ length: 20 }, () => rig.run()));
  const begun = runs.filter(({ status }) => status === "rejected");
  assert.equal(begun.length, 8);
});

test("files that the host keeps back cost no attempt: nothing was opened", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  rig.tricks.read = () => {
    throw new Error("not today");
  };
  for (let attempt = 0; attempt < 10; attempt++) await assert.rejects(rig.run(), { code: "enclave.host" });
  rig.tricks.read = undefined;
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("a task that succeeds is not run as often as the host likes either", async (t) => {
  const rig = await openRig(t, { code: "export const main = async () => [{ v: Math.random() }];" });
  await rig.authorise();
  await rig.follow();
  const outcomes: string[] = [];
  for (let attempt = 0; attempt < 9; attempt++) outcomes.push(outcomeOf(await rig.run()));
  assert.ok(outcomes.filter((outcome) => outcome === "task.completed").length <= 8);
  assert.equal(outcomes.at(-1), "enclave.attempts");
});
