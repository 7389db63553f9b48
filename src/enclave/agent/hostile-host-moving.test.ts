/** A host that wants a key for another enclave than the owner has named, or the same table in use twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex } from "#crypto";
import { authoriseModel, authoriseReceiver, type Parts, taskPayload } from "../../../test/support/consortium.ts";
import { openRig, outcomeOf, type Rig, sha384Hex } from "../../../test/support/hostile-host.ts";
import {
  adopt,
  agreed,
  firstOf,
  handOver,
  moveAll,
  moveSource,
  openSecond,
  release,
  runAt,
  sourceOf,
  successor,
} from "../../../test/support/moving.ts";
import { createEnclave } from "../../../test/support/principals.ts";
import { act, refused, signed } from "../../../test/support/stage.ts";
import { utf8 } from "../../base/bytes.ts";
import { replayable } from "../../evidence/export.ts";
import { model } from "../../rules/model.ts";
import { streamOf } from "../../rules/world.ts";
import { modelContext, sourceContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import { enclaveKey } from "../../trust/envelope/recipient.ts";

/** A rig with a second enclave, and both as sides. */
const openBoth = async (t: Parameters<typeof openRig>[0], options: Parameters<typeof openRig>[1] = {}) => {
  const rig = await openRig(t, options);
  return { rig, first: firstOf(rig), second: await openSecond(rig) };
};
const rejected = (attempt: Promise<unknown>, code: string | RegExp) => assert.rejects(attempt, { code });

test("a table that was sealed to one enclave is computed on in the enclave that its owner moved it to", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const parts = await moveAll(rig, first, second);
  const task = await agreed(rig, parts);
  // Not before the former enclave has handed it over: then the run is made again.
  await rejected(runAt(rig, second, task), "enclave.not-adopted");
  await handOver(rig, first, second);
  await second.restart();
  assert.equal(outcomeOf(await runAt(rig, second, task)), "task.completed");
  assert.match(await rig.resultIn(rig.files.get(rig.written.at(-1) ?? "") ?? new Uint8Array(), task), /\b6\b/);
});

test("a sealed model moves with the key of its own envelope", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const { institute, stage, parts } = rig;
  const to = enclaveKey(Buffer.from(await encryptionKeyOf(rig), "base64"));
  const { digest } = rig.archive;
  const context = modelContext(institute.id, first.id, digest);
  const envelope = rig.put(await sealBytes(rig.files.get(digest) ?? new Uint8Array(), { to, context }));
  const version = { version: "2", runner: "javascript", main: "main", archive: rig.archive, enclave: first.id };
  await act(stage, institute, "model.revised", parts.model, { ...version, envelope });
  const task = await agreed(rig, await moveAll(rig, first, second));
  await handOver(rig, first, second);
  await rejected(runAt(rig, second, task), "enclave.not-adopted");
  await handOver(rig, first, second, parts.model);
  assert.equal(outcomeOf(await runAt(rig, second, task)), "task.completed");
  assert.equal(streamOf(stage.world, model, parts.model)?.state.sealedTo, first.id);
});

const encryptionKeyOf = async (rig: Rig): Promise<string> => {
  const { statement } = await rig.call("identify", {});
  return JSON.parse(Buffer.from(statement.split(".")[1] ?? "", "base64url").toString()).payload.encryptionKey;
};

test("nothing is released that its owner has not moved, or only somebody else has", async (t) => {
  const { rig, first, second } = await openBoth(t);
  await rejected(release(rig, first), "enclave.not-moved");
  await rejected(release(rig, first, rig.parts.model), "enclave.not-moved");
  await rejected(release(rig, first, rig.parts.alliance), "enclave.not-moved");
  // The host has the ledger's key, and an accomplice among the members: it writes what it likes onto its log.
  const forged = signed(rig.stage, rig.institute, "source.moved", sourceOf(rig), {
    from: first.id,
    ...successor(second),
  });
  await rejected(shownForged(rig, forged), "owner.required");
});

test("nothing is released for another measurement than the one that the owner has named", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const payload = { from: first.id, enclave: second.id, measurement: sha384Hex("the audited program") };
  const moved = signed(rig.stage, rig.hospital, "source.moved", sourceOf(rig), payload);
  await rejected(shownForged(rig, moved), "enclave.unknown");
});

test("nothing is released to an enclave that follows another ledger", async (t) => {
  const { rig, first } = await openBoth(t);
  const foreign = createEnclave({ at: rig.stage.clock.now() });
  await rig.stage.submit(foreign.founding);
  const payload = { from: first.id, ...successor(foreign) };
  await refused(
    rig.stage,
    () => act(rig.stage, rig.hospital, "source.moved", sourceOf(rig), payload),
    "enclave.weaker",
  );
  const moved = signed(rig.stage, rig.hospital, "source.moved", sourceOf(rig), payload);
  await rejected(shownForged(rig, moved), "enclave.weaker");
});

/** Releases after the host has put a statement onto its log that the rules would not have let there. */
const shownForged = async (rig: Rig, jws: string) => {
  const { size } = rig.ledger;
  const time = rig.stage.clock.now();
  const honest = await replayable(rig.ledger, sourceOf(rig));
  const seq = rig.ledger.positions(sourceOf(rig)).length;
  const leaf = { seq, statement: sha256Hex(jws), stream: sourceOf(rig), time };
  await rig.restart();
  await rig.show([...rig.leaves(), leaf]);
  const needed = [...honest, ...(await restOf(rig)), { index: size, time, jws }].sort((a, b) => a.index - b.index);
  return rig.call("release", { resource: sourceOf(rig) }, needed);
};

/** Founding statements of every enclave and the institute, which the forged statement speaks of. */
const restOf = async (rig: Rig) => {
  const known = new Set((await replayable(rig.ledger, sourceOf(rig))).map(({ index }) => index));
  const others = [...rig.stage.world.streams].filter(([, { book }]) => book === "enclave" || book === "organisation");
  const all = await Promise.all(others.map(([id]) => replayable(rig.ledger, id)));
  return [...new Map(all.flat().map((one) => [one.index, one])).values()].filter(({ index }) => !known.has(index));
};

test("a move that was hidden, or that the owner took back, releases nothing", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const before = await replayable(rig.ledger, sourceOf(rig));
  await moveSource(rig, first, second);
  await first.follow();
  await rejected(first.call("release", { resource: sourceOf(rig) }, before), "enclave.stream.incomplete");
  await moveSource(rig, second, first);
  await rejected(release(rig, first), "enclave.not-moved");
  // It was never released: it is in use where it is.
  assert.equal(outcomeOf(await runAt(rig, first, await agreed(rig, rig.parts))), "task.completed");
});

test("what is withdrawn is not released", async (t) => {
  const { rig, first, second } = await openBoth(t);
  await moveSource(rig, first, second);
  await act(rig.stage, rig.hospital, "source.withdrawn", sourceOf(rig));
  await rejected(release(rig, first), "enclave.withdrawn");
});

test("another file than the one that the owner sealed gives no key", async (t) => {
  const { rig, first, second } = await openBoth(t);
  await moveSource(rig, first, second);
  const { digest } = rig.put(await rig.sealFor("number\n9\n"));
  rig.tricks.read = async function* () {
    yield rig.files.get(digest) ?? new Uint8Array();
  };
  await rejected(release(rig, first), "enclave.file");
});

test("the former enclave opens nothing that was moved away, nor what it has released", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const open = await agreed(rig, rig.parts);
  const parts = await moveAll(rig, first, second);
  rig.reads.length = 0;
  assert.equal(outcomeOf(await runAt(rig, first, open)), "enclave.left");
  assert.deepEqual(rig.reads, [], "no file was asked for");
  await handOver(rig, first, second);
  // Moved back by its owner: not before the other has handed it back does the first open it.
  await moveAll(rig, second, first);
  const back = await agreed(rig, rig.parts);
  await rejected(runAt(rig, first, back), "enclave.not-adopted");
  await rig.restart();
  await rejected(runAt(rig, first, back), "enclave.not-adopted");
  await handOver(rig, second, first);
  assert.equal(outcomeOf(await runAt(rig, first, back)), "task.completed");
  assert.equal(parts.enclave.id, second.id);
});

test("released again it is the same, also after a restart, and it is adopted once", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const task = await agreed(rig, await moveAll(rig, first, second));
  const once = await release(rig, first);
  await rig.restart();
  const again = await release(rig, first);
  assert.deepEqual([again.to, again.size], [once.to, once.size]);
  await adopt(rig, second, again, { from: first.id });
  await adopt(rig, second, once, { from: first.id });
  await second.restart();
  await adopt(rig, second, once, { from: first.id });
  assert.equal(outcomeOf(await runAt(rig, second, task)), "task.completed");
  await rejected(release(rig, second), "enclave.not-moved");
});

test("moves chain, and whoever was left out on the way never had it", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const third = await openSecond(rig, "a third program");
  await moveSource(rig, first, second);
  await moveSource(rig, second, third);
  await rejected(release(rig, second), "enclave.not-held");
  assert.equal((await release(rig, first)).to, third.id);
  await handOver(rig, first, third);
  await moveSource(rig, third, second);
  await handOver(rig, third, second);
  // From one that is not there any more, it goes through where it was released to.
  await moveSource(rig, second, first);
  const released = await release(rig, second);
  await moveSource(rig, first, third);
  await adopt(rig, first, released, { from: second.id });
  await handOver(rig, first, third);
  const { holdings } = await third.call("holdings", {});
  assert.deepEqual(holdings, [{ resource: sourceOf(rig), envelope: "", held: true }]);
});

test("an older release counts no second time, so that what was spent since stays spent", async (t) => {
  const { rig, first, second } = await openBoth(t, { source: { policy: { budget: { runs: 3 } } } });
  assert.equal(outcomeOf(await runAt(rig, first, await agreed(rig, rig.parts))), "task.completed");
  const there = await moveAll(rig, first, second);
  const old = await handOver(rig, first, second);
  assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, there))), "task.completed");
  await moveAll(rig, second, first);
  await handOver(rig, second, first);
  await adopt(rig, second, old, { from: first.id });
  assert.deepEqual(
    (await second.call("holdings", {})).holdings.map(({ held }) => held),
    [false],
  );
  assert.equal(outcomeOf(await runAt(rig, first, await agreed(rig, rig.parts))), "task.completed");
  assert.equal(outcomeOf(await runAt(rig, first, await agreed(rig, rig.parts))), "gate.budget");
  // And back once more: the old release instead of the new one changes nothing.
  await moveAll(rig, first, second);
  const task = await agreed(rig, there);
  await adopt(rig, second, old, { from: first.id });
  await rejected(runAt(rig, second, task), "enclave.not-adopted");
  await handOver(rig, first, second);
  assert.equal(outcomeOf(await runAt(rig, second, task)), "gate.budget");
});

test("runs of a grant are counted over enclaves", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const terms = {
    ...{ member: rig.institute.id, receiver: rig.institute.id, model: rig.parts.model, archive: rig.archive.digest },
    ...{ main: "main", table: "table_0", rows: 100_000, runs: 1 },
    expires: new Date(rig.stage.clock.now() + 86_400_000).toISOString(),
  };
  await act(rig.stage, rig.hospital, "source.granted", sourceOf(rig), terms);
  const grant = rig.stage.world.streams.get(sourceOf(rig))?.head ?? "";
  const grantedTask = async (on: Parts) => {
    const sources = taskPayload(rig.stage, on).sources.map((source) => ({ ...source, grant }));
    const task = await rig.newTask({ sources }, on);
    await authoriseReceiver(rig.stage, rig.institute, task);
    await authoriseModel(rig.stage, rig.institute, task);
    return task;
  };
  const once = await grantedTask(rig.parts);
  assert.equal(outcomeOf(await runAt(rig, first, once)), "task.completed");
  const there = await moveAll(rig, first, second);
  await handOver(rig, first, second);
  const twice = await grantedTask(there);
  assert.equal(outcomeOf(await runAt(rig, second, twice)), "gate.budget");
});

test("what was spent goes along with a source that is sealed anew on the way", async (t) => {
  const { rig, first, second } = await openBoth(t, { source: { policy: { budget: { runs: 2 } } } });
  const third = await openSecond(rig, "a third program");
  const reconnect = async (side: typeof second) => {
    const context = sourceContext(rig.hospital.id, side.id, "csv");
    const envelope = rig.put(await sealBytes(utf8("number\n5\n"), { to: side.recipient, context }));
    await act(rig.stage, rig.hospital, "source.reconnected", sourceOf(rig), { envelope });
  };
  assert.equal(outcomeOf(await runAt(rig, first, await agreed(rig, rig.parts))), "task.completed");
  // Its own key would open it there, and it does not before the account has come.
  const there = await moveAll(rig, first, second);
  const released = await release(rig, first);
  await reconnect(second);
  const task = await agreed(rig, there);
  await rejected(runAt(rig, second, task), "enclave.not-adopted");
  await adopt(rig, second, released, { from: first.id });
  assert.equal(outcomeOf(await runAt(rig, second, task)), "task.completed");
  assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, there))), "gate.budget");
  // And on with the key of the newest envelope.
  const last = await moveAll(rig, second, third);
  await handOver(rig, second, third);
  await act(rig.stage, rig.hospital, "source.governed", sourceOf(rig), { policy: { budget: { runs: 3 } } });
  assert.equal(outcomeOf(await runAt(rig, third, await agreed(rig, last))), "task.completed");
  assert.equal(outcomeOf(await runAt(rig, third, await agreed(rig, last))), "gate.budget");
});

test("what was sealed anew where it was never handed over goes on through there", async (t) => {
  const { rig, first, second } = await openBoth(t);
  const third = await openSecond(rig, "a third program");
  await moveAll(rig, first, second);
  const context = sourceContext(rig.hospital.id, second.id, "csv");
  const envelope = rig.put(await sealBytes(utf8("number\n5\n"), { to: second.recipient, context }));
  await act(rig.stage, rig.hospital, "source.reconnected", sourceOf(rig), { envelope });
  const parts = await moveAll(rig, second, third);
  await rejected(release(rig, second), "enclave.not-held");
  const account = await release(rig, first);
  assert.equal(account.to, second.id, "only the enclave that it is sealed to has the key");
  await adopt(rig, second, account, { from: first.id });
  await handOver(rig, second, third);
  assert.equal(outcomeOf(await runAt(rig, third, await agreed(rig, parts))), "task.completed");
});
