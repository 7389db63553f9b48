/** Acts that somebody has meddled with, and names, files and keys that are not what they should be. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { sha256Hex } from "#crypto";
import { utf8 } from "../../src/base/bytes.ts";
import { DAY, iso, MINUTE } from "../../src/base/clock.ts";
import { taskDigest } from "../../src/rules/task-definition.ts";
import type { Client } from "../../src/sdk/client.ts";
import { issueLeaf, publishRevocations, reviseModel } from "../../src/sdk/workflows/index.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { type Statement, signStatement } from "../../src/trust/statement.ts";
import {
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  join,
  type Member,
  memberOf,
  newReceiverKey,
  openAlliance,
  signUp,
} from "../support/members.ts";
import { send } from "../support/raw.ts";

const { platform, alliance, alice, bob } = await openAlliance({ alice: "甲方", bob: "乙方" });
const model = (await addModel(platform, alice)).id;
const sources = [(await addTable(platform, bob)).id];
const key = newReceiverKey();
const SALT = "A".repeat(22);

const newTask = (name = "任务") => addTask(alice, { alliance, receiver: alice.id, model, sources, name });
const headOf = async (client: Client, id: string) => (await client.streams.get({ id })).head;

/** As the member signs it; `twist` is what should be otherwise. */
const statement = (by: Member, twist: Partial<Statement>, identity = by.identity): Promise<string> =>
  signStatement(
    { kind: "", stream: "", seen: "", by: by.id, at: iso(platform.clock.now()), payload: {}, ...twist },
    identity,
  );
const post = (who: Pick<Member, "account">, path: string, body: object, headers: Record<string, string> = {}) =>
  send(platform, who.account, { method: "POST", path, body: JSON.stringify(body), headers });
const founding = (detail: object) => ({
  kind: "alliance.founded",
  payload: { network: "evidence", enclave: platform.enclave.id, detail: digestOf(detail) },
});
const refused = async (asked: Promise<{ code: string; text: string }>, code: string) => {
  const { code: found, text } = await asked;
  assert.equal(found, code, text);
};

test("a statement in another's name, or signed with another's key", async () => {
  const detail = { salt: SALT, name: "伪造", description: "" };
  const asBob = await statement(bob, founding(detail));
  await refused(post(alice, "/v1/alliances", { statement: asBob, detail }), "act.signer");
  const withBobsKey = await statement(alice, founding(detail), bob.identity);
  await refused(post(alice, "/v1/alliances", { statement: withBobsKey, detail }), "certificate.issuer");
  const mixed = { ...alice.identity, sign: bob.identity.sign };
  await refused(
    post(alice, "/v1/alliances", { statement: await statement(alice, founding(detail), mixed), detail }),
    "statement.signature",
  );
  const good = await statement(alice, founding(detail));
  const flipped = good.replace(/.{4}$/, (end) => (end === "AAAA" ? "BBBB" : "AAAA"));
  const { status } = await post(alice, "/v1/alliances", { statement: flipped, detail });
  assert.ok([400, 401, 403].includes(status), String(status));
});

test("the same statement a second time", async () => {
  const detail = { salt: SALT, name: "重放", description: "" };
  const founded = await statement(alice, founding(detail));
  assert.equal((await post(alice, "/v1/alliances", { statement: founded, detail })).status, 201);
  await refused(post(alice, "/v1/alliances", { statement: founded, detail }), "stream.founded");
  const { id, stream } = await newTask();
  const refusal = await statement(alice, { kind: "task.refused", stream, seen: await headOf(alice.client, stream) });
  assert.equal((await post(alice, `/v1/tasks/${id}/refusals`, { statement: refusal })).status, 200);
  await refused(post(alice, `/v1/tasks/${id}/refusals`, { statement: refusal }), "stream.moved");
});

test("an answer that was lost comes again with the same idempotency key, and another request not", async () => {
  const detail = { salt: SALT, name: "幂等", description: "" };
  const body = { statement: await statement(alice, founding(detail)), detail };
  const once = await post(alice, "/v1/alliances", body, { "idempotency-key": "once" });
  const again = await post(alice, "/v1/alliances", body, { "idempotency-key": "once" });
  assert.deepEqual([again.status, again.text], [201, once.text]);
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  const other = {
    statement: await statement(alice, founding({ ...detail, name: "另" })),
    detail: { ...detail, name: "另" },
  };
  await refused(post(alice, "/v1/alliances", other, { "idempotency-key": "once" }), "idempotency.mismatch");
  await refused(post(bob, "/v1/alliances", body, { "idempotency-key": "once" }), "act.signer");
});

test("twice, out of turn, for another task, over another digest", async () => {
  const { id } = await newTask();
  await assert.rejects(authorise(bob, id), { code: "task.not-yours" });
  const early = { task: digestOf("early") };
  await assert.rejects(bob.client.tasks.authoriseSource(id, early), { code: "task.state" });
  await assert.rejects(
    bob.client.tasks.authoriseReceiver(id, {
      ...early,
      delivery: { key: key.publicPem, cipher: "A256GCM", sink: "sealed-file" },
    }),
    { code: "task.party" },
  );
  await assert.rejects(
    alice.client.tasks.authoriseReceiver(id, {
      ...early,
      delivery: { key: key.publicPem, cipher: "A256GCM", sink: "sealed-file" },
    }),
    { code: "task.digest" },
  );
  await authorise(alice, id, key.publicPem);
  await assert.rejects(alice.client.tasks.authoriseModel(id, early), { code: "task.state" });
  await assert.rejects(bob.client.tasks.authoriseSource(id, early), { code: "task.digest" });
  const other = await newTask("另一任务");
  assert.notDeepEqual(other.id, id);
  const stray = await statement(alice, { kind: "task.refused", stream: other.stream, seen: other.head });
  await refused(post(alice, `/v1/tasks/${id}/refusals`, { statement: stray }), "act.stream");
  await refused(post(alice, `/v1/tasks/${id}/runs`, { statement: stray }), "act.kind");
  const digest = (await bob.client.tasks.get({ id })).digest ?? "";
  await bob.client.tasks.authoriseSource(id, { task: digest });
  await assert.rejects(bob.client.tasks.authoriseSource(id, { task: digest }), { code: "task.state" });
});

test("one of two providers decides twice", async () => {
  const second = await addTable(platform, alice);
  const wide = await addModel(platform, alice, { tables: ["a", "b"] });
  const task = await addTask(alice, { alliance, receiver: alice.id, model: wide.id, sources: [...sources, second.id] });
  await authorise(alice, task.id, key.publicPem);
  await authorise(bob, task.id);
  const digest = (await bob.client.tasks.get({ id: task.id })).digest ?? "";
  await assert.rejects(bob.client.tasks.authoriseSource(task.id, { task: digest }), { code: "task.decided" });
});

test("a text that is not the one that was signed", async () => {
  const detail = { salt: SALT, name: "原文", description: "" };
  const signed = await statement(alice, founding(detail));
  for (const other of [
    { ...detail, name: "改过" },
    { ...detail, salt: "B".repeat(22) },
  ])
    await refused(post(alice, "/v1/alliances", { statement: signed, detail: other }), "statement.detail");
  await refused(
    post(alice, "/v1/alliances", { statement: signed, detail: { ...detail, more: 1 } }),
    "statement.payload",
  );
  await refused(post(alice, "/v1/alliances", { statement: signed }), "statement.payload");
});

test("names and descriptions beyond what the console takes", async () => {
  const create = (name: string, description = "") =>
    alice.client.alliances.create({ network: "evidence", enclave: platform.enclave.id, detail: { name, description } });
  await create("😀".repeat(50), "字".repeat(100));
  for (const name of ["", "字".repeat(51), "a\u0000b", "a\u202eb", " a", "a\n", "\ud800"])
    await assert.rejects(create(name), { code: "statement.payload" }, JSON.stringify(name));
  await assert.rejects(create("名", "字".repeat(101)), { code: "statement.payload" });
  for (const name of ["有 空格", "a-b", "名_称", "名。", "字".repeat(51)])
    await assert.rejects(newTask(name), { code: "statement.payload" }, name);
  // What the client refuses to send, the server refuses too.
  for (const detail of [
    { salt: SALT, name: "字".repeat(51), description: "" },
    { salt: SALT, name: "名", description: "字".repeat(101) },
  ])
    await refused(
      post(alice, "/v1/alliances", { statement: await statement(alice, founding(detail)), detail }),
      "statement.payload",
    );
});

test("one to five sources, each once, each for a table of its own", async () => {
  const six = [...sources];
  while (six.length < 6) six.push((await addTable(platform, bob)).id);
  const create = (named: string[]) => addTask(alice, { alliance, receiver: alice.id, model, sources: named });
  await assert.rejects(create(six), { code: "task.sources", details: { count: 6 } });
  await assert.rejects(create([]), { code: "task.sources" });
  await assert.rejects(create([six[0] ?? "", six[0] ?? ""]), { code: "task.sources" });
  assert.equal((await create(six.slice(0, 5))).sources.length, 5);
});

test("an archive of 20 MiB and a description of 1 MiB are the most, whoever sends them", async () => {
  const MiB = 2 ** 20;
  const enclave = platform.enclave;
  const version = { version: "2.0.0", main: "main", enclave, archive: new Uint8Array(20 * MiB + 1) };
  await assert.rejects(reviseModel(alice.client, alice.id, model, version), { code: "model.too-large" });
  const described = { ...version, archive: new Uint8Array(9), description: "a".repeat(MiB + 1) };
  await assert.rejects(reviseModel(alice.client, alice.id, model, described), { code: "model.too-large" });
  const blob = await alice.client.blobs.put(utf8("x"));
  const { head, stream } = await alice.client.models.get({ id: model });
  const revise = async (payload: object) =>
    post(alice, `/v1/models/${model}/versions`, {
      statement: await statement(alice, {
        ...{ kind: "model.revised", stream, seen: head },
        payload: {
          version: "2.0.0",
          runner: "javascript",
          main: "main",
          enclave: enclave.id,
          archive: blob,
          ...payload,
        },
      }),
    });
  await refused(revise({ archive: { ...blob, size: 20 * MiB + 1 } }), "statement.payload");
  await refused(revise({ description: { ...blob, size: MiB + 1 } }), "statement.payload");
  await refused(revise({ description: { digest: sha256Hex("never stored"), size: 3 } }), "blob.unknown");
  const others = await bob.client.blobs.put(utf8("of another account"));
  await refused(revise({ archive: others }), "blob.unknown");
});

test("keys that no result is sealed to", async () => {
  const { id, stream, definition } = await newTask();
  const rsa = (modulusLength: number) =>
    generateKeyPairSync("rsa", {
      modulusLength,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
  const give = (pem: string) => {
    const delivery = { key: pem, cipher: "A256GCM" as const, sink: "sealed-file" as const };
    return alice.client.tasks.authoriseReceiver(id, { task: taskDigest(stream, definition, delivery), delivery });
  };
  await assert.rejects(give(key.privatePem), { code: "receiver-key.private" });
  await assert.rejects(give(rsa(1_024).publicKey), { code: "receiver-key.rsa-size" });
  await assert.rejects(give("not a key"), { code: "key.not-pem" });
  await assert.rejects(give("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), /key/i);
  await assert.rejects(give(newReceiverKey("Ed25519" as "P-256").publicPem), { code: "key.kind" });
  assert.equal((await alice.client.tasks.get({ id })).state, "receiver-authorising");
});

test("an organisation that is not verified founds and is invited to nothing", async () => {
  const account = await signUp(platform, "未认证者", { verified: false });
  await assert.rejects(account.client.organisations.manage({}), { code: "account.not-verified" });
  await assert.rejects(alice.client.alliances.invite(alliance, { member: "ab".repeat(32) }), {
    code: "account.not-verified",
  });
});

test("a signer's clock may be ten minutes off, not eleven", async () => {
  const detail = { salt: SALT, name: "时钟", description: "" };
  const at = (minutes: number) => iso(platform.clock.now() + minutes * MINUTE);
  for (const minutes of [11, -11]) {
    const late = await statement(alice, { ...founding(detail), at: at(minutes) });
    await refused(post(alice, "/v1/alliances", { statement: late, detail }), "statement.clock");
  }
  for (const minutes of [9, -9]) {
    const fine = await statement(alice, { ...founding({ ...detail, name: `时钟${minutes}` }), at: at(minutes) });
    const { status, text } = await post(alice, "/v1/alliances", {
      statement: fine,
      detail: { ...detail, name: `时钟${minutes}` },
    });
    assert.equal(status, 201, text);
  }
});

test("a renewed leaf signs; a revoked one does not, from the list's publication on", async () => {
  const carol = await join(platform, "丙方");
  const now = platform.clock.now();
  const fresh = issueLeaf(carol.authority, { commonName: "李雷", organization: "丙方" }, { now });
  const renewed = memberOf(platform, carol.account, { ...carol, leaf: fresh });
  await ally(platform, [renewed], "续期");
  await ally(platform, [carol], "旧证书仍有效");
  const { serial } = carol.leaf.certificate;
  await publishRevocations(renewed.client, carol.id, carol.authority, [{ serial, reason: "keyCompromise" }], now);
  await assert.rejects(ally(platform, [carol], "已吊销"), { code: "certificate.revoked" });
  await ally(platform, [renewed], "新证书");
  const { crl } = await renewed.client.organisations.get({ id: carol.id });
  assert.ok(crl);
  const stranger = issueLeaf(bob.authority, { commonName: "冒充", organization: "丙方" }, { now: now - DAY });
  const impostor = memberOf(platform, carol.account, { ...carol, leaf: stranger });
  await assert.rejects(ally(platform, [impostor], "冒充"), { code: "certificate.issuer" });
});
