/** A scheduled task, and a host that wants its runs sooner, twice, or after a party has had enough. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { authoriseModel, authoriseReceiver, taskOf, taskPayload } from "../../../test/support/consortium.ts";
import { openRig, outcomeOf, type Rig, type RigOptions } from "../../../test/support/hostile-host.ts";
import { rewritten } from "../../../test/support/rewritten.ts";
import { act, refused } from "../../../test/support/stage.ts";
import { DAY, HOUR, iso, MINUTE } from "../../base/clock.ts";
import { parseStatement } from "../../trust/statement.ts";

const DAILY = { every: 86_400, runs: 5 };

/** A task that runs daily, authorised and followed. */
const openDaily = async (t: TestContext, options: RigOptions = {}, schedule: object = DAILY) => {
  const rig = await openRig(t, options);
  const of = await rig.newTask({ schedule });
  await rig.authorise(of);
  await rig.follow();
  return { rig, of };
};
const recur = async (rig: Rig, of: string) =>
  (await rig.call("recur", { task: of }, await rig.statements(of))).statement;
const streamOf = (jws: string) => parseStatement(jws).digest;
const numberOf = (jws: string) => (parseStatement(jws).statement.payload as { number: number }).number;
/** Founds the run that is due, and shows it. @returns its stream */
const founded = async (rig: Rig, of: string) => {
  const jws = await recur(rig, of);
  await rig.stage.submit(jws);
  await rig.follow();
  return streamOf(jws);
};
const revoke = async (rig: Rig, of: string) => {
  await act(rig.stage, rig.hospital, "task.revoked", of);
  await rig.follow();
};

test("each run is a task of its own, with a result and a receipt of its own", async (t) => {
  const { rig, of } = await openDaily(t);
  const results = new Set<string>();
  for (const number of [1, 2]) {
    const id = await founded(rig, of);
    assert.deepEqual(taskOf(rig.stage, id).occurrence, { of, number });
    const jws = await rig.run({ task: id });
    const { receipt } = parseStatement(jws).statement.payload as { receipt: { heads: Record<string, string> } };
    assert.equal(receipt.heads[of], rig.stage.world.streams.get(of)?.head, "it has seen who agreed");
    await rig.stage.submit(jws);
    await rig.follow();
    const sealed = rig.files.get(rig.written.at(-1) ?? "") ?? new Uint8Array();
    assert.equal(await rig.resultIn(sealed, id), "v\r\n6\r\n");
    results.add(rig.written.at(-1) ?? "");
    await assert.rejects(rig.run({ task: id }), { code: "enclave.task.state" });
    rig.stage.clock.advance(DAY);
  }
  assert.equal(results.size, 2);
});

test("no run before it is due, none of what was missed, and none of what the clock goes back to", async (t) => {
  const rig = await openRig(t);
  const first = iso(rig.stage.clock.now() + HOUR);
  const of = await rig.newTask({ schedule: { ...DAILY, first } });
  await rig.authorise(of);
  await rig.follow();
  rig.stage.clock.advance(HOUR - 1);
  await assert.rejects(recur(rig, of), { code: "enclave.not-due" });
  rig.stage.clock.advance(1 + 2 * DAY);
  assert.equal(numberOf(await recur(rig, of)), 3);
  rig.stage.clock.advance(-DAY);
  await assert.rejects(recur(rig, of), { code: "enclave.not-due" });
  await rig.restart();
  await rig.follow();
  await assert.rejects(recur(rig, of), { code: "enclave.not-due" });
});

test("the same run asked for again is the very same statement, over restarts too", async (t) => {
  const { rig, of } = await openDaily(t);
  const jws = await recur(rig, of);
  rig.stage.clock.advance(MINUTE);
  const both = await Promise.all([recur(rig, of), recur(rig, of)]);
  await rig.restart();
  await rig.follow();
  assert.deepEqual(new Set([...both, await recur(rig, of)]), new Set([jws]));
  await rig.stage.submit(jws);
  await rig.follow();
  rig.stage.clock.advance(HOUR);
  assert.equal(await recur(rig, of), jws, "however old, once the ledger has it");
});

test("one number has one stream: its statement under the twin of its signature is not run", async (t) => {
  const { rig, of } = await openDaily(t);
  const jws = await recur(rig, of);
  const other = rewritten(jws);
  assert.notEqual(streamOf(other), streamOf(jws));
  await rig.stage.submit(jws);
  await refused(rig.stage, () => rig.stage.submit(other), "statement.signature");
  // The ledger's key is the host's, so its ledger may have both.
  const [task, time] = [streamOf(other), rig.stage.clock.now()];
  const index = rig.ledger.size;
  await rig.restart();
  await rig.show([...rig.leaves(), { seq: 0, statement: task, stream: task, time }]);
  const statements = [...(await rig.statements(of, index)), { index, time, jws: other }];
  await assert.rejects(rig.run({ task, statements }), { code: "statement.signature" });
  assert.deepEqual(rig.reads, []);
  const own = await rig.statements(streamOf(jws), index);
  assert.equal(outcomeOf(await rig.run({ task: streamOf(jws), statements: own })), "task.completed");
});

test("the newest run alone runs", async (t) => {
  const { rig, of } = await openDaily(t);
  const old = await founded(rig, of);
  rig.stage.clock.advance(DAY);
  const newest = await founded(rig, of);
  await assert.rejects(rig.run({ task: old }), { code: "enclave.occurrence" });
  assert.deepEqual(rig.reads, []);
  assert.equal(outcomeOf(await rig.run({ task: newest })), "task.completed");
});

test("a run whose statement came too late for the ledger is founded again, and the first is none any more", async (t) => {
  const { rig, of } = await openDaily(t);
  const lost = await recur(rig, of);
  const then = rig.stage.clock.now();
  rig.stage.clock.advance(10 * MINUTE);
  assert.equal(await recur(rig, of), lost);
  rig.stage.clock.advance(1);
  await refused(rig.stage, () => rig.stage.submit(lost), "statement.clock");
  const jws = await recur(rig, of);
  assert.equal(numberOf(jws), numberOf(lost));
  assert.notEqual(jws, lost);
  // The host's ledger takes it all the same, as if it were in time.
  const [task, index] = [streamOf(lost), rig.ledger.size];
  await rig.restart();
  await rig.show([...rig.leaves(), { seq: 0, statement: task, stream: task, time: then }]);
  const statements = [...(await rig.statements(of, index)), { index, time: then, jws: lost }];
  await assert.rejects(rig.run({ task, statements }), { code: "enclave.occurrence" });
});

test("a state from before a run was founded is refused, so no number comes twice", async (t) => {
  const { rig, of } = await openDaily(t);
  const path = join(rig.state, "sealed-state");
  const before = await readFile(path);
  await recur(rig, of);
  await writeFile(path, before);
  await assert.rejects(rig.restart(), { code: "enclave.state.rolled-back" });
});

test("after a revocation no run is founded, and none that was is begun", async (t) => {
  const { rig, of } = await openDaily(t);
  const id = await founded(rig, of);
  const [series, run] = [await rig.statements(of), await rig.statements(id)];
  await revoke(rig, of);
  await assert.rejects(recur(rig, of), { code: "enclave.task.state" });
  rig.stage.clock.advance(DAY);
  await assert.rejects(rig.call("recur", { task: of }, series), { code: "enclave.stream.incomplete" });
  await assert.rejects(rig.run({ task: id, statements: run }), { code: "enclave.stream.incomplete" });
  const ended = await rig.run({ task: id });
  assert.equal(outcomeOf(ended), "enclave.series");
  assert.deepEqual([rig.reads, rig.written], [[], []]);
  await rig.stage.submit(ended);
  assert.equal(taskOf(rig.stage, id).state, "failed");
});

test("a revocation while a run is under way: nothing is delivered", async (t) => {
  const { rig, of } = await openDaily(t);
  const id = await founded(rig, of);
  rig.tricks.read = (_, honest) => {
    delete rig.tricks.read;
    return (async function* () {
      await revoke(rig, of);
      yield honest();
    })();
  };
  await assert.rejects(rig.run({ task: id }), { code: "enclave.moved" });
  assert.equal(outcomeOf(await rig.run({ task: id })), "enclave.series");
  assert.deepEqual(rig.written, []);
});

test("a revocation before the result is handed over: it is not, and the run has failed", async (t) => {
  const { rig, of } = await openDaily(t);
  const id = await founded(rig, of);
  rig.tricks.write = () => Promise.reject(new Error("the disk is full"));
  await assert.rejects(rig.run({ task: id }), { code: "enclave.host" });
  delete rig.tricks.write;
  await revoke(rig, of);
  const ended = await rig.run({ task: id });
  assert.equal(outcomeOf(ended), "enclave.series");
  assert.deepEqual(rig.written, []);
  await rig.stage.submit(ended);
});

test("a revocation that the ledger had before the receipt: the receipt is none, and the run has failed", async (t) => {
  const { rig, of } = await openDaily(t);
  const id = await founded(rig, of);
  const receipt = await rig.run({ task: id });
  await revoke(rig, of);
  await refused(rig.stage, () => rig.stage.submit(receipt), "task.state");
  const ended = await rig.run({ task: id });
  assert.equal(outcomeOf(ended), "enclave.series");
  await rig.stage.submit(ended);
  assert.equal(taskOf(rig.stage, id).state, "failed");
});

test("a scheduled task never runs itself, and another has no runs", async (t) => {
  const { rig, of } = await openDaily(t);
  await assert.rejects(rig.run({ task: of }), { code: "enclave.task.state" });
  await rig.authorise();
  await rig.follow();
  await assert.rejects(recur(rig, rig.task), { code: "enclave.task.state" });
  const id = await founded(rig, of);
  await assert.rejects(recur(rig, id), { code: "enclave.task.state" });
  const open = await rig.newTask({ schedule: DAILY });
  await rig.follow();
  await assert.rejects(recur(rig, open), { code: "enclave.task.state" });
});

test("after its end a scheduled task has no runs, and is remembered no longer", async (t) => {
  const { rig, of } = await openDaily(t, {}, { every: 60, runs: 1 });
  const id = await founded(rig, of);
  rig.stage.clock.advance(8 * DAY);
  await assert.rejects(recur(rig, of), { code: "enclave.task.state" });
  await assert.rejects(rig.run({ task: id }), { code: "enclave.task.state" });
  const next = await rig.newTask({ schedule: DAILY });
  await rig.authorise(next);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run({ task: await founded(rig, next) })), "task.completed");
});

test("a grant is used once a run, and what was withdrawn stands for none that comes", async (t) => {
  const rig = await openRig(t);
  const [source = ""] = rig.parts.sources;
  const granted = async (runs: number) => {
    const terms = {
      ...{ member: rig.institute.id, receiver: rig.institute.id, model: rig.parts.model, archive: rig.archive.digest },
      ...{ main: "main", table: "table_0", rows: 100_000, runs, expires: iso(rig.stage.clock.now() + 30 * DAY) },
    };
    await act(rig.stage, rig.hospital, "source.granted", source, terms);
    return rig.stage.world.streams.get(source)?.head ?? "";
  };
  const dailyUnder = async (grant: string) => {
    const sources = taskPayload(rig.stage, rig.parts).sources.map((named) => ({ ...named, grant }));
    const of = await rig.newTask({ sources, schedule: DAILY });
    await authoriseReceiver(rig.stage, rig.institute, of);
    await authoriseModel(rig.stage, rig.institute, of);
    await rig.follow();
    return of;
  };
  const next = async (of: string) => {
    const outcome = outcomeOf(await rig.run({ task: await founded(rig, of) }));
    rig.stage.clock.advance(DAY);
    return outcome;
  };
  const twice = await dailyUnder(await granted(2));
  assert.deepEqual(
    [await next(twice), await next(twice), await next(twice)],
    ["task.completed", "task.completed", "gate.budget"],
  );
  const grant = await granted(100);
  const withdrawn = await dailyUnder(grant);
  assert.equal(await next(withdrawn), "task.completed");
  await act(rig.stage, rig.hospital, "source.grant-withdrawn", source, { grant });
  assert.equal(await next(withdrawn), "enclave.grant");
});
