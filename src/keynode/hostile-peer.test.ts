/** One of the signers is in hostile hands, with its keys and its share. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey, randomBytes } from "#crypto";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { keyId } from "../../test/support/keys.ts";
import { SALT } from "../../test/support/principals.ts";
import { act } from "../../test/support/stage.ts";
import { steal } from "../../test/support/stolen-node.ts";
import { fromHex, toBase64, toHex } from "../base/bytes.ts";
import { DAY, iso } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { decodePlain, encodePlain } from "../mpc/codec.ts";
import { hashOf } from "../mpc/hash.ts";
import { dkg } from "../mpc/keys/dkg.ts";
import type { Plain } from "../mpc/protocol.ts";
import { MAX_MESSAGES } from "../rules/key-messages.ts";
import { Outcome } from "../rules/key-request.ts";

const DIGEST = [{ kind: "digest", hex: "5f".repeat(32) }] as const;
const HOW = { within: 5_000, lane: "urgent" } as const;
const refusalOf = async (work: Promise<unknown>): Promise<Refusal | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      return error;
    },
  );

test("a wrong part is no signature, and its sender is kept out", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 5_000 });
  const [first, second, third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const stolen = await steal(fleet, second);
  t.after(() => stolen.close());
  // It takes part in making presignatures, as it should.
  stolen.peers.answer("sign", async (leader, body) => {
    const [, ids] = decodePlain(body) as [string, string[]];
    await stolen.pools.follow(leader, { key, epoch: 1, signers: [1, 2], path: [] }, ids);
    return encodePlain([new Uint8Array(32).fill(7)]);
  });
  const request = await fleet.request(key, DIGEST);
  const params = { request, signers: [1, 2], details: fleet.details };
  const ask = () => refusalOf(first.call("sign", params, request));
  const again = await ask();
  // It first has to learn that the process is another one.
  const refusal = again?.code === "peer.restarted" ? await ask() : again;
  assert.equal(refusal?.code, "keynode.signing");
  assert.deepEqual(refusal?.details.nodes, [second.id]);
  const { peers } = await first.call("status", {});
  assert.equal(peers.find(({ node }) => node === second.id)?.banned, true);
  const [led] = await Promise.all(
    [first, third].map((node) => node.call("sign", { ...params, signers: [1, 3] }, request)),
  );
  assert.ok(led?.detail, "the others sign without it");
});

test("nobody but the leader gets a part, and only for what was judged", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 1_500 });
  const [first, second, third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const stolen = await steal(fleet, third);
  t.after(() => stolen.close());
  const said = async (work: Promise<unknown>) => (await refusalOf(work))?.details.code;
  const ask = (body: Plain) => said(stolen.peers.ask(second.id, "sign", encodePlain(body), HOW));
  for (const body of ["nonsense", [1, 2], ["name", [1]], ["name"], { name: "name" }] as Plain[])
    assert.equal(await ask(body), "keynode.signers");
  const ids = (count: number) => Array.from({ length: count }, () => "11".repeat(32));
  // Longer than for the most messages that a request can have: it is not even read.
  assert.equal(await ask(["name", ids(8_000)]), "keynode.signers");
  const call = encodePlain([new Uint8Array(32), "key".repeat(1_000), 1, [1, 2], [], 1, "urgent"]);
  assert.equal(await said(stolen.peers.ask(second.id, "presign", call, HOW)), "peer.malformed");
  for (const named of [[], ids(MAX_MESSAGES)])
    assert.equal(await ask(["what nobody has judged", named]), "keynode.unreachable");

  // The second has agreed to sign with the first, who has not asked yet.
  const request = await fleet.request(key, DIGEST);
  const params = { request, signers: [1, 2], details: fleet.details };
  const waiting = refusalOf(second.call("sign", params, request));
  const name = await first.call("show", {}, request).then(() => fleet.meetingOf(request, [1, 2]));
  assert.equal(await ask([name, ["11".repeat(32)]]), "keynode.signers");
  await stolen.peers.tell(second.id, "sign-over", encodePlain(name), HOW);
  const led = await first.call("sign", params, request);
  assert.ok(led.detail, "the leader is not kept from it");
  assert.equal(await waiting, undefined);
});

test("what one of them refuses another with is nobody's own refusal, and the others sign", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 1_500 });
  const [first, second, third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const stolen = await steal(fleet, second);
  t.after(() => stolen.close());
  const lie = async () => {
    throw new Refusal("keynode.policy", 403, { reason: "forbidden by you", policies: [] }, "no");
  };
  for (const topic of ["sign", "presign"]) stolen.peers.answer(topic, lie);
  const request = await fleet.request(key, DIGEST);
  const params = { request, details: fleet.details };
  const ask = () => refusalOf(first.call("sign", { ...params, signers: [1, 2] }, request));
  const again = await ask();
  const refusal = again?.code === "peer.restarted" ? await ask() : again;
  assert.deepEqual([refusal?.code, refusal?.details], ["peer.refused", { node: second.id, code: "keynode.policy" }]);
  const [led] = await Promise.all(
    [first, third].map((node) => node.call("sign", { ...params, signers: [1, 3] }, request)),
  );
  assert.ok(led?.detail);
});

test("names nobody on the ledger by the word of another", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const [first, second, third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("SM2", 2);
  const stolen = await steal(fleet, second);
  t.after(() => stolen.close());
  await Promise.all([first, third].map((node) => node.call("show", {}, key)));
  await Promise.all([first, third].map(({ id }) => stolen.peers.reach(id, 20_000)));
  const lie = async (from: string) => {
    const nodes = [from === first.id ? third.id : first.id];
    throw new Refusal("run.aborted", 502, { run: "", check: "dkg.proof", nodes }, "no");
  };
  for (const topic of ["pair-make", "pair-begin", "pair-same"]) stolen.peers.answer(topic, lie);
  const { group, scheme, attempt } = fleet.keyOf(key);
  assert.ok(attempt);
  const { request, kind, epoch, threshold, participants } = attempt;
  const run = toHex(randomBytes(32));
  // It takes part in the run whose result the others then multiply, each with each.
  const terms = {
    id: hashOf("entente key node run/1", key, fromHex(run), ""),
    binding: hashOf(
      "entente key node make/2",
      ...[key, group, scheme, request, kind, epoch, threshold, [...participants], []],
    ),
    parties: new Map(participants.map((node, place) => [place + 1, node])),
  };
  const joined = stolen.runs.run(dkg, terms, { scheme: "SM2", threshold });
  const params = { key, run, details: fleet.details };
  const made = await Promise.all([first, third].map((node) => refusalOf(node.call("make", params, key))));
  await joined;
  assert.deepEqual(
    made.map((refusal) => refusal?.details),
    [1, 2].map(() => ({ node: second.id, code: "run.aborted" })),
  );
});

test("an export that a follower spoils is done by others, and by the same leader", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const [first, second, third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const recipient = toBase64(generateKey("X25519").publicKey.spki);
  const ask = () =>
    act(fleet.stage, fleet.administrators[0], "key-request.founded", "", {
      ...{ id: keyId("R"), key, action: "export", count: 0, expires: iso(fleet.clock.now() + DAY), recipient },
      detail: fleet.keep({ salt: SALT, messages: [], note: "" }),
    });
  const request = await ask();
  const params = { request, details: fleet.details };
  const lead = () => first.call("sign", { ...params, signers: [1, 2] }, request);
  const stolen = await steal(fleet, second);
  t.after(() => stolen.close());
  const answer = (length: number) =>
    stolen.peers.answer("sign", async () => encodePlain([new Uint8Array(length).fill(7)]));

  // What is sealed nobody but the recipient can look into.
  answer(400);
  if ((await refusalOf(lead()))?.code === "peer.restarted") await lead();
  const [led] = await Promise.all(
    [first, third].map((node) => node.call("sign", { ...params, signers: [1, 3] }, request)),
  );
  const { shares } = Outcome.parse(led?.detail) as { shares: { index: number }[] };
  assert.deepEqual(
    shares.map(({ index }) => index),
    [1, 3],
  );

  const other = await ask();
  for (const length of [9_000, 0]) {
    answer(length);
    const refusal = await refusalOf(first.call("sign", { ...params, request: other, signers: [1, 2] }, other));
    assert.deepEqual([refusal?.code, refusal?.details.nodes], ["keynode.signing", [second.id]]);
  }
});
