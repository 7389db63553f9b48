import assert from "node:assert/strict";
import { test } from "node:test";
import { type RequestOptions, requestToBundle } from "../../test/support/request-bundle.ts";
import { act } from "../../test/support/stage.ts";
import { utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import type { RequestBundle } from "./bundle.ts";
import { explainRequest } from "./explain-request.ts";
import { requireTrusted } from "./trust.ts";
import { verifyAny, verifyBundle } from "./verify.ts";
import type { VerifiedRequest } from "./verify-request.ts";

const verify = (bytes: Uint8Array): VerifiedRequest => {
  const verified = verifyAny(bytes);
  assert.ok("request" in verified);
  return verified;
};
const refusedAs = (bytes: Uint8Array, code: string | RegExp) =>
  assert.throws(
    () => verifyAny(bytes),
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      if (typeof code === "string") assert.equal(error.code, code, error.message);
      else assert.match(error.code, code, error.message);
      assert.doesNotMatch(error.message, /\{\w+\}/, "every placeholder is filled");
      return true;
    },
  );
const refusedWith = async (options: RequestOptions, code: string) =>
  refusedAs((await requestToBundle(options)).bytes, code);

test("a bundle proves signatures of every scheme, over every kind of message that it signs", async () => {
  const digest = { kind: "digest", hex: "d".repeat(64) } as const;
  const message = { kind: "message", hex: "68656c6c6f" } as const;
  const schemes: KeyScheme[] = ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"];
  for (const scheme of schemes) {
    const ran = await requestToBundle({ scheme, messages: [digest, message] });
    const { messages, signers, approvals } = verify(ran.bytes);
    assert.deepEqual(
      messages?.map(({ signature }) => signature),
      ran.signatures,
      scheme,
    );
    assert.deepEqual(
      signers,
      ran.all.nodes.slice(0, 2).map(({ id }) => id),
    );
    assert.deepEqual(approvals, [ran.all.approvers[0].id]);
  }
});

test("of BIP 340 both points with one x are the same key", async () => {
  const { bundle } = await requestToBundle({ scheme: "SCHNORR_BIP340" });
  const shown = Object.values(bundle.details).find((text) => "signatures" in text);
  const publicKey = String(shown?.publicKey).replace(/^0[23]/, (parity) => (parity === "02" ? "03" : "02"));
  verify((await requestToBundle({ scheme: "SCHNORR_BIP340", outcome: { publicKey } })).bytes);
  await refusedWith({ outcome: { publicKey } }, "bundle.signature");
});

test("a signature of another message, or in another spelling, is refused", async () => {
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { signatures } = await requestToBundle();
  const [one = ""] = signatures;
  const high = one.slice(0, 64) + (n - BigInt(`0x${one.slice(64)}`)).toString(16).padStart(64, "0");
  for (const signature of [`${one.slice(0, -1)}${one.endsWith("0") ? "1" : "0"}`, high, "0".repeat(128)])
    await refusedWith({ outcome: { signatures: [signature] } }, "bundle.signature");
  await refusedWith(
    { messages: [{ kind: "digest", hex: "e".repeat(64) }], outcome: { signatures } },
    "bundle.signature",
  );
  await refusedWith({ outcome: { publicKey: `02${"b".repeat(64)}` } }, "bundle.signature");
  await refusedWith({ outcome: { signatures: [one, one] } }, "bundle.receipt");
});

test("what nodes had no right to do by the ledger as they had followed it is refused, and nothing that they had not seen yet", async () => {
  const later = (size: number) => ({ checkpoint: { size: size - 1, root: "0".repeat(64) } });
  await refusedWith({ completed: later }, "bundle.receipt");
  await refusedWith({ completed: () => ({ version: "0".repeat(64) }) }, "bundle.unlawful");
  const seen: RequestOptions["between"][] = [
    ({ all, id, stage }) => act(stage, all.requester, "key-request.withdrawn", id),
    ({ all, id, stage }) => act(stage, all.approvers[0], "key-request.refused", id),
    ({ all, key, stage }) => act(stage, all.administrators[0], "key.disabled", key),
    ({ all, key, stage }) => act(stage, all.administrators[0], "key.deletion-scheduled", key, { days: 7 }),
    async ({ all, stage }) => {
      const [first, second] = all.administrators;
      await act(stage, first, "key-group.change-proposed", all.group, { change: { requesters: [] } });
      const proposal = stage.world.streams.get(all.group)?.head;
      await act(stage, second, "key-group.change-approved", all.group, { proposal });
    },
  ];
  for (const between of seen) {
    await refusedWith({ between, sees: true }, "bundle.unlawful");
    verify((await requestToBundle({ between })).bytes);
  }
});

test("without its texts it still proves who did what, and no signature", async () => {
  const { bytes } = await requestToBundle({ withoutTexts: true });
  const verified = verify(bytes);
  assert.deepEqual([verified.messages, verified.details.size], [null, 0]);
  const found = explainRequest(verified, "en");
  assert.deepEqual([found.messages, found.request.note, found.key.alias], [null, null, null]);
});

test("a statement that was dropped or moved shows, and none is there that has nothing to do with it", async () => {
  const ran = await requestToBundle();
  const changed = (change: (bundle: { -readonly [K in keyof RequestBundle]: RequestBundle[K] }) => void) => {
    const bundle = structuredClone(ran.bundle);
    change(bundle);
    return utf8(canonical(bundle));
  };
  for (const i of ran.bundle.entries.keys())
    refusedAs(
      changed(({ entries }) => entries.splice(i, 1)),
      /^(bundle|stream|key|key-node|key-request|statement)\./,
    );
  refusedAs(
    changed((bundle) => {
      bundle.request = ran.key;
    }),
    "bundle.malformed",
  );
  refusedAs(utf8(canonical({ ...ran.bundle, task: ran.id })), "bundle.malformed");
  assert.throws(() => verifyBundle(ran.bytes), { code: "bundle.malformed" }, "it is about no task");
});

test("it is explained in both languages, and held to what is pinned", async () => {
  const { bytes, all, bundle } = await requestToBundle();
  const verified = verify(bytes);
  const found = explainRequest(verified, "en");
  assert.deepEqual([found.request.note, found.key.alias, found.request.count], ["工资", "treasury", 1]);
  assert.deepEqual(
    found.nodes.map(({ tag }) => tag),
    all.nodes.slice(0, 2).map(({ tag }) => tag),
  );
  assert.deepEqual(found.group.policies, [{ id: "all", text: "permit(principal, action, resource);" }]);
  const said = found.acts.map(({ text }) => text);
  for (const words of ["asked for the key", "asked for the use of the key", "approved the request"])
    assert.ok(said.includes(words), words);
  assert.match(found.checks.join("\n"), /1 signatures are the key's/);
  assert.match(found.notProven.join("\n"), /policies allowed it/);
  assert.match(explainRequest(verified, "zh-CN").checks.join("\n"), /签名均由该密钥/);
  const [node] = found.nodes;
  assert.ok(node);
  const pin = { provider: "simulated", measurement: node.measurement };
  requireTrusted(verified, { ledger: bundle.ledger, enclaves: [pin], providers: ["simulated"] });
  const other = { ...pin, measurement: "0".repeat(96) };
  assert.throws(() => requireTrusted(verified, { enclaves: [other] }), { code: "bundle.trust" });
  assert.throws(() => requireTrusted(verified, { providers: ["tdx"] }), { code: "bundle.trust" });
});
