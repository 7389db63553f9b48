/** What a workflow refuses, whatever the server says. The whole story is played in test/cli.e2e.test.ts. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateKey } from "#crypto";
import { DESCRIBED, type Ran, runToBundle } from "../../../test/support/bundle.ts";
import { createOrganisation, SALT } from "../../../test/support/principals.ts";
import { fromBase64, fromUtf8 } from "../../base/bytes.ts";
import { parseCanonical } from "../../base/canonical.ts";
import { Refusal } from "../../base/refusal.ts";
import { verifyBundle } from "../../evidence/verify.ts";
import { attested, enclave as enclaveBook } from "../../rules/enclave.ts";
import { signFollowed } from "../../rules/followed.ts";
import { ARCHIVE_MAX } from "../../rules/model.ts";
import { STRUCTURE_REQUEST, signStructureRequest } from "../../rules/structure-request.ts";
import { task as taskBook } from "../../rules/task.ts";
import { taskDigest } from "../../rules/task-definition.ts";
import type { Task } from "../../rules/task-state.ts";
import { streamOf } from "../../rules/world.ts";
import { reportData } from "../../trust/attestation/report-data.ts";
import { simulatedEvidence } from "../../trust/attestation/simulated.ts";
import { parseJws, verifyJws } from "../../trust/jws.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import { parseStatement, signStatementWith } from "../../trust/statement.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { createCsr } from "../../trust/x509/csr.ts";
import { verifyLeaf } from "../../trust/x509/verify.ts";
import type { Client } from "../client.ts";
import { authoriseTask, deliveryTo, partDue, shownDigest } from "./authorise.ts";
import { findMember } from "./find-member.ts";
import { acceptCsr, createAuthority, identityOf, issueLeaf } from "./identity.ts";
import { publishModel } from "./publish-model.ts";
import { describeColumns } from "./register-source.ts";
import { type VerifiedEnclave, verifyEnclave } from "./verify-enclave.ts";

let ran: Ran;
before(async () => {
  ran = await runToBundle();
});
after(() => ran.close());

const refusedAs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

/** A server that answers as told, of which only these endpoints are asked. */
const server = (answers: object): Client => answers as Client;

interface Lie {
  readonly statement?: string;
  readonly provider?: string;
  readonly evidence?: string;
  /** Evidence over this nonce instead of the one that was asked. */
  readonly nonce?: string;
}

const ANY = { enclaves: "any" } as const;

const enclaveServer = ({ statement, provider = "simulated", evidence, nonce: stale }: Lie = {}) => {
  const state = streamOf(ran.stage.world, enclaveBook, ran.enclave.id)?.state;
  assert.ok(state);
  const { signingKey, encryptionKey, measurement, ledger, isolation } = state;
  const claims = { signingKey, encryptionKey, measurement, ledger, isolation };
  return server({
    enclaves: {
      get: async () => ({ statement: statement ?? ran.enclave.founding, measurement: "what the server says" }),
      attest: async ({ nonce }: { nonce: string }) => ({
        provider,
        nonce,
        followed: signFollowed({ size: 7, root: "ab".repeat(32), nonce: stale ?? nonce }, ran.enclave.key),
        evidence:
          evidence ??
          simulatedEvidence({
            measurement: state.measurement,
            reportData: reportData({ ...claims, nonce: stale ?? nonce }),
          }),
      }),
    },
  });
};

test("an enclave is what its own statement says, with fresh evidence; nothing else is sealed to", async () => {
  const { id, measurement } = ran.enclave;
  const found = await verifyEnclave(enclaveServer(), id, { enclaves: [{ provider: "simulated", measurement }] });
  assert.deepEqual(
    [found.id, found.measurement, found.provider, found.hardware],
    [id, measurement, "simulated", false],
  );
  assert.match(found.doesNotProve.en, /whoever runs the machine can read its memory/);

  const other = createOrganisation("别的机构");
  const verify = (lie: Lie, of = id) => verifyEnclave(enclaveServer(lie), of, ANY);
  await assert.rejects(verify({ statement: other.founding }), refusedAs("enclave.statement"));
  await assert.rejects(verify({ statement: other.founding }, other.id), refusedAs("enclave.statement"));
  await assert.rejects(verify({ provider: "tdx" }), refusedAs("enclave.statement"));
  await assert.rejects(verify({ nonce: "replayed" }), refusedAs("attestation.refused"));
  await assert.rejects(verify({ evidence: "{}" }), refusedAs("attestation.refused"));
  // A measurement is worth what vouches for it: pinned under hardware, a simulated attestation of it is refused.
  for (const pin of [
    { provider: "simulated", measurement: "ab".repeat(48) },
    { provider: "tdx", measurement },
  ])
    await assert.rejects(verifyEnclave(enclaveServer(), id, { enclaves: [pin] }), refusedAs("enclave.untrusted"));
  // Any program at all is never what is meant by leaving it out, or by a name of yesterday.
  const old: object = { measurements: [measurement] };
  await assert.rejects(verifyEnclave(enclaveServer(), id, old as { enclaves: "any" }), TypeError);
});

test("an enclave whose founding evidence is not for its keys is refused", async () => {
  const { statement } = parseStatement(ran.enclave.founding);
  const payload = { ...attested.payload.parse(statement.payload), measurement: "cd".repeat(48) };
  const forged = signStatementWith({ ...statement, payload }, ran.enclave.key);
  const verifying = verifyEnclave(enclaveServer({ statement: forged }), parseStatement(forged).digest, ANY);
  await assert.rejects(verifying, refusedAs("attestation.refused"));
});

test("a member is who its own statement says, whatever the server calls it", async () => {
  const hospital = createOrganisation("第一医院");
  const answer = (over: object = {}) =>
    server({
      organisations: {
        find: async () => ({ statement: hospital.founding, detail: { salt: SALT, nickname: "第一医院" }, ...over }),
      },
    });
  const wanted = { nickname: "第一医院", appId: hospital.appId };
  const found = await findMember(answer(), wanted);
  assert.deepEqual([found.member, found.fingerprint], [hospital.id, hospital.ca.fingerprint]);
  await findMember(answer(), wanted, hospital.ca.fingerprint);

  const stranger = createOrganisation("第一医院");
  const lies: [Client, typeof wanted, string][] = [
    [answer({ statement: stranger.founding }), wanted, "member.statement"],
    [answer(), { ...wanted, nickname: "第二医院" }, "member.statement"],
    [answer({ detail: { salt: SALT, nickname: "第二医院" } }), { ...wanted, nickname: "第二医院" }, "statement.detail"],
    [answer({ statement: ran.enclave.founding }), wanted, "member.statement"],
    [answer({ statement: hospital.founding.replace(/.{4}$/, "AAAA") }), wanted, "statement.signature"],
  ];
  for (const [client, who, code] of lies) await assert.rejects(findMember(client, who), refusedAs(code));
  await assert.rejects(findMember(answer(), wanted, stranger.ca.fingerprint), refusedAs("member.untrusted"));
});

type TaskView = Parameters<typeof shownDigest>[0];
/** Statements of a stream, as a server shows them. */
const streams = {
  get: async ({ id }: { id: string }) => ({
    items: verifyBundle(ran.bytes)
      .entries.filter(({ stream }) => stream === id)
      .map(({ signed }) => ({ statement: signed.jws.text })),
    next: null,
  }),
};
const ownerOf = (stream: string) => ({
  id: verifyBundle(ran.bytes).entries.find((entry) => entry.stream === stream)?.by ?? "",
});

/** The task as a server shows it to its receiver, with something changed. */
const numberOf = (stream: string) =>
  String((ran.stage.world.streams.get(stream)?.state as { id?: string } | undefined)?.id);

const shownTask = (over: object = {}): TaskView => {
  const state = streamOf(ran.stage.world, taskBook, ran.task)?.state as Task;
  const { definition, delivery } = state;
  assert.ok(delivery);
  const digest = taskDigest(ran.task, definition, delivery);
  return {
    id: state.id,
    stream: ran.task,
    state: "model-authorising",
    model: { id: numberOf(definition.model.stream), owner: ownerOf(definition.model.stream) },
    sources: definition.sources.map(({ stream }) => ({
      id: numberOf(stream),
      owner: ownerOf(stream),
      columns: DESCRIBED,
    })),
    definition,
    delivery,
    digest,
    ...over,
  } as unknown as TaskView;
};

test("nobody signs a digest that is not that of what is shown", async () => {
  const [me] = ran.parties;
  assert.ok(me);
  const deciders = [{ id: me.id, nickname: me.name, appId: me.appId }];
  const task = shownTask({ deciders });
  assert.equal(shownDigest(task), task.digest);
  const otherModel = { ...task.definition, model: { ...task.definition.model, archive: "ef".repeat(32) } };
  assert.throws(() => shownDigest(shownTask({ definition: otherModel })), refusedAs("task.shown-otherwise"));
  assert.throws(() => shownDigest(shownTask({ digest: "00".repeat(32) })), refusedAs("task.shown-otherwise"));

  const signed: unknown[] = [];
  const client = server({
    ...enclaveServer(),
    streams,
    tasks: {
      get: async () => task,
      authoriseModel: async (id: string, input: { task: string }) => signed.push([id, input.task]),
    },
  });
  const { part } = await authoriseTask(client, task.id, { ...ANY, me: me.id });
  assert.equal(part, "model");
  assert.deepEqual(signed, [[task.id, task.digest]]);
  await assert.rejects(authoriseTask(client, task.id, { ...ANY, me: "another" }), refusedAs("task.not-yours"));
  await assert.rejects(authoriseTask(client, "T202601010000001", { ...ANY, me: me.id }), refusedAs("task.other"));
  const enclaves = [{ provider: "tdx", measurement: ran.enclave.measurement }];
  await assert.rejects(authoriseTask(client, task.id, { me: me.id, enclaves }), refusedAs("enclave.untrusted"));
  const [first, second] = task.sources;
  const renamed = { ...task, sources: [{ ...first, id: "D202601010000001" }, second] } as typeof task;
  await assert.rejects(authoriseTask(client, task.id, { ...ANY, me: me.id }, renamed), refusedAs("server.history"));
  const named = { ...task, sources: [{ ...first, columns: [] }, second] } as typeof task;
  await assert.rejects(authoriseTask(client, task.id, { ...ANY, me: me.id }, named), refusedAs("source.structure"));
  const swapped = { ...task, sources: [second, first] } as typeof task;
  await assert.rejects(authoriseTask(client, task.id, { ...ANY, me: me.id }, swapped), refusedAs("server.history"));
  const measurement = "ab".repeat(48);
  const claimed = shownTask({ deciders, definition: { ...task.definition, measurement } });
  await assert.rejects(authoriseTask(client, task.id, { ...ANY, me: me.id }, claimed), refusedAs("enclave.statement"));
  const review = () => {
    throw new Refusal("no", 400, {}, "no");
  };
  await assert.rejects(authoriseTask(client, task.id, { ...ANY, me: me.id, review }), refusedAs("no"));
  assert.equal(signed.length, 1);
  assert.equal(partDue({ state: "running", deciders }, me.id), undefined);
});

test("the receiver's key decides wrap and cipher; a private key is not sent", () => {
  const sm2 = generateKey("SM2");
  assert.equal(deliveryTo(publicKeyToPem(sm2.publicKey)).cipher, "SM4GCM");
  assert.equal(deliveryTo(publicKeyToPem(generateKey("X25519").publicKey)).cipher, "A256GCM");
  assert.throws(() => deliveryTo(keyToPem(sm2)), refusedAs("receiver-key.private"));
});

test("a request for a table's structure is what the enclave expects, signed by the owner", async () => {
  const now = Date.UTC(2026, 0, 5, 8);
  const authority = createAuthority("医院", { now });
  const leaf = issueLeaf(authority, { commonName: "王芳", organization: "医院" }, { now, kind: "Ed25519" });
  const about = { enclave: "ab".repeat(32), envelope: "cd".repeat(32), type: "csv" };
  const request = await signStructureRequest(identityOf(leaf), { by: "ef".repeat(32), ...about }, now);
  const jws = parseJws(request, STRUCTURE_REQUEST);
  verifyJws(jws, leaf.certificate.publicKey);
  const signed = parseCanonical(fromUtf8(jws.payload));
  assert.deepEqual(signed, {
    use: "entente/structure/1",
    by: "ef".repeat(32),
    at: "2026-01-05T08:00:00.000Z",
    ...about,
  });
});

test("an identity of every kind: authority, leaf, request accepted", () => {
  const now = Date.UTC(2026, 0, 5, 8);
  for (const kind of ["P-256", "Ed25519", "secp256k1", "SM2"] as const) {
    const authority = createAuthority("一二三四五".repeat(10), { kind, now });
    const ca = authority.certificate;
    const leaf = issueLeaf(authority, { commonName: "王芳" }, { kind, now });
    verifyLeaf({ leaf: leaf.certificate, ca, at: now });
    const csr = createCsr({ key: generateKey(kind), subject: { commonName: "李雷" } });
    const accepted = acceptCsr(authority, csr, now);
    verifyLeaf({ leaf: accepted, ca, at: now });
    assert.equal(accepted.subject.commonName, "李雷");
    const { certificate = "" } = identityOf(leaf);
    assert.equal(parseCertificate(fromBase64(certificate)).fingerprint, leaf.certificate.fingerprint);
  }
  const late = createAuthority("医院", { now: now - 3_650 * 86_400_000 + 86_400_000 });
  const leaf = issueLeaf(late, { commonName: "x" }, { now });
  assert.equal(leaf.certificate.notAfter, late.certificate.notAfter);
});

test("models too large, and columns that are not there, stay on this machine", async () => {
  const enclave = {} as VerifiedEnclave;
  // Nothing is called: no endpoint is there.
  const client = server({ models: {}, blobs: {} });
  const model = { name: "m", version: "1", main: "main", permission: { kind: "public" as const }, enclave };
  const publish = (archive: Uint8Array, description?: string) =>
    publishModel(client, "o", { ...model, archive, description });
  await assert.rejects(publish(new Uint8Array(ARCHIVE_MAX + 1)), refusedAs("model.too-large"));
  await assert.rejects(publish(new Uint8Array(1), "x".repeat(2 ** 20 + 1)), refusedAs("model.too-large"));
  await assert.rejects(publish(new Uint8Array(0)), refusedAs("model.empty"));
  const columns = [
    { name: "a", type: "i32", description: "old" },
    { name: "b", type: "utf8" },
  ];
  assert.deepEqual(
    describeColumns(columns, { b: "new" }).map(({ description }) => description),
    ["old", "new"],
  );
  assert.throws(() => describeColumns(columns, { c: "x" }), refusedAs("source.column-unknown"));
});
