/** Keys that nobody holds, on a platform with three key nodes: made, approved, signed with, imported, handed on. */
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generateKey, randomBytes } from "#crypto";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { verifyAny } from "../../src/evidence/verify.ts";
import { keyGroup } from "../../src/rules/key-group.ts";
import { streamOf } from "../../src/rules/world.ts";
import { replayStreams } from "../../src/sdk/replay-streams.ts";
import {
  approveChange,
  approveRequest,
  approveReshare,
  awaitKey,
  awaitRequest,
  generateKey as generateShared,
  importKey,
  type NewKey,
  proposeChange,
  readRequest,
  requestSignatures,
  verifyKeyNode,
  verifySignatures,
} from "../../src/sdk/workflows/index.ts";
import { keyToPem, publicKeyToPem } from "../../src/trust/keys.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { keyNodeProcess } from "../support/key-node-process.ts";
import { join, type Member } from "../support/members.ts";

let platform: TestPlatform;
let treasury: Member;
let risk: Member;
let finance: Member;
let stranger: Member;
before(async () => {
  platform = await openPlatform({ settings: { "key-nodes": "3" } });
  const member = (name: string) => join(platform, name);
  [treasury, risk, finance, stranger] = await Promise.all([
    member("资金部"),
    member("风控部"),
    member("财务部"),
    member("路人"),
  ]);
});
after(() => platform.stop());

const ANY = { enclaves: "any" } as const;
const NODES = ["node-1", "node-2", "node-3"];
const EVERYTHING = "permit(principal, action, resource);";
/** Whatever is signed has two approvals; digests that nobody can read are never signed. */
const GUARDED = [
  { id: "make", text: 'permit(principal, action == Action::"createKey", resource);' },
  { id: "two", text: 'permit(principal, action == Action::"sign", resource) when { context.approvals >= 2 };' },
  { id: "seen", text: 'forbid(principal, action == Action::"sign", resource) when { context.purpose == "digest" };' },
];

const refused = (code: string) => (error: { code?: string }) => {
  assert.equal(error.code, code);
  return true;
};
const streamsOf = async (tags: readonly string[]) => {
  const { items } = await treasury.client.keyNodes.list({ pageSize: 100 });
  return tags.map((tag) => items.find((one) => one.tag === tag)?.stream ?? "").sort();
};
const found = async (
  policies: { id: string; text: string }[],
  { approvers = [], approvals = 1, tags = NODES }: { approvers?: Member[]; approvals?: number; tags?: string[] } = {},
) => {
  const { resource } = await treasury.client.keyGroups.create({
    nodes: await streamsOf(tags),
    administrators: [treasury.id, risk.id].sort(),
    approvals,
    requesters: [treasury.id],
    approvers: approvers.map(({ id }) => id).sort(),
    policies,
    detail: { name: "金库", description: "" },
  });
  return resource;
};
const make = async (group: string, change: Partial<NewKey> = {}) => {
  const key = { group, scheme: "ECDSA_K1" as const, threshold: 2, nodes: NODES, ...change };
  const { resource } = await generateShared(treasury.client, key, ANY);
  const made = await awaitKey(treasury.client, resource.id);
  assert.equal(made.state, "enabled", JSON.stringify(made.failure));
  return made;
};
const ask = async (key: string, ...texts: string[]) => {
  const messages = texts.map((text) => ({ kind: "message" as const, hex: toHex(utf8(text)) }));
  return (await requestSignatures(treasury.client, { key, messages }, platform.clock.now)).resource;
};
const sign = async (key: string, ...texts: string[]) => {
  const request = await ask(key, ...texts);
  const done = await awaitRequest(treasury.client, request.id);
  assert.equal(done.state, "completed", JSON.stringify(done.failures));
  assert.equal(verifySignatures(done).length, texts.length);
  return done;
};

describe("nodes", () => {
  test("three come with the platform, each attested and connected; anybody signed in reads what they said", async () => {
    const { items } = await stranger.client.keyNodes.list({});
    assert.deepEqual(
      items.map(({ tag, running, provider }) => [tag, running, provider]),
      NODES.map((tag) => [tag, true, "simulated"]),
    );
    const [node] = items;
    const { id, followed } = await verifyKeyNode(stranger.client, "node-1", ANY);
    assert.equal(id, node?.stream);
    assert.ok(followed.size > 0);
    await assert.rejects(verifyKeyNode(stranger.client, "node-1", { enclaves: [] }), refused("enclave.untrusted"));
  });

  test("one more is started with a store of its own; its tag is taken then, and comes back after a restart", async () => {
    await platform.office.keyNodes.create({ tag: "mappic234" });
    for (const [tag, code] of [
      ["mappic234", "id.taken"],
      ["a b", "request.invalid"],
    ] as const)
      await assert.rejects(platform.office.keyNodes.create({ tag }), refused(code));
    await assert.rejects(treasury.client.keyNodes.create({ tag: "mine" }), refused("permission.missing"));
    assert.ok(existsSync(`${platform.data}/key-nodes/mappic234`));
    await platform.halt();
    await platform.start();
    const { running } = await treasury.client.keyNodes.get({ id: "mappic234" });
    assert.equal(running, true);
  });
});

describe("keys and signatures", () => {
  test("who is in a group reads what its statements rest on, and checks each signature; nobody else does", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }], { approvers: [finance] });
    const key = await make(group.id);
    for (const { client } of [treasury, risk, finance]) {
      const world = await replayStreams(client, key.stream);
      assert.equal(streamOf(world, keyGroup, group.stream)?.state.id, group.id);
    }
    for (const id of [key.stream, group.stream, treasury.id])
      await assert.rejects(replayStreams(stranger.client, id), refused("stream.unknown"));
  });

  test("of every scheme: OpenSSL, or the field's own library, verifies what the nodes signed", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }]);
    for (const scheme of ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"] as const) {
      const key = await make(group.id, { scheme, alias: `key-${scheme.replace("_", "-")}` });
      const done = await sign(key.id, "一", "二", "三");
      if (scheme !== "EDDSA_ED25519") continue;
      const publicKey = createPublicKey(key.publicKeyPem ?? "");
      assert.ok(verify(null, utf8("一"), publicKey, fromHex(done.signatures?.[0] ?? "")));
    }
    const listed = await treasury.client.keys.list({ tab: "requestable", group: group.id, scheme: "SM2" });
    assert.deepEqual(
      listed.items.map(({ alias, scheme }) => [alias, scheme]),
      [["key-SM2", "SM2"]],
    );
  });

  test("two of three sign while one node is down, and keys wait until enough of theirs are there", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }]);
    const key = await make(group.id);
    await sign(key.id, "before");
    process.kill(keyNodeProcess(platform, "node-2"), "SIGKILL");
    await sign(key.id, "while it is away");
    await sign(key.id, "when it is back");
  });

  test("nobody but those of the group sees it, its keys and its requests", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }]);
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    const request = await sign(key.id, "x");
    for (const look of [
      () => stranger.client.keyGroups.get({ id: group.id }),
      () => stranger.client.keys.get({ id: key.id }),
      () => stranger.client.keyRequests.get({ id: request.id }),
      () => stranger.client.keyRequests.bundle({ id: request.id }),
      () => stranger.client.streams.get({ id: key.stream }),
    ])
      await assert.rejects(look(), refused("stream.unknown"));
    assert.equal((await stranger.client.keys.list({})).total, 0);
    // An administrator that asks for nothing sees all of it.
    assert.equal((await risk.client.keyRequests.get({ id: request.id })).state, "completed");
  });
});

describe("approvals and policies", () => {
  test("two people approve what they have read; then it is signed, and the bundle proves it to anybody", async () => {
    const group = await found(GUARDED, { approvers: [risk, finance] });
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    const request = await ask(key.id, "付款 100");
    await sleep(500);
    for (const [member, state] of [
      [risk, "pending"],
      [finance, "completed"],
    ] as const) {
      const waiting = await member.client.keyRequests.list({ tab: "awaiting", group: group.id });
      assert.deepEqual(
        waiting.items.map(({ id }) => id),
        [request.id],
      );
      const { signed } = await readRequest(member.client, request.id);
      assert.deepEqual(signed.messages, [{ kind: "message", hex: toHex(utf8("付款 100")) }]);
      await approveRequest(member.client, request.id);
      const wait = state === "completed" ? 30_000 : 500;
      assert.equal((await awaitRequest(treasury.client, request.id, wait)).state, state);
    }
    assert.equal((await risk.client.keyRequests.list({ tab: "awaiting", group: group.id })).total, 0);
    const bundle = await (await treasury.client.keyRequests.bundle({ id: request.id })).bytes();
    const proved = verifyAny(bundle);
    assert.ok("request" in proved && proved.approvals.length === 2);
    const events = await finance.client.events.list({ tab: "handled", kind: "signature" });
    assert.equal(events.items[0]?.state, "succeeded");
    const detail = await finance.client.events.get({ id: events.items[0]?.id ?? "" });
    assert.equal(detail.request?.id, request.id);
  });

  test("what a policy forbids fails whoever approves it, with a code", async () => {
    const group = await found(GUARDED, { approvers: [risk, finance] });
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    const messages = [{ kind: "digest" as const, hex: toHex(randomBytes(32)) }];
    const { resource } = await requestSignatures(treasury.client, { key: key.id, messages }, platform.clock.now);
    const done = await awaitRequest(treasury.client, resource.id);
    assert.deepEqual([done.state, done.ended?.code], ["failed", "keynode.policy"]);
  });

  test("one approver's refusal ends a request; nobody approves its own, and no stranger anything", async () => {
    const group = await found(GUARDED, { approvers: [risk, finance, treasury] });
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    const request = await ask(key.id, "付款");
    await assert.rejects(treasury.client.keyRequests.approve(request.id, {}), refused("key.party"));
    await assert.rejects(stranger.client.keyRequests.approve(request.stream, {}), refused("stream.unknown"));
    const { resource } = await risk.client.keyRequests.refuse(request.id, {});
    assert.equal(resource.state, "refused");
    await assert.rejects(finance.client.keyRequests.approve(request.id, {}), refused("key-request.state"));
  });

  test("policies change when as many administrators agree as the group asks for, and are tried on the past before", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }], { approvals: 2 });
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    await sign(key.id, "before");
    const policies = [{ id: "none", text: 'permit(principal, action == Action::"createKey", resource);' }];
    const tried = await treasury.client.keyGroups.simulate({ id: group.id, policies, days: 1 });
    assert.deepEqual(
      tried.items.map(({ before, after, changed }) => [before, after, changed]),
      [["allowed", "denied", true]],
    );
    const shownTo = ({ client }: Member) => client.keyGroups.get({ id: group.id });
    const { resource } = await proposeChange(treasury.client, await shownTo(treasury), { policies });
    await sign(key.id, "not in effect yet");
    const proposal = resource.proposals[0]?.proposal ?? "";
    assert.equal((await risk.client.keyGroups.list({ tab: "awaiting" })).items[0]?.id, group.id);
    const shown = await shownTo(risk);
    const [open] = shown.proposals;
    assert(open);
    // What a server shows in place of what was proposed, or of what is: as if it changed less, or something else.
    for (const lie of [
      { proposals: [{ ...open, change: { approvals: 1 } }] },
      { proposals: [{ ...open, by: { ...open.by, id: risk.id } }] },
      { policies },
      { administrators: shown.administrators.slice(1) },
      { proposals: [] },
    ])
      await assert.rejects(
        approveChange(risk.client, { ...shown, ...lie }, proposal),
        refused("request.shown-otherwise"),
      );
    await approveChange(risk.client, shown, proposal);
    const request = await ask(key.id, "after");
    assert.equal((await awaitRequest(treasury.client, request.id)).state, "failed");
  });

  test("a policy with a mistake does not come to the ledger: it names the line", async () => {
    await assert.rejects(
      found([{ id: "bad", text: "permit(principal, action, resource)" }]),
      refused("policy.unreadable"),
    );
    await assert.rejects(
      found([{ id: "bad", text: "permit(principal, action, resource) when { context.nothing };" }]),
      refused("policy.invalid"),
    );
  });
});

describe("the life of a key", () => {
  test("disabled it signs nothing; enabled it does; scheduled for deletion it is asked for nothing", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }]);
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    await treasury.client.keys.disable(key.id, {});
    await assert.rejects(ask(key.id, "x"), refused("key.state"));
    await treasury.client.keys.enable(key.id, {});
    await sign(key.id, "x");
    const { resource } = await risk.client.keys.scheduleDeletion(key.id, { days: 7 });
    assert.equal(resource.state, "deletion-scheduled");
    await assert.rejects(ask(key.id, "x"), refused("key.state"));
    await risk.client.keys.cancelDeletion(key.id, {});
    assert.equal((await treasury.client.keys.list({ state: "disabled", group: group.id })).items[0]?.id, key.id);
  });

  test("its shares are made anew, and handed to other nodes: the public key stays", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }], { tags: [...NODES, "mappic234"], approvals: 2 });
    const key = await make(group.id, { scheme: "EDDSA_ED25519" });
    const streams = key.participants.map(({ stream }) => stream);
    const [fourth = ""] = await streamsOf(["mappic234"]);
    for (const [kind, threshold, participants] of [
      ["refresh", 2, streams],
      ["reshare", 3, [...streams.slice(1), fourth, streams[0] ?? ""]],
    ] as const) {
      const { resource } = await treasury.client.keys.reshare(key.id, {
        epoch: (await treasury.client.keys.get({ id: key.id })).epoch === 1 ? 2 : 3,
        ...{ kind, threshold, participants: [...participants] },
      });
      assert.equal(resource.attempt?.kind, kind);
      if (kind === "reshare") await agree(key.id);
      const changed = await until(
        () => treasury.client.keys.get({ id: key.id }),
        ({ attempt }) => attempt === null,
      );
      assert.deepEqual([changed.publicKey, changed.threshold, changed.failure], [key.publicKey, threshold, null]);
      await sign(key.id, kind);
    }
  });

  test("a private key is split where it is, and signs as before", async () => {
    const group = await found([{ id: "all", text: EVERYTHING }]);
    for (const [scheme, kind] of [
      ["ECDSA_K1", "secp256k1"],
      ["EDDSA_ED25519", "Ed25519"],
    ] as const) {
      const own = generateKey(kind);
      const key = { group: group.id, scheme, threshold: 2, nodes: NODES };
      const given = { pem: keyToPem(own, "a good passphrase"), passphrase: "a good passphrase" };
      const { resource } = await importKey(treasury.client, key, given, ANY);
      const made = await awaitKey(treasury.client, resource.id);
      assert.deepEqual(
        [made.state, made.origin, made.publicKeyPem],
        ["enabled", "imported", publicKeyToPem(own.publicKey)],
      );
      await sign(made.id, "as before");
    }
  });
});

/** By another administrator, to what is shown or to nothing. */
const agree = async (id: string) => {
  const shown = await risk.client.keys.get({ id });
  const { attempt } = shown;
  assert(attempt?.awaitsYou);
  for (const lie of [{ threshold: 2 }, { participants: attempt.participants.toReversed() }, { epoch: 9 }])
    await assert.rejects(
      approveReshare(risk.client, { ...shown, attempt: { ...attempt, ...lie } }),
      refused("request.shown-otherwise"),
    );
  await approveReshare(risk.client, shown);
};

const until = async <T>(look: () => Promise<T>, done: (found: T) => boolean): Promise<T> => {
  for (let i = 0; i < 240; i++) {
    const found = await look();
    if (done(found)) return found;
    await sleep(250);
  }
  return assert.fail("it did not come to that within a minute");
};
