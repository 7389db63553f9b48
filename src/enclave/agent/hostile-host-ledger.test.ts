/** A host that shows the enclave another ledger than the one there is, or not all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey, sign } from "#crypto";
import { openRig, outcomeOf, type Rig } from "../../../test/support/hostile-host.ts";
import { createOrganisation, crlOf, issueLeaf } from "../../../test/support/principals.ts";
import { act, found, signed } from "../../../test/support/stage.ts";
import { DAY, iso, MINUTE } from "../../base/clock.ts";
import { rawFromPublicKey } from "../../trust/crypto/encoding.ts";
import { digestOf } from "../../trust/digest.ts";
import type { Leaf } from "../../trust/leaf.ts";
import { signCheckpoint } from "../../trust/log/checkpoint.ts";
import { createNoteSigner } from "../../trust/log/note.ts";
import { parseStatement } from "../../trust/statement.ts";

const revoke = (rig: Rig) => act(rig.stage, rig.hospital, "task.revoked", rig.task);
const publishCrl = (rig: Rig) => {
  const crl = crlOf(rig.hospital, { at: rig.stage.clock.now(), revoked: [rig.hospital.leaf] });
  return act(rig.stage, rig.hospital, "organisation.crl-published", rig.hospital.id, { crl });
};
const withdraw = (rig: Rig) => act(rig.stage, rig.hospital, "source.withdrawn", rig.parts.sources[0] ?? "");
/** Nothing was opened: the host was asked for no file. */
const assertUntouched = (rig: Rig) => assert.deepEqual(rig.reads, []);
/** The same leaves, but the last says another statement. */
const forked = (leaves: readonly Leaf[]): Leaf[] =>
  leaves.map((leaf, i) => (i === leaves.length - 1 ? { ...leaf, statement: digestOf("another") } : leaf));

test("an honest host: the result is the receiver's, and what the receipt says", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  await rig.stage.submit(await rig.run());
  assert.equal(await rig.resultIn(rig.files.get(rig.written[0] ?? "") ?? new Uint8Array()), "v\r\n6\r\n");
});

test("a revocation that was followed is not forgotten by a restart", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  const before = rig.ledger.size;
  await revoke(rig);
  await rig.follow();
  await rig.restart();
  await rig.follow(before);
  await assert.rejects(rig.run(), { code: "enclave.ledger.stale" });
  assertUntouched(rig);
});

test("a ledger forked below what was followed is refused after a restart", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  await rig.restart();
  await assert.rejects(rig.show(forked(rig.leaves())), { code: "enclave.ledger.forked" });
  const onward: Leaf = { seq: 0, statement: digestOf("x"), stream: digestOf("x"), time: rig.stage.clock.now() };
  await assert.rejects(rig.show([...forked(rig.leaves()), onward]), { code: "enclave.ledger.forked" });
  await rig.follow();
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("of two ledgers shown at once one is followed, and stays", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  const both = await Promise.allSettled([rig.show(rig.leaves()), rig.show(forked(rig.leaves()))]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
  await rig.restart();
  await assert.rejects(rig.show(forked(rig.leaves())), { code: "enclave.ledger.forked" });
  await rig.follow();
});

test("leaves must go on where the last ended, and end where the checkpoint says", async (t) => {
  const rig = await openRig(t);
  const leaves = rig.leaves();
  const checkpoint = rig.ledger.checkpoint();
  await assert.rejects(rig.call("follow", { from: 3, leaves, checkpoint }), { code: "enclave.ledger.stale" });
  await assert.rejects(rig.call("follow", { from: 0, leaves: leaves.slice(1), checkpoint }), {
    code: "enclave.ledger.stale",
  });
  await assert.rejects(rig.call("follow", { from: 0, leaves: forked(leaves), checkpoint }), {
    code: "enclave.ledger.forked",
  });
  const swapped = [leaves[1], leaves[0], ...leaves.slice(2)];
  await assert.rejects(rig.call("follow", { from: 0, leaves: swapped, checkpoint }), { code: "enclave.ledger.forked" });
  await rig.follow();
});

test("a checkpoint by another key is none", async (t) => {
  const rig = await openRig(t);
  const key = generateKey("Ed25519");
  const publicKey = rawFromPublicKey(key.publicKey);
  const signer = createNoteSigner({ name: "entente/hostile", publicKey, sign: (message) => sign(key, message) });
  const root = new Uint8Array(32);
  const checkpoint = signCheckpoint({ origin: "entente/hostile", size: 0, root }, signer);
  await assert.rejects(rig.call("follow", { from: 0, leaves: [], checkpoint }), { code: /^(note|checkpoint)\./ });
});

test("a leaf that says more than digests is refused", async (t) => {
  const rig = await openRig(t);
  const [first] = rig.leaves();
  await assert.rejects(rig.show([{ ...(first as Leaf), statement: 'x","stream":"y' }]));
  await rig.follow();
});

test("the ledger's time does not go back, within one showing or over two", async (t) => {
  const rig = await openRig(t);
  rig.stage.clock.advance(DAY);
  await rig.authorise();
  const leaves = rig.leaves();
  const last = leaves.length - 1;
  const back = leaves.map((leaf, i) => (i === last ? { ...leaf, time: leaf.time - DAY } : leaf));
  await assert.rejects(rig.show(back), { code: "enclave.ledger.time" });
  await rig.follow(last);
  const [leaf] = back.slice(last);
  const checkpoint = rig.ledger.checkpoint();
  await assert.rejects(rig.call("follow", { from: last, leaves: [leaf], checkpoint }), { code: "enclave.ledger.time" });
});

test("a statement is not placed behind a revocation with a time before it", async (t) => {
  const rig = await openRig(t);
  const thief = issueLeaf(rig.hospital);
  rig.stage.clock.advance(DAY);
  const crl = crlOf(rig.hospital, { at: rig.stage.clock.now(), revoked: [thief.leaf] });
  await act(rig.stage, rig.hospital, "organisation.crl-published", rig.hospital.id, { crl });
  await rig.follow();
  const early = rig.stage.clock.now() - DAY + MINUTE;
  const payload = { member: rig.institute.id };
  const twist = { key: thief.key, leaf: thief.leaf, at: iso(early) };
  const stolen = signed(rig.stage, rig.hospital, "alliance.founded", "", payload, twist);
  const { digest } = parseStatement(stolen);
  const checkpoint = rig.ledger.checkpoint();
  const leaf = { seq: 0, statement: digest, stream: digest, time: early };
  await assert.rejects(rig.call("follow", { from: rig.ledger.size, leaves: [leaf], checkpoint }), {
    code: "enclave.ledger.time",
  });
});

const HIDDEN: Record<string, [(rig: Rig) => Promise<unknown>, kind: string]> = {
  "the revocation of a consent": [revoke, "task.revoked"],
  "a revocation list": [publishCrl, "organisation.crl-published"],
  "the withdrawal of a source": [withdraw, "source.withdrawn"],
};
for (const [what, [make, kind]] of Object.entries(HIDDEN))
  test(`${what} cannot be hidden`, async (t) => {
    const rig = await openRig(t);
    await rig.authorise();
    await make(rig);
    await rig.follow();
    const statements = await rig.statements();
    const shown = statements.filter(({ jws }) => parseStatement(jws).statement.kind !== kind);
    assert.equal(shown.length, statements.length - 1);
    await assert.rejects(rig.run({ statements: shown }), { code: "enclave.stream.incomplete" });
    assertUntouched(rig);
  });

test("a source that is withdrawn after everybody agreed is not opened", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await withdraw(rig);
  await rig.follow();
  assert.equal(outcomeOf(await rig.run()), "enclave.withdrawn");
  assertUntouched(rig);
});

test("a closure without one of its streams is refused, whichever it is", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  const statements = await rig.statements();
  const streamOf = (jws: string) => parseStatement(jws).statement.stream || parseStatement(jws).digest;
  const streams = new Set(statements.map(({ jws }) => streamOf(jws)));
  assert.ok(streams.size >= 7);
  for (const stream of streams)
    await assert.rejects(
      rig.run({ statements: statements.filter(({ jws }) => streamOf(jws) !== stream) }),
      { name: "Refusal" },
      stream,
    );
  assertUntouched(rig);
});

test("statements in another order, at other places or times, or twice are refused", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  const statements = await rig.statements();
  const last = statements.at(-1);
  assert.ok(last);
  const moved = (twist: Partial<typeof last>) => [...statements.slice(0, -1), { ...last, ...twist }];
  const refused = async (shown: typeof statements, code: string | RegExp) =>
    assert.rejects(rig.run({ statements: shown }), { code });
  await refused(
    [statements.slice(0, 1), statements.slice(1, 3).toReversed(), statements.slice(3)].flat(),
    "enclave.statement.hidden",
  );
  await refused([...statements, last], "enclave.statement.hidden");
  await refused(moved({ index: last.index + 1 }), "enclave.stream.incomplete");
  await refused(moved({ time: last.time + 1 }), "enclave.stream.incomplete");
  await refused(moved({ time: last.time - 1 }), /^enclave\.(statement\.hidden|stream\.incomplete)$/);
  assertUntouched(rig);
});

test("statements that are not on the ledger do not count", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  const crowd = createOrganisation("外人", { at: rig.stage.clock.now() });
  await rig.follow();
  const before = rig.ledger.size;
  const statements = await rig.statements();
  const extra = { index: before, time: rig.stage.clock.now(), jws: crowd.founding };
  await assert.rejects(rig.run({ statements: [...statements, extra] }), { code: "enclave.stream.incomplete" });
  await found(rig.stage, crowd);
  await assert.rejects(rig.run({ statements: [...statements, extra] }), { code: "enclave.stream.incomplete" });
  assertUntouched(rig);
});

test("streams that have nothing to do with the task do not come into its receipt", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  const crowd = createOrganisation("外人", { at: rig.stage.clock.now() });
  await found(rig.stage, crowd);
  await rig.follow();
  const statements = [...(await rig.statements()), ...(await rig.statements(crowd.id))];
  await assert.rejects(rig.run({ statements }), { code: "enclave.stream.stray" });
  assertUntouched(rig);
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("a task that runs lapses, though the host turns its clock back", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  rig.stage.clock.advance(8 * DAY);
  await rig.newTask();
  await rig.follow();
  rig.stage.clock.advance(-8 * DAY);
  await assert.rejects(rig.run(), { code: "enclave.task.state", message: /failed/ });
  assertUntouched(rig);
});
