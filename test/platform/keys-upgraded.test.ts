/** Another program is installed: key nodes go on with theirs, new ones run the new one, and keys are handed to those. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { currentProgram } from "../../scripts/bundle.ts";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { keptProgram } from "../../src/keys/programs.ts";
import { awaitKey, awaitRequest, generateKey, requestSignatures } from "../../src/sdk/workflows/index.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { join, type Member } from "../support/members.ts";

let platform: TestPlatform;
let treasury: Member;
let home: string;
let current: string;
let next: string;
let key: string;

const sha384 = (file: string) => createHash("sha384").update(readFileSync(file)).digest("hex");

before(async () => {
  home = mkdtempSync(path(tmpdir(), "entente-upgrade-"));
  symlinkSync(path(import.meta.dirname, "../../node_modules"), path(home, "node_modules"));
  current = await currentProgram("keynode");
  next = path(home, "keynode.mjs");
  writeFileSync(next, `${readFileSync(current, "utf8")}// The next version.\n`);
  platform = await openPlatform({ settings: { "key-nodes": "2", "key-node-host": "localhost" } });
  treasury = await join(platform, "资金部");
});
after(async () => {
  await platform.stop();
  rmSync(home, { recursive: true, force: true });
});

const nodeOf = (tag: string) => treasury.client.keyNodes.get({ id: tag });
const streamsOf = async (...tags: string[]) => (await Promise.all(tags.map(nodeOf))).map(({ stream }) => stream).sort();
const sign = async (text: string) => {
  const messages = [{ kind: "message" as const, hex: toHex(utf8(text)) }];
  const { resource } = await requestSignatures(treasury.client, { key, messages }, platform.clock.now);
  const done = await awaitRequest(treasury.client, resource.id);
  assert.equal(done.state, "completed", JSON.stringify(done.failures));
};
const upgrade = async () => {
  await platform.halt();
  await platform.start({}, { keyNodeCommand: [process.execPath, next] });
};
const found = async (nodes: string[]) => {
  const { resource } = await treasury.client.keyGroups.create({
    ...{ nodes, administrators: [treasury.id], approvals: 1, requesters: [treasury.id], approvers: [] },
    policies: [{ id: "all", text: "permit(principal, action, resource);" }],
    detail: { name: "金库", description: "" },
  });
  return resource.id;
};

test("what was founded with one program goes on with it after an upgrade, and signs", async () => {
  const group = await found(await streamsOf("node-1", "node-2"));
  const nodes = ["node-1", "node-2"];
  const made = await generateKey(
    treasury.client,
    { group, scheme: "ECDSA_K1", threshold: 2, nodes },
    { enclaves: "any" },
  );
  key = made.resource.id;
  assert.equal((await awaitKey(treasury.client, key)).state, "enabled");
  await sign("before");
  const was = await nodeOf("node-1");
  assert.equal(was.components.program, sha384(current));
  assert.match(was.address ?? "", /^localhost:\d+$/);
  await upgrade();
  await sign("after");
  assert.deepEqual([(await nodeOf("node-1")).stream, (await nodeOf("node-1")).running], [was.stream, true]);
});

test("a node that is new runs the new program with the same packages, and the key is handed to it", async () => {
  await platform.office.keyNodes.create({ tag: "node-new" });
  const [former, fresh] = [await nodeOf("node-1"), await nodeOf("node-new")];
  assert.deepEqual(fresh.components, { ...former.components, program: sha384(next) });
  const group = (await treasury.client.keys.get({ id: key })).group;
  await treasury.client.keyGroups.propose(group.id, {
    change: { nodes: await streamsOf("node-1", "node-2", "node-new") },
  });
  const publicKey = (await treasury.client.keys.get({ id: key })).publicKey;
  const participants = [former.stream, fresh.stream];
  await treasury.client.keys.reshare(key, { epoch: 2, kind: "reshare", threshold: 2, participants });
  for (let i = 0; i < 240 && (await treasury.client.keys.get({ id: key })).attempt !== null; i++) await sleep(125);
  const moved = await treasury.client.keys.get({ id: key });
  assert.deepEqual([moved.publicKey, moved.epoch, moved.failure], [publicKey, 2, null]);
  assert.deepEqual(
    moved.participants.map(({ stream }) => stream),
    participants,
  );
  await sign("handed on");
});

test("a kept program that has changed is not started: it would be another node", async () => {
  const directory = path(platform.data, "key-nodes");
  const kept = await keptProgram({ directory, tag: "node-2", program: next });
  assert.equal(sha384(kept), sha384(current));
  assert.equal(readdirSync(path(directory, ".programs")).length, 2, "nodes share one copy of each");
  await platform.halt();
  appendFileSync(kept, "\n");
  await assert.rejects(keptProgram({ directory, tag: "node-2", program: next }), { code: "key-node.program" });
  await platform.start();
  assert.equal((await nodeOf("node-2")).running, false);
  assert.equal((await nodeOf("node-new")).running, true);
});
