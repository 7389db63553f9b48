/** A host that wants to know what is in an envelope (获取表结构) without its owner, or more than the owner asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chunked, openRig, type Rig } from "../../../test/support/hostile-host.ts";
import { crlOf, issueLeaf, type Organisation } from "../../../test/support/principals.ts";
import { act } from "../../../test/support/stage.ts";
import { canonical } from "../../base/canonical.ts";
import { DAY, iso, MINUTE } from "../../base/clock.ts";
import { STRUCTURE_REQUEST } from "../../rules/structure-request.ts";
import { digestOf } from "../../trust/digest.ts";
import { signJws } from "../../trust/jws.ts";

type Signer = Pick<Organisation, "key" | "leaf">;
/** The owner's request, signed now, but for `twist`. */
const requestOf = (rig: Rig, twist: Record<string, unknown> = {}, { key, leaf }: Signer = rig.hospital) =>
  signJws({
    key,
    typ: STRUCTURE_REQUEST,
    x5c: [leaf.der],
    payload: canonical({
      use: "entente/structure/1",
      by: rig.hospital.id,
      enclave: rig.enclave.id,
      envelope: rig.envelope.digest,
      type: "csv",
      at: iso(rig.stage.clock.now()),
      ...twist,
    }),
  });
const describe = async (rig: Rig, request: string, owner = rig.hospital.id) =>
  rig.call("describe", { request }, await rig.statements(owner));
/** The owner's leaf is revoked, and the enclave has seen it. */
const revokeLeaf = async (rig: Rig) => {
  const crl = crlOf(rig.hospital, { at: rig.stage.clock.now(), revoked: [rig.hospital.leaf] });
  await act(rig.stage, rig.hospital, "organisation.crl-published", rig.hospital.id, { crl });
  await rig.follow();
};

test("the owner learns the structure of the table", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  const { columns, rows } = await describe(rig, requestOf(rig));
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["number"],
  );
  assert.equal(rows, 3);
});

test("a request for another enclave, by nobody, of another day or another use is refused", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  const now = rig.stage.clock.now();
  for (const twist of [
    { enclave: digestOf("another") },
    { by: digestOf("nobody") },
    { at: iso(now - 11 * MINUTE) },
    { at: iso(now + 11 * MINUTE) },
    { use: "entente/source/1" },
    { more: 1 },
  ])
    await assert.rejects(describe(rig, requestOf(rig, twist)), { code: "enclave.request" });
  assert.deepEqual(rig.reads, []);
});

test("a request signed by another member, or a stranger's leaf in the owner's name, is refused", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  await assert.rejects(describe(rig, requestOf(rig, {}, rig.institute)), { name: "Refusal" });
  const impostor = issueLeaf({ ...rig.institute, name: rig.hospital.name });
  await assert.rejects(describe(rig, requestOf(rig, {}, impostor)), { name: "Refusal" });
  const stolen = { key: rig.institute.key, leaf: rig.hospital.leaf };
  await assert.rejects(describe(rig, requestOf(rig, {}, stolen)), { name: "Refusal" });
  const ownRequest = requestOf(rig, { by: rig.institute.id }, rig.institute);
  await assert.rejects(describe(rig, ownRequest, rig.institute.id), { code: "envelope.context" });
});

test("a request replayed with another envelope of the same owner tells nothing of it", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  const other = await rig.sealFor("number,secret\n1,2\n3,4\n");
  rig.tricks.read = () => chunked(other);
  await assert.rejects(describe(rig, requestOf(rig)), { code: "enclave.file" });
});

test("a request replayed when it is old is refused, even if the server turns the clock back", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  const old = requestOf(rig);
  rig.stage.clock.advance(11 * MINUTE);
  await assert.rejects(describe(rig, old), { code: "enclave.request" });
  await rig.newTask();
  await rig.follow();
  rig.stage.clock.advance(-11 * MINUTE);
  await assert.rejects(describe(rig, old), { code: "enclave.request" });
});

test("a revoked leaf gets no answer, after a restart on an older ledger neither", async (t) => {
  const rig = await openRig(t);
  await rig.authorise();
  await rig.follow();
  const before = rig.ledger.size;
  rig.stage.clock.advance(DAY);
  await revokeLeaf(rig);
  const request = requestOf(rig);
  await assert.rejects(describe(rig, request), { name: "Refusal" });
  await rig.restart();
  await rig.follow(before);
  await assert.rejects(describe(rig, request), { code: "enclave.ledger.stale" });
  assert.deepEqual(rig.reads, []);
});

test("a revocation list cannot be hidden from a request", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  const statements = await rig.statements(rig.hospital.id);
  rig.stage.clock.advance(DAY);
  await revokeLeaf(rig);
  await assert.rejects(rig.call("describe", { request: requestOf(rig) }, statements), {
    code: "enclave.stream.incomplete",
  });
});

test("an envelope that was truncated, extended or damaged is not described", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  const changes = [
    (bytes: Uint8Array) => bytes.subarray(0, -1),
    (bytes: Uint8Array) => Uint8Array.of(...bytes, 0),
    (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
  ];
  for (const change of changes) {
    rig.tricks.read = (_, honest) => chunked(change(honest()));
    await assert.rejects(describe(rig, requestOf(rig)), { code: "enclave.file" });
  }
});

test("another type than the envelope was sealed for is refused", async (t) => {
  const rig = await openRig(t);
  await rig.follow();
  await assert.rejects(describe(rig, requestOf(rig, { type: "parquet" })), { code: "envelope.context" });
  await assert.rejects(describe(rig, requestOf(rig, { type: "xml" })), { code: "enclave.source-type" });
});
