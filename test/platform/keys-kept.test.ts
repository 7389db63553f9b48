/** What happens to keys when nodes lose their stores, and when a key is handed out: backup, restore, export. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join as path } from "node:path";
import { after, before, test } from "node:test";
import { generateKey } from "#crypto";
import { toBase64, toHex, utf8 } from "../../src/base/bytes.ts";
import {
  approveRequest,
  awaitKey,
  awaitRequest,
  backupNode,
  generateKey as generateShared,
  openExport,
  requestExport,
  requestSignatures,
  restoreNode,
  rotateKey,
  verifySignatures,
} from "../../src/sdk/workflows/index.ts";
import { keyToPem } from "../../src/trust/keys.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { join, type Member } from "../support/members.ts";

const TAGS = ["node-1", "node-2", "node-3"] as const;
const ANY = { enclaves: "any" } as const;
const POLICIES = [
  { id: "use", text: 'permit(principal, action in [Action::"createKey", Action::"sign"], resource);' },
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
    const { request, recipient } = await requestExport(treasury.client, { key: key.id, note: "搬迁" });
    await assert.rejects(openExport(treasury.client, request.id, recipient), refused("export.shares"));
    await approveRequest(risk.client, request.id);
    assert.equal((await awaitRequest(treasury.client, request.id)).state, "completed");
    await assert.rejects(openExport(treasury.client, request.id, generateKey("X25519")), refused("envelope.recipient"));
    const whole = await openExport(treasury.client, request.id, recipient);
    const pem = keyToPem(whole, "correct horse");
    if (scheme === "SM2") continue;
    const publicKey = createPublicKey(createPrivateKey({ key: pem, passphrase: "correct horse" }));
    assert.equal(publicKey.export({ type: "spki", format: "pem" }), key.publicKeyPem);
  }
  const key = await make("EDDSA_ED25519");
  await assert.rejects(requestExport(treasury.client, { key: key.id }), refused("export.seed"));
});

test("nobody but administrators has a key exported, backed up or restored", async () => {
  const key = await make("ECDSA_R1");
  const [node = ""] = nodes;
  await assert.rejects(requestExport(risk.client, { key: key.id }), refused("key.party"));
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
