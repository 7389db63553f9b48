/** Shares over their life: imported, renewed, handed to others, kept by others, handed out, erased. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { generateKey, randomBytes, sha256Hex } from "#crypto";
import { type HeldNode, type KeyNodes, openKeyNodes } from "../../test/support/keynodes.ts";
import { keyId } from "../../test/support/keys.ts";
import { requireOpenssl } from "../../test/support/openssl.ts";
import { createOrganisation, type Organisation } from "../../test/support/principals.ts";
import { act, found } from "../../test/support/stage.ts";
import { fromBase64, fromBase64url, fromHex, toBase64, toHex } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { replayable } from "../evidence/export.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import { dealKey } from "../mpc/keys/dealer.ts";
import { combineShares } from "../mpc/keys/export.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { epochOf } from "../rules/key-state.ts";
import { keyBackupContext, keyExportContext, keyRestoreContext, keyShareContext } from "../trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../trust/envelope/envelope.ts";
import { enclaveKey } from "../trust/envelope/recipient.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { publicOf } from "./make.ts";
import { schemeOf } from "./schemes.ts";

const DIGEST = "5f".repeat(32);
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      return error.code;
    },
  );
const signs = async (fleet: KeyNodes, key: string, signers: readonly number[], path?: readonly number[]) => {
  const request = await fleet.request(key, [{ kind: "digest", hex: DIGEST }], {}, path ? { path } : {});
  const { detail, statement } = await fleet.sign(request, signers);
  await fleet.stage.submit(statement);
  const { scheme, publicKey } = fleet.keyOf(key);
  const { signatures, publicKey: under } = detail as { signatures: string[]; publicKey: string };
  assert.ok(schemeOf(scheme).verify(fromHex(under), fromHex(DIGEST), fromHex(signatures[0] ?? "")));
  assert.equal(under === publicKey, path === undefined);
  return signatures[0] ?? "";
};
const made = async (t: TestContext, scheme: KeyScheme, options = {}) => {
  const fleet = await openKeyNodes(t, options);
  const key = await fleet.foundKey(scheme, 2, fleet.nodes.slice(0, 3));
  await fleet.make(key, fleet.nodes.slice(0, 3));
  return { fleet, key };
};
const reshare = (fleet: KeyNodes, key: string, kind: string, over: readonly HeldNode[], change: object = {}) =>
  act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: (epochOf(fleet.keyOf(key))?.epoch ?? 0) + 1, kind, threshold: 2 },
    ...{ participants: over.map(({ id }) => id), ...change },
  });

describe("a key that is imported", () => {
  /** As whoever has the private key splits it. */
  const split = (fleet: KeyNodes, scheme: KeyScheme, privateKey: Uint8Array) => {
    const curve = curveOf(CURVE_OF[scheme]);
    const { dealt, shares } = dealKey(curve, { scheme, threshold: 2, parties: [1, 2, 3] }, privateKey, randomBytes);
    const id = keyId("K");
    const sealed = Promise.all(
      fleet.nodes.map(async (node, place) => {
        const { statement } = await node.raw("identify", {});
        const { encryptionKey } = parseStatement(statement).statement.payload as Record<string, string>;
        return sealBytes(shares.get(place + 1) as Uint8Array, {
          to: enclaveKey(fromBase64(encryptionKey ?? "")),
          context: keyShareContext(fleet.requester.id, fleet.group, id, node.id, place + 1),
        });
      }),
    );
    return { id, dealt, sealed };
  };

  for (const scheme of ["ECDSA_K1", "EDDSA_ED25519", "SM2"] satisfies KeyScheme[])
    test(`of ${scheme} signs under its public key`, async (t) => {
      const fleet = await openKeyNodes(t);
      const { id, dealt, sealed } = split(fleet, scheme, Uint8Array.from([7, ...randomBytes(31)]));
      const envelopes = await sealed;
      const origin = {
        kind: "imported",
        publicKey: toHex(dealt.publicKey),
        commitments: dealt.commitments.map((point) => toHex(point)),
        shares: envelopes.map((envelope) => sha256Hex(envelope)),
      };
      const key = await fleet.foundKey(scheme, 2, fleet.nodes, { id, origin });
      const shareOf = (node: HeldNode) => toBase64(envelopes[fleet.nodes.indexOf(node)] ?? new Uint8Array());
      const [first] = fleet.nodes as [HeldNode];
      const another = {
        key,
        run: "11".repeat(32),
        details: fleet.details,
        share: toBase64(envelopes[1] ?? new Uint8Array()),
      };
      assert.equal(await codeOf(first.call("make", another, key)), "keynode.share", "another node's share");
      await fleet.make(key, fleet.nodes, (node) => ({ share: shareOf(node) }));
      const { status, publicKey } = fleet.keyOf(key);
      assert.deepEqual([status, publicKey], ["enabled", toHex(dealt.publicKey)]);
      const signature = await signs(fleet, key, [2, 3]);
      requireOpenssl(scheme, publicKey, DIGEST, signature);
    });

  test("is imported once: deleted, it does not come back from the same envelopes, whoever founds it", async (t) => {
    const fleet = await openKeyNodes(t, { patience: 3_000 });
    const { id, dealt, sealed } = split(fleet, "EDDSA_ED25519", randomBytes(32));
    const envelopes = await sealed;
    const origin = {
      kind: "imported",
      publicKey: toHex(dealt.publicKey),
      commitments: dealt.commitments.map((point) => toHex(point)),
      shares: envelopes.map((envelope) => sha256Hex(envelope)),
    };
    const key = await fleet.foundKey("EDDSA_ED25519", 2, fleet.nodes, { id, origin });
    const shareOf = (node: HeldNode) => toBase64(envelopes[fleet.nodes.indexOf(node)] ?? new Uint8Array());
    await fleet.make(key, fleet.nodes, (node) => ({ share: shareOf(node) }));
    const [administrator, other] = fleet.administrators;
    await act(fleet.stage, administrator, "key.deletion-scheduled", key, { days: 7 });
    fleet.clock.advance(8 * DAY);
    await found(fleet.stage, createOrganisation("路人", { at: fleet.clock.now() }));
    for (const node of fleet.nodes) await node.call("show", {}, key);
    const held = async (node: HeldNode) => (await node.raw("status", {})).keys;
    for (const node of fleet.nodes)
      for (let i = 0; (await held(node)) > 0; i++) {
        assert.ok(i < 200, "not erased");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    // They begin with an empty world, and are not shown the key that was.
    for (const node of fleet.nodes) await node.restart();

    const about = await Promise.all([key, fleet.group, other.id].map((stream) => replayable(fleet.ledger, stream)));
    const all = [...new Map(about.flat().map((one) => [one.index, one])).values()].sort((a, b) => a.index - b.index);
    const isOfKey = ({ statement, digest }: SignedStatement) => digest === key || statement.stream === key;
    const shown = all.filter(({ jws }) => !isOfKey(parseStatement(jws)));
    const [founding] = all.map(({ jws }) => parseStatement(jws)).filter(isOfKey);
    const again = async (node: HeldNode, by: Organisation) => {
      const jws = fleet.signedAs(by, "key.founded", "", founding?.statement.payload as object);
      const statements = [...shown, await fleet.goOn(jws)];
      const params = { key: parseStatement(jws).digest, run: "33".repeat(32), share: shareOf(node) };
      return codeOf(node.raw("make", { ...params, details: fleet.details }, statements));
    };
    const [first, second] = fleet.nodes as [HeldNode, HeldNode];
    assert.equal(await again(first, other), "envelope.context", "it was sealed for another's founding");
    fleet.clock.advance(1_000);
    assert.equal(await again(second, fleet.requester), "keynode.share", "it was taken before");
  });

  test("is not made of shares that do not fit its commitments", async (t) => {
    const fleet = await openKeyNodes(t);
    const [mine, other] = [
      split(fleet, "EDDSA_ED25519", randomBytes(32)),
      split(fleet, "EDDSA_ED25519", randomBytes(32)),
    ];
    const envelopes = await other.sealed;
    const origin = {
      kind: "imported",
      publicKey: toHex(mine.dealt.publicKey),
      commitments: mine.dealt.commitments.map((point) => toHex(point)),
      shares: envelopes.map((envelope) => sha256Hex(envelope)),
    };
    const key = await fleet.foundKey("EDDSA_ED25519", 2, fleet.nodes, { id: other.id, origin });
    for (const [i, node] of fleet.nodes.entries()) {
      const share = toBase64(envelopes[i] ?? new Uint8Array());
      const params = { key, run: "22".repeat(32), details: fleet.details, share };
      assert.equal(await codeOf(node.call("make", params, key)), "keynode.share");
    }
  });
});

describe("shares are made anew", () => {
  test("refreshed, then handed to others under another threshold; the old ones are erased", async (t) => {
    const { fleet, key } = await made(t, "ECDSA_R1", { nodes: 4 });
    const { publicKey } = fleet.keyOf(key);
    const [first, second, third, fourth] = fleet.nodes as [HeldNode, HeldNode, HeldNode, HeldNode];
    await reshare(fleet, key, "refresh", [first, second, third]);
    await fleet.make(key, [first, second, third]);
    await signs(fleet, key, [1, 2]);
    await reshare(fleet, key, "reshare", [fourth, second, third], { threshold: 3 });
    await signs(fleet, key, [1, 2]);
    await fleet.make(key);
    assert.equal(fleet.keyOf(key).publicKey, publicKey);
    assert.deepEqual(epochOf(fleet.keyOf(key))?.participants, [fourth.id, second.id, third.id]);
    await signs(fleet, key, [1, 2, 3]);
    const held = await first.call("status", {});
    await first.call("show", {}, key);
    assert.deepEqual([held.keys, (await first.call("status", {})).keys], [1, 0]);
  });

  test("only when enough administrators agree that others hold them", async (t) => {
    const administrators = { approvals: 2 };
    const { fleet, key } = await made(t, "EDDSA_ED25519", { nodes: 4, group: administrators });
    const [first, second, third, fourth] = fleet.nodes as [HeldNode, HeldNode, HeldNode, HeldNode];
    await reshare(fleet, key, "reshare", [second, third, fourth]);
    const params = { key, run: "33".repeat(32), details: fleet.details };
    for (const node of [first, fourth]) assert.equal(await codeOf(node.call("make", params, key)), "keynode.key");
    const { attempt } = fleet.keyOf(key);
    await act(fleet.stage, fleet.administrators[1], "key.reshare-approved", key, { request: attempt?.request });
    await fleet.make(key);
    await signs(fleet, key, [1, 3]);
  });

  test("for a node that has lost its own", async (t) => {
    const { fleet, key } = await made(t, "EDDSA_ED25519");
    const [first] = fleet.nodes as [HeldNode];
    await first.restart({ acceptLostStore: true });
    assert.equal((await first.call("status", {})).keys, 0);
    await reshare(fleet, key, "recover", fleet.nodes, { lost: [1] });
    await fleet.make(key);
    await signs(fleet, key, [1, 2]);
  });
});

test("child keys sign for themselves", async (t) => {
  const { fleet, key } = await made(t, "ECDSA_K1");
  await signs(fleet, key, [1, 2], [44, 60, 0]);
  const plain = await openKeyNodes(t);
  const sm2 = await plain.foundKey("SM2", 2);
  await plain.make(sm2);
  const request = await plain.request(sm2, [{ kind: "digest", hex: DIGEST }], {}, { path: [1] });
  assert.equal(await codeOf(plain.sign(request, [1, 2])), "keynode.key");
});

test("a hundred digests in one request", async (t) => {
  const { fleet, key } = await made(t, "ECDSA_K1");
  const messages = Array.from(
    { length: 100 },
    (_, i) => ({ kind: "digest", hex: i.toString(16).padStart(64, "0") }) as const,
  );
  const request = await fleet.request(key, messages);
  const { detail } = await fleet.sign(request, [1, 2]);
  const { signatures, publicKey } = detail as { signatures: string[]; publicKey: string };
  assert.ok(
    messages.every(({ hex }, i) =>
      schemeOf("ECDSA_K1").verify(fromHex(publicKey), fromHex(hex), fromHex(signatures[i] ?? "")),
    ),
  );
  assert.equal(new Set(signatures.map((signature) => signature.slice(0, 64))).size, messages.length, "a nonce each");
});

test("shares are kept by others, each by its own, and come back to the node that lost them", async (t) => {
  const recipients = Array.from({ length: 3 }, () => generateKey("X25519"));
  const { fleet, key } = await made(t, "EDDSA_ED25519");
  const [first, second] = fleet.nodes as [HeldNode, HeldNode];
  assert.equal(await codeOf(first.call("backup", { key }, key)), "keynode.backup");
  const backup = fleet.nodes
    .map(({ id }, i) => ({ node: id, recipient: toBase64(recipients[i]?.publicKey.spki ?? new Uint8Array()) }))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
  await act(fleet.stage, fleet.administrators[0], "key-group.change-proposed", fleet.group, { change: { backup } });
  const kept = await first.call("backup", { key }, key);
  const [recipient] = recipients;
  assert.ok(recipient);
  const share = await openBytes(fromBase64(kept.envelope), {
    key: recipient,
    context: keyBackupContext(key, kept.epoch, first.id),
  });
  await first.restart({ acceptLostStore: true });
  const request = await fleet.request(key, [{ kind: "digest", hex: DIGEST }]);
  const params = { request, signers: [1, 2], details: fleet.details };
  assert.equal(await codeOf(first.call("sign", params, request)), "keynode.not-held");
  const sealTo = async (node: HeldNode, secret: Uint8Array) => {
    const { statement } = await node.raw("identify", {});
    const { encryptionKey } = parseStatement(statement).statement.payload as Record<string, string>;
    const { store } = await node.raw("status", {});
    const context = keyRestoreContext(key, kept.epoch, node.id, store);
    return toBase64(await sealBytes(secret, { to: enclaveKey(fromBase64(encryptionKey ?? "")), context }));
  };
  const wrong = share.map((byte, i) => (i === 31 ? byte ^ 1 : byte));
  assert.equal(
    await codeOf(first.call("restore", { key, envelope: await sealTo(first, wrong) }, key)),
    "keynode.share",
  );
  const stolen = await sealTo(second, share);
  assert.notEqual(await codeOf(first.call("restore", { key, envelope: stolen }, key)), "done");
  const once = await sealTo(first, share);
  await first.call("restore", { key, envelope: once }, key);
  await signs(fleet, key, [1, 2]);
  // The server keeps the envelope: with it alone it can't lose the store again, and what was spent with it.
  await first.restart({ acceptLostStore: true });
  assert.notEqual(await codeOf(first.call("restore", { key, envelope: once }, key)), "done");
});

test("a key is handed out to whom its administrators name, where policies allow it", async (t) => {
  const recipient = generateKey("X25519");
  const { fleet, key } = await made(t, "ECDSA_K1");
  const founding = {
    ...{ id: keyId("R"), key, action: "export", count: 0, expires: new Date(fleet.clock.now() + DAY).toISOString() },
    recipient: toBase64(recipient.publicKey.spki),
    detail: fleet.keep({ salt: "A".repeat(22), messages: [], note: "" }),
  };
  const request = await act(fleet.stage, fleet.administrators[0], "key-request.founded", "", founding);
  const { statement, detail } = await fleet.sign(request, [1, 3]);
  await fleet.stage.submit(statement);
  const { shares } = detail as { shares: { index: number; envelope: string }[] };
  const opened = await Promise.all(
    shares.map(
      async ({ index, envelope }) =>
        [
          index,
          await openBytes(fromBase64url(envelope), { key: recipient, context: keyExportContext(request, 1, index) }),
        ] as const,
    ),
  );
  const curve = curveOf("secp256k1");
  const secret = combineShares(curve, publicOf(fleet.keyOf(key)), new Map(opened));
  const point = curve.encode(curve.multiplyBase(BigInt(`0x${toHex(secret)}`)));
  assert.equal(toHex(point), fleet.keyOf(key).publicKey);
});

test("a deleted key is erased when its days are over by the ledger and by the node's own clock", async (t) => {
  const { fleet, key } = await made(t, "EDDSA_ED25519");
  const [first] = fleet.nodes as [HeldNode];
  await act(fleet.stage, fleet.administrators[0], "key.deletion-scheduled", key, { days: 7 });
  await first.call("show", {}, key);
  assert.equal((await first.call("status", {})).keys, 1);
  fleet.clock.advance(8 * DAY);
  await first.call("sign", { request: key, signers: [1, 2], details: {} }).catch(() => undefined);
  assert.equal((await first.call("status", {})).keys, 1, "by its own clock alone it is not");
});
