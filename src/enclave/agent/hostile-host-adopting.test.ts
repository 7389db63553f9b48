/** A host that hands an enclave what no enclave has released to it, or not so: even with the keys of the former one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { generateKey, randomBytes, sha256Hex } from "#crypto";
import { openRig, outcomeOf } from "../../../test/support/hostile-host.ts";
import {
  adopt,
  agreed,
  firstOf,
  handOver,
  moveAll,
  openSecond,
  release,
  runAt,
  sourceOf,
} from "../../../test/support/moving.ts";
import { act } from "../../../test/support/stage.ts";
import { fromBase64, fromUtf8, toBase64, utf8 } from "../../base/bytes.ts";
import { canonical, parseCanonical } from "../../base/canonical.ts";
import { replayable } from "../../evidence/export.ts";
import { openSimulated } from "../../tee/attestation/simulated.ts";
import { releaseContext } from "../../trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../../trust/envelope/envelope.ts";
import { parseJws, signJws } from "../../trust/jws.ts";
import type { Release } from "./release-format.ts";
import { openStateStore } from "./sealed-state.ts";

/** Moved and released, not adopted yet; and, from broken simulated hardware, both enclaves' keys. */
const openForger = async (t: Parameters<typeof openRig>[0]) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 5 } } } });
  const [first, second] = [firstOf(rig), await openSecond(rig)];
  await runAt(rig, first, await agreed(rig, rig.parts));
  const parts = await moveAll(rig, first, second);
  const released = await release(rig, first);
  const keysOf = async (directory: string, measurement: string) => {
    const { loaded } = await openStateStore(directory, await openSimulated(directory), measurement);
    assert(loaded);
    return loaded;
  };
  const former = await keysOf(rig.state, first.measurement);
  const { encryptionKey } = await keysOf(join(rig.state, "..", "another program"), second.measurement);
  const context = releaseContext(sourceOf(rig), first.id, second.id);
  const plain = await openBytes(fromBase64(released.release), { key: encryptionKey, context });
  const genuine = parseCanonical(fromUtf8(parseJws(fromUtf8(plain), "entente-release+jws").payload)) as Release;
  const forge = async (twist: object, { key = former.signingKey, typ = "entente-release+jws" } = {}) => {
    const text = signJws({ key, typ, payload: canonical({ ...genuine, ...twist }) });
    return { ...released, release: toBase64(await sealBytes(utf8(text), { to: second.recipient, context })) };
  };
  const rejected = async (given: typeof released, code: string | RegExp, twist: object = {}) => {
    await assert.rejects(adopt(rig, second, given, { from: first.id, ...twist }), { code });
    assert.deepEqual((await second.call("holdings", {})).holdings, [], "nothing is held");
  };
  return { rig, first, second, parts, released, genuine, forge, rejected };
};

test("what the former enclave has not signed for this one is not adopted", async (t) => {
  const { rig, first, second, parts, released, genuine, forge, rejected } = await openForger(t);
  assert.deepEqual(genuine.account[sourceOf(rig)], { runs: 1, rows: 1, epsilon: 0 });
  await rejected(await forge({}, { key: generateKey("P-256") }), "jws.signature");
  await rejected(await forge({}, { typ: "entente-followed+jws" }), /^jws\./);
  await rejected({ ...released, release: toBase64(randomBytes(400)) }, /^envelope\./);
  await rejected(released, "envelope.context", { from: second.id });
  await rejected(released, /^(enclave\.not-moved|envelope\.context)$/, { from: rig.hospital.id });
  await rejected(await forge({ more: 1 }), "enclave.release");
  await rejected(await forge({ resource: rig.parts.model }), "enclave.release");
  await rejected(await forge({ to: first.id }), "enclave.release");
  await rejected(await forge({ key: { key: genuine.key?.key ?? "", sealedTo: second.id } }), "enclave.release");
  await rejected(await forge({ account: { [sourceOf(rig)]: { runs: -1, rows: 0, epsilon: 0 } } }), "enclave.release");
  const others = { [rig.parts.model]: { runs: 9, rows: 9, epsilon: 9 } };
  await rejected(await forge({ account: others }), "enclave.release");
  await adopt(rig, second, released, { from: first.id });
  assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, parts))), "task.completed");
});

test("a key that does not open the envelope is not adopted", async (t) => {
  const { rig, first, forge, rejected } = await openForger(t);
  await rejected(await forge({ key: { sealedTo: first.id, key: toBase64(randomBytes(32)) } }), "envelope.damaged");
  await rejected(await forge({ key: { sealedTo: first.id, key: toBase64(randomBytes(16)) } }), "envelope.key");
  rig.tricks.read = async function* () {
    yield utf8("another file");
  };
  await rejected(await forge({}), "enclave.file");
});

test("a second release, with less spent, is not adopted", async (t) => {
  const { rig, first, second, released, forge } = await openForger(t);
  await adopt(rig, second, released, { from: first.id });
  const cheaper = await forge({ nonce: "another", account: {} });
  await assert.rejects(adopt(rig, second, cheaper, { from: first.id }), { code: "enclave.release" });
});

test("nothing that this enclave has counted itself is unspent by what another says", async (t) => {
  const { rig, first, second, parts, released } = await openForger(t);
  await adopt(rig, second, released, { from: first.id });
  for (let run = 0; run < 4; run++)
    assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, parts))), "task.completed");
  await moveAll(rig, second, first);
  await handOver(rig, second, first);
  assert.equal(outcomeOf(await runAt(rig, first, await agreed(rig, rig.parts))), "gate.budget");
});

test("an enclave that has seen less of the ledger than the former one, or another, adopts nothing", async (t) => {
  const { rig, first, second, released, genuine, forge, rejected } = await openForger(t);
  const consistency = (from: number) => rig.ledger.consistency(from, rig.ledger.size).map(toBase64);
  const { followed } = genuine;
  await rejected(await forge({ followed: { ...followed, root: sha256Hex("another") } }), "log.consistency");
  await rejected(await forge({ followed: { ...followed, size: followed.size + 100 } }), "log.consistency");
  await act(rig.stage, rig.hospital, "source.permitted", sourceOf(rig), { permission: { kind: "public" } });
  await rejected(released, "log.consistency", { consistency: [] });
  await rejected(released, "log.consistency", { consistency: consistency(followed.size - 1) });
  const statements = await replayable(rig.ledger, sourceOf(rig), followed.size);
  await rejected(released, "enclave.stream.incomplete", { statements });
  await adopt(rig, second, released, { from: first.id });
});

test("a run that is under way while its table is released delivers nothing, and spends nothing any more", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 2, rows: 5 } } } });
  const [first, second] = [firstOf(rig), await openSecond(rig)];
  const task = await agreed(rig, rig.parts);
  const runner = { ...rig.runner };
  let released: Awaited<ReturnType<typeof release>> | undefined;
  runner.start = async (limits) => {
    const run = await rig.runner.start(limits);
    const result = async () => {
      await moveAll(rig, first, second);
      released = await release(rig, first);
      return run.result();
    };
    return { ...run, result };
  };
  await rig.restart({ runners: { javascript: runner } });
  await assert.rejects(runAt(rig, first, task), { code: "enclave.moved" });
  assert.deepEqual(rig.written, []);
  assert(released);
  // The run that was begun was paid for before, and that is what the next enclave is told.
  await adopt(rig, second, released, { from: first.id });
  const parts = { ...rig.parts, enclave: { ...rig.parts.enclave, ...second } };
  assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, parts))), "task.completed");
  assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, parts))), "gate.budget");
  assert.equal(outcomeOf(await runAt(rig, first, task)), "enclave.left");
});

test("a result that comes while its table is handed over is not kept, to be delivered once it is back", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { rows: 2 } } } });
  const [first, second] = [firstOf(rig), await openSecond(rig)];
  const task = await agreed(rig, rig.parts);
  const runner = { ...rig.runner };
  let released: Awaited<ReturnType<typeof release>> | undefined;
  runner.start = async (limits) => {
    const run = await rig.runner.start(limits);
    // The result was there, and judged; nothing of it is durable yet.
    const stop = async () => {
      await moveAll(rig, first, second);
      released = await release(rig, first);
      await run.stop();
    };
    return { ...run, stop };
  };
  await rig.restart({ runners: { javascript: runner } });
  await assert.rejects(runAt(rig, first, task), { code: "enclave.moved" });
  assert(released);
  await adopt(rig, second, released, { from: first.id });
  const parts = { ...rig.parts, enclave: { ...rig.parts.enclave, ...second } };
  for (const outcome of ["task.completed", "task.completed", "gate.budget"])
    assert.equal(outcomeOf(await runAt(rig, second, await agreed(rig, parts))), outcome);
  await moveAll(rig, second, first);
  await handOver(rig, second, first);
  await rig.restart();
  assert.equal(outcomeOf(await runAt(rig, first, task)), "gate.budget");
});
