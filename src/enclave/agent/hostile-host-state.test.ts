/** A host that copies, deletes and interrupts what the enclave keeps. */
import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Hex } from "#crypto";
import { openRig, outcomeOf, type Rig, sha384Hex } from "../../../test/support/hostile-host.ts";
import { act } from "../../../test/support/stage.ts";
import { extended } from "../../tee/attestation/provider.ts";
import { openSimulated } from "../../tee/attestation/simulated.ts";
import { encodeStatements } from "../../tee/protocol/statements.ts";
import { parseStatement } from "../../trust/statement.ts";
import { createQuickjsRunner } from "../runners/quickjs/index.ts";
import { createAgent } from "./agent.ts";

const sealed = (rig: Rig) => join(rig.state, "sealed-state");
/** A host that interrupts each run before it has an end. @returns how often one was begun */
const interruptRuns = (rig: Rig) => {
  const runner = { ...rig.runner, begun: 0 };
  runner.start = async (limits) => {
    const run = await rig.runner.start(limits);
    return {
      ...run,
      async result() {
        runner.begun++;
        await run.stop();
        return run.result();
      },
    };
  };
  return runner;
};
const results = (rig: Rig) => readdir(join(rig.state, "results"));

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
  await assert.rejects(rig.restart({ components: { program: sha384Hex("program with a door") } }), {
    code: "enclave.state.unreadable",
  });
});

test("a weaker sandbox is not taken after the founding", async (t) => {
  const rig = await openRig(t);
  if (rig.runner.isolation !== "bubblewrap") return t.skip("needs bubblewrap");
  await assert.rejects(rig.restart({ isolation: "quickjs", runners: { javascript: createQuickjsRunner() } }), {
    code: "enclave.isolation",
  });
});

test("a server cannot give the enclave another ledger's key", async (t) => {
  const rig = await openRig(t);
  const other = await openRig(t);
  await assert.rejects(rig.restart({ ledger: other.ledger.verifierKey }), { code: "enclave.ledger.other" });
  const foreign = { from: 0, leaves: other.leaves(), checkpoint: other.ledger.checkpoint() };
  await assert.rejects(rig.call("follow", foreign), { code: /^(note|checkpoint)\./ });
});

test("tasks that run at the same time leave one newest state, and older ones are refused", async (t) => {
  const rig = await openRig(t);
  const tasks = [rig.task, await rig.newTask(), await rig.newTask(), await rig.newTask()];
  for (const task of tasks) await rig.authorise(task);
  await rig.follow();
  const before = await readFile(sealed(rig));
  const { register } = await openSimulated(rig.state);
  const runs = await Promise.all(tasks.map((task) => rig.run({ task })));
  assert.deepEqual(new Set(runs.map(outcomeOf)), new Set(["task.completed"]));
  const newest = await readFile(sealed(rig));
  assert.notEqual(await register.read(), sha256Hex(before));
  await writeFile(sealed(rig), before);
  await assert.rejects(rig.restart(), { code: "enclave.state.rolled-back" });
  await writeFile(sealed(rig), newest);
  await rig.restart();
});

/** A register as hardware has it: out of reach of whoever owns the disk. */
const hardware = async (rig: Rig) => {
  const provider = await openSimulated(rig.state);
  let value = await provider.register.read();
  return {
    ...provider,
    register: {
      read: async () => value,
      async extend(digest: string) {
        value = extended(value, digest);
        return value;
      },
    },
  };
};

test("of two copies of an enclave that run side by side, at most one goes on", async (t) => {
  const rig = await openRig(t, { code: CHANCE });
  await rig.authorise();
  const provider = await hardware(rig);
  await rig.restart({ provider });
  await rig.follow();
  const copy = join(rig.state, "..", "copy");
  await cp(rig.state, copy, { recursive: true });
  const first = await rig.run();
  await rig.restart({ provider, directory: copy }).then(
    () => assert.fail("the copy is older than the register"),
    (error: { code: string }) => assert.equal(error.code, "enclave.state.rolled-back"),
  );
  await rig.restart({ provider });
  await rig.follow();
  assert.deepEqual(payloadOf(await rig.run()), payloadOf(first));
});

test("a copy that was loaded in time saves nothing after the other has", async (t) => {
  const rig = await openRig(t, { code: CHANCE });
  await rig.authorise();
  const provider = await hardware(rig);
  await rig.restart({ provider });
  const copy = join(rig.state, "..", "copy");
  await cp(rig.state, copy, { recursive: true });
  const other = await createAgent({ ...(await rig.agentOptions()), provider, directory: copy });
  await rig.follow();
  const shown = { from: 0, leaves: rig.leaves(), checkpoint: rig.ledger.checkpoint() };
  await assert.rejects(other.follow(shown, encodeStatements([])), { code: "enclave.state.copied" });
  // The copy that was late has taken nothing from the one that was first.
  assert.equal(outcomeOf(await rig.run()), "task.completed");
  await rig.restart({ provider });
});

test("when state cannot be saved, nothing goes on, and nothing is told twice", async (t) => {
  const rig = await openRig(t, { code: CHANCE });
  await rig.authorise();
  const provider = await hardware(rig);
  let broken = false;
  const { extend } = provider.register;
  provider.register.extend = (digest) => (broken ? Promise.reject(new Error("no power")) : extend(digest));
  await rig.restart({ provider });
  await rig.follow();
  broken = true;
  await assert.rejects(rig.run(), /no power/);
  broken = false;
  await assert.rejects(rig.run(), /no power/);
  await rig.restart({ provider });
  await rig.follow();
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("a crash at any step of a save leaves the state before or the state after", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  const provider = await hardware(rig);
  await rig.restart({ provider });
  const before = await readFile(sealed(rig));
  await rig.follow();
  const after = await readFile(sealed(rig));
  // Extended, not renamed yet.
  await writeFile(`${sealed(rig)}.new`, after);
  await writeFile(sealed(rig), before);
  await rig.restart({ provider });
  // Written, not extended yet; and written in part.
  for (const left of [before, after.subarray(0, 40), Buffer.alloc(0)]) {
    await writeFile(`${sealed(rig)}.new`, left);
    await rig.restart({ provider });
  }
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
  const runner = interruptRuns(rig);
  await rig.authorise();
  for (let attempt = 0; attempt < 8; attempt++) {
    await rig.restart({ runners: { javascript: runner } });
    await rig.follow();
    await assert.rejects(rig.run(), { code: "model.stopped" });
  }
  assert.equal(outcomeOf(await rig.run()), "enclave.attempts");
  assert.equal(runner.begun, 8);
});

test("a task is begun eight times, not more, when all are asked for at once", async (t) => {
  const rig = await openRig(t);
  const runner = interruptRuns(rig);
  await rig.restart({ runners: { javascript: runner } });
  await rig.authorise();
  await rig.follow();
  const runs = await Promise.allSettled(Array.from({ length: 20 }, () => rig.run()));
  assert.equal(runs.filter(({ status }) => status === "rejected").length, 8);
  assert.equal(runner.begun, 8);
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

const CHANCE = "export const main = async () => [{ v: Math.random() }];";
const payloadOf = (jws: string) => parseStatement(jws).statement.payload as { result?: { digest: string } };

test("a task comes to one result, however often and over how many restarts the host asks", async (t) => {
  const rig = await openRig(t, { code: CHANCE });
  await rig.authorise();
  await rig.follow();
  const first = payloadOf(await rig.run());
  for (let again = 0; again < 10; again++) {
    if (again === 5) await rig.restart();
    await rig.follow();
    rig.reads.length = 0;
    assert.deepEqual(payloadOf(await rig.run()), first);
    assert.deepEqual(rig.reads, []);
  }
  assert.equal(new Set(rig.written).size, 1);
});

test("and asks at once", async (t) => {
  const rig = await openRig(t, { code: CHANCE });
  await rig.authorise();
  await rig.follow();
  const runs = await Promise.all(Array.from({ length: 4 }, () => rig.run()));
  const [first, ...others] = runs.map(payloadOf);
  for (const other of others) assert.deepEqual(other, first);
  assert.deepEqual(await results(rig), [first?.result?.digest]);
});

test("and fails in one way", async (t) => {
  const ways = "if (Math.random() < 0.5) throw new Error('a'); else process.exit(1);";
  const rig = await openRig(t, { code: `export async function main() { ${ways} }` });
  await rig.authorise();
  await rig.follow();
  const first = outcomeOf(await rig.run());
  for (let again = 0; again < 9; again++) assert.equal(outcomeOf(await rig.run()), first);
});

test("a result that the host did not take is handed over later, from what was kept", async (t) => {
  const rig = await openRig(t, { code: CHANCE });
  await rig.authorise();
  await rig.follow();
  rig.tricks.write = async () => {
    throw new Error("not today");
  };
  for (let again = 0; again < 10; again++) await assert.rejects(rig.run(), { code: "enclave.host" });
  await rig.restart();
  await rig.follow();
  rig.tricks.write = undefined;
  const { result } = payloadOf(await rig.run());
  assert.deepEqual(rig.written, [result?.digest]);
  assert.deepEqual(await results(rig), [result?.digest]);
});

test("a kept result that was changed on the disk is not handed over, nor made again", async (t) => {
  const changes: ((kept: Buffer) => Buffer | undefined)[] = [
    (kept) => Buffer.concat([kept, Buffer.from("x")]),
    (kept) => kept.subarray(0, -1),
    (kept) => Buffer.concat([kept.subarray(0, -1), Buffer.from([(kept.at(-1) ?? 0) ^ 1])]),
    () => undefined,
  ];
  for (const change of changes) {
    const rig = await openRig(t);
    await rig.authorise();
    await rig.follow();
    const { result } = payloadOf(await rig.run());
    rig.written.length = 0;
    const path = join(rig.state, "results", result?.digest ?? "");
    const changed = change(await readFile(path));
    await (changed ? writeFile(path, changed) : rm(path));
    // One ending was told, and no other is signed.
    for (let again = 0; again < 2; again++) await assert.rejects(rig.run(), { code: "enclave.result-lost" });
    assert.deepEqual(rig.written, []);
  }
});

test("what is kept opens for nobody but the enclave, and tells little of its size", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  const { result } = payloadOf(await rig.run());
  const kept = await readFile(join(rig.state, "results", result?.digest ?? ""));
  await assert.rejects(rig.resultIn(kept), { code: /^envelope\./ });
  assert.ok(kept.length > 64 << 10 && kept.length < 66 << 10);
});

test("what a withdrawal came before is not handed over, though it was kept", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  await rig.run();
  rig.written.length = 0;
  await act(rig.stage, rig.hospital, "source.withdrawn", rig.parts.sources[0] ?? "");
  await rig.follow();
  await assert.rejects(rig.run(), { code: "enclave.withdrawn" });
  assert.deepEqual(rig.written, []);
});

test("results are forgotten when their tasks have ended", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  await rig.stage.submit(await rig.run());
  const task = await rig.newTask();
  await rig.authorise(task);
  await rig.follow();
  const { result } = payloadOf(await rig.run({ task }));
  assert.deepEqual(await results(rig), [result?.digest]);
});
