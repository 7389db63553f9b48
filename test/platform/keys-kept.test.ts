/** What happens to keys when nodes lose their stores, and when a key is handed out: backup, restore, export. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join as path } from "node:path";
import { after, before, test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { generateKey } from "#crypto";
import { fromHex, toBase64, toHex, utf8 } from "../../src/base/bytes.ts";
import {
  approveRequest,
  awaitKey,
  awaitRequest,
  backupNode,
  generateKey as generateShared,
  importKey,
  openBackup,
  openExport,
  requestExport,
  requestSignatures,
  restoreNode,
  rotateKey,
  verifySignatures,
} from "../../src/sdk/workflows/index.ts";
import { keyBackupContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import { enclaveKey } from "../../src/trust/envelope/recipient.ts";
import { expandedFromPem } from "../../src/trust/expanded.ts";
import { publicKeyToPem } from "../../src/trust/keys.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { join, type Member } from "../support/members.ts";

const TAGS = ["node-1", "node-2", "node-3"] as const;
const ANY = { enclaves: "any" } as const;
const POLICIES = [
  {
    id: "use",
    text: 'permit(principal, action in [Action::"createKey", Action::"importKey", Action::"sign"], resource);',
  },
  {
    id: "hand-out",
    text: 'permit(principal, action == Action::"exportKey", resource) when { context.approvals >= 1 };',
  },
];
const custodians = TAGS.map(() => generateKey("X25519"));

let platform: TestPlatform;
let treasury: Member;
let risk: Member;
let stranger: Member;
let group: string;
let nodes: string[];

before(async () => {
  platform = await openPlatform({ settings: { "key-nodes": "3" } });
  const member = (name: string) => join(platform, name);
  [treasury, risk, stranger] = await Promise.all([member("资金部"), member("风控部"), member("路人")]);
  const { items } = await treasury.client.keyNodes.list({});
  nodes = TAGS.map((tag) => items.find((one) => one.tag === tag)?.stream ?? "");
  const backup = nodes.map((node, i) => ({ node, recipient: toBase64(custodians[i]?.publicKey.spki ?? utf8("")) }));
  const { resource } = await treasury.client.keyGroups.create({
    nodes: nodes.toSorted(),
    administrators: [treasury.id],
    approvals: 1,
    requesters: [treasury.id, risk.id].sort(),
    approvers: [risk.id],
    policies: POLICIES,
    backup: backup.sort((a, b) => (a.node < b.node ? -1 : 1)),
    detail: { name: "金库", description: "" },
  });
  group = resource.id;
});
after(() => platform.stop());

const make = async (scheme: "ECDSA_K1" | "ECDSA_R1" | "EDDSA_ED25519" | "SM2") => {
  const { resource } = await generateShared(treasury.client, { group, scheme, threshold: 2, nodes: TAGS }, ANY);
  const key = await awaitKey(treasury.client, resource.id);
  assert.equal(key.state, "enabled", JSON.stringify(key.failure));
  return key;
};
const refused = (code: string) => (error: { code?: string }) => {
  assert.equal(error.code, code);
  return true;
};
const custodian = (i: number) => custodians[i] as (typeof custodians)[number];

test("a key is handed out to an administrator whom an approver has let: what comes is the key, in no server's sight", async () => {
  for (const scheme of ["ECDSA_K1", "SM2"] as const) {
    const key = await make(scheme);
    const recipient = generateKey("X25519");
    const asked = { key: key.id, recipient: recipient.publicKey, note: "搬迁" };
    const request = await requestExport(treasury.client, asked);
    const open = (to = recipient, expected: Parameters<typeof openExport>[3] = ANY) =>
      openExport(treasury.client, request.id, to, expected);
    await assert.rejects(open(), refused("export.shares"));
    await approveRequest(risk.client, request.id);
    assert.equal((await awaitRequest(treasury.client, request.id)).state, "completed");
    await assert.rejects(open(generateKey("X25519")), refused("envelope.recipient"));
    const other = { measurement: "00".repeat(48), provider: "simulated" };
    await assert.rejects(open(recipient, { enclaves: [other] }), refused("enclave.untrusted"));
    const whole = await open();
    assert.equal(publicKeyToPem(whole.publicKey), key.publicKeyPem);
    const pem = whole.toPem("correct horse");
    if (scheme === "SM2") continue;
    const publicKey = createPublicKey(createPrivateKey({ key: pem, passphrase: "correct horse" }));
    assert.equal(publicKey.export({ type: "spki", format: "pem" }), key.publicKeyPem);
  }
});

/** Who replays is not led by what a server shows beside the statements. */
const lied = (client: Member["client"], change: object) => ({
  ...client,
  keys: {
    ...client.keys,
    get: async (of: { id: string }) => ({ ...(await client.keys.get(of)), ...change }),
  } as typeof client.keys,
});

test("a key on Ed25519 goes out as a scalar, and comes back under the same public key", async () => {
  const key = await make("EDDSA_ED25519");
  const recipient = generateKey("X25519");
  const request = await requestExport(treasury.client, { key: key.id, recipient: recipient.publicKey });
  await approveRequest(risk.client, request.id);
  await awaitRequest(treasury.client, request.id);
  const liar = lied(treasury.client, { publicKey: "00".repeat(32), participants: [] });
  const whole = await openExport(liar, request.id, recipient, ANY);
  assert.equal(publicKeyToPem(whole.publicKey), key.publicKeyPem);
  const pem = whole.toPem("correct horse");
  // No program takes it for a seed.
  assert.throws(() => createPrivateKey({ key: pem, passphrase: "correct horse" }));
  const expanded = expandedFromPem(pem, "correct horse") ?? assert.fail();
  const scalar = BigInt(`0x${toHex(expanded.slice(0, 32).reverse())}`);
  const point = ed25519.Point.BASE.multiply(scalar);
  assert.equal(toHex(point.toBytes()), key.publicKey);

  await treasury.client.keys.scheduleDeletion(key.stream, { days: 7 });
  const brought = { group, scheme: "EDDSA_ED25519" as const, threshold: 2, nodes: TAGS };
  await assert.rejects(
    importKey(treasury.client, brought, { pem, passphrase: "wrong" }, ANY),
    refused("key.passphrase"),
  );
  const { resource } = await importKey(treasury.client, brought, { pem, passphrase: "correct horse" }, ANY);
  const back = await awaitKey(treasury.client, resource.id);
  assert.deepEqual([back.state, back.publicKey], ["enabled", key.publicKey]);
  const messages = [{ kind: "message" as const, hex: toHex(utf8("回来了")) }];
  const signed = await requestSignatures(treasury.client, { key: back.id, messages }, platform.clock.now);
  const done = await awaitRequest(treasury.client, signed.resource.id);
  assert.ok(ed25519.verify(fromHex(done.signatures?.[0] ?? ""), utf8("回来了"), fromHex(key.publicKey ?? "")));
});

test("a keeper sees without the node that a backup holds its share, and that a spoilt one does not", async () => {
  const key = await make("ECDSA_R1");
  const kept = await backupNode(treasury.client, "node-1");
  const open = (backup: typeof kept) => openBackup(treasury.client, backup, custodian(0), ANY);
  assert.ok((await open(kept)).some(({ id }) => id === key.id));
  const context = keyBackupContext(key.stream, 1, kept.node);
  const envelope = toBase64(
    await sealBytes(new Uint8Array(32).fill(7), { to: enclaveKey(custodian(0).publicKey.spki), context }),
  );
  const shares = kept.shares.map((share) => (share.id === key.id ? { ...share, envelope } : share));
  await assert.rejects(open({ ...kept, shares }), refused("backup.share"));
});

test("nobody but administrators has a key exported, backed up or restored", async () => {
  const key = await make("ECDSA_R1");
  const [node = ""] = nodes;
  const recipient = generateKey("X25519").publicKey;
  await assert.rejects(requestExport(risk.client, { key: key.id, recipient }), refused("key.party"));
  await assert.rejects(risk.client.keys.backup({ id: key.id, node }), refused("key.party"));
  await assert.rejects(risk.client.keys.restore({ id: key.id, node, envelope: "AAAA" }), refused("key.party"));
  await assert.rejects(stranger.client.keys.backup({ id: key.id, node }), refused("stream.unknown"));
  await assert.rejects(stranger.client.keys.restore({ id: key.id, node, envelope: "AAAA" }), refused("stream.unknown"));
  assert.deepEqual((await backupNode(risk.client, "node-1")).shares, []);
});

test("a key is rotated: another one signs under its alias, and the old one is known by its id alone", async () => {
  const { resource } = await generateShared(
    treasury.client,
    { group, scheme: "ECDSA_R1", threshold: 2, nodes: TAGS, alias: "documents", tags: { use: "seal" } },
    ANY,
  );
  const old = await awaitKey(treasury.client, resource.id);
  await assert.rejects(rotateKey(risk.client, old.id, ANY), refused("key.party"));
  const fresh = await rotateKey(treasury.client, old.id, ANY);
  assert.deepEqual(
    [fresh.state, fresh.alias, fresh.tags, fresh.rotates?.id],
    ["enabled", "documents", { use: "seal" }, old.id],
  );
  assert.notEqual(fresh.publicKey, old.publicKey);
  const before = await treasury.client.keys.get({ id: old.id });
  assert.deepEqual([before.state, before.alias, before.tags], ["enabled", null, { use: "seal" }]);
  assert.equal(before.rotatedBy?.id, fresh.id);
});

test("all nodes lose their stores, and sign again with what their custodians kept", async () => {
  const key = await make("ECDSA_K1");
  const kept = await Promise.all(TAGS.map((tag) => backupNode(treasury.client, tag)));
  for (const { shares } of kept) assert.ok(shares.some(({ id }) => id === key.id));
  await platform.halt();
  for (const tag of TAGS) {
    const directory = path(platform.data, "key-nodes", tag);
    for (const one of readdirSync(directory, { recursive: true, encoding: "utf8" }))
      if (/store\.db/.test(one)) rmSync(path(directory, one));
    writeFileSync(path(directory, "accept-lost-store"), "");
  }
  await platform.start();

  const messages = [{ kind: "message" as const, hex: toHex(utf8("还在")) }];
  const { resource } = await requestSignatures(treasury.client, { key: key.id, messages }, platform.clock.now);
  assert.equal((await awaitRequest(treasury.client, resource.id, 3_000)).state, "pending");
  const [first, second] = kept as [(typeof kept)[number], (typeof kept)[number]];
  await assert.rejects(restoreNode(treasury.client, first, custodian(1), ANY), refused("envelope.recipient"));
  const mixed = { ...first, shares: second.shares };
  await assert.rejects(restoreNode(treasury.client, mixed, custodian(1), ANY), refused("envelope.context"));
  for (const i of [0, 1]) {
    const back = await restoreNode(treasury.client, kept[i] as (typeof kept)[number], custodian(i), ANY);
    assert.ok(back.includes(key.id));
  }
  const done = await awaitRequest(treasury.client, resource.id, 90_000);
  assert.equal(done.state, "completed", JSON.stringify(done.failures));
  assert.equal(verifySignatures(done).length, 1);
});
