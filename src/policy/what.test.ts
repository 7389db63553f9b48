/** What is signed is what the node has computed: for every scheme and kind of message. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sm2 } from "sm-crypto-v2";
import {
  APPROVE,
  asked,
  COIN,
  call,
  digest,
  judged,
  message,
  permit,
  policies,
  SHOP,
  send,
  TRANSFER,
  typed,
} from "../../test/support/policies.ts";
import { concat, fromHex, toHex, utf8 } from "../base/bytes.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { personalDigest } from "./ethereum.ts";
import { simulate } from "./simulate.ts";
import { whatIs } from "./what.ts";

const SCHEMES: readonly KeyScheme[] = ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"];
const publicKey = fromHex(`02${"79".repeat(32)}`);

test("a digest is signed as it is, with every scheme", () => {
  for (const scheme of SCHEMES) assert.equal(toHex(whatIs({ scheme, publicKey }, digest(), 1).sign), "1".repeat(64));
});

test("a message is hashed as its scheme asks for", () => {
  const sign = (scheme: KeyScheme) => toHex(whatIs({ scheme, publicKey }, message("hello"), 1).sign);
  assert.equal(sign("ECDSA_K1"), toHex(personalDigest(utf8("hello"))));
  assert.equal(sign("ECDSA_R1"), createHash("sha256").update("hello").digest("hex"));
  assert.equal(sign("EDDSA_ED25519"), Buffer.from("hello").toString("hex"));
  assert.equal(sign("SCHNORR_BIP340"), Buffer.from("hello").toString("hex"));
});

test("a message for SM2: openssl verifies what is signed over its digest", () => {
  const { privateKey, publicKey: point } = sm2.generateKeyPairHex();
  const compressed = fromHex(sm2.compressPublicKeyHex(point));
  const { sign } = whatIs({ scheme: "SM2", publicKey: compressed }, message("hello"), 1);
  // Without hashing: the digest is what is signed.
  const signature = fromHex(sm2.doSignature(sign, privateKey, { der: true }));
  const spki = concat(fromHex("3059301306072a8648ce3d020106082a811ccf5501822d034200"), fromHex(point));
  const folder = mkdtempSync(join(tmpdir(), "entente-sm2-"));
  try {
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString("base64")}\n-----END PUBLIC KEY-----\n`;
    writeFileSync(join(folder, "key.pem"), pem);
    writeFileSync(join(folder, "message"), "hello");
    writeFileSync(join(folder, "signature"), signature);
    const file = (name: string) => join(folder, name);
    const args = [
      "pkeyutl",
      "-verify",
      "-pubin",
      "-inkey",
      file("key.pem"),
      "-rawin",
      "-digest",
      "sm3",
      "-in",
      file("message"),
      "-sigfile",
      file("signature"),
      "-pkeyopt",
      "distid:1234567812345678",
    ];
    assert.match(execFileSync("openssl", args, { encoding: "utf8" }), /Verified Successfully/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("transactions and typed data are Ethereum's: refused for keys of other curves", () => {
  for (const scheme of SCHEMES.slice(1))
    for (const one of [send(), typed()])
      assert.throws(
        () => whatIs({ scheme, publicKey }, one, 3),
        (error: Error & { code: string; details: object }) => {
          assert.equal(error.code, "policy.message");
          assert.deepEqual(
            { place: 3, scheme },
            { place: (error.details as { place: number }).place, scheme: (error.details as { scheme: string }).scheme },
          );
          return true;
        },
      );
});

test("the digest of a transaction, a message and typed data never is one of another kind's", () => {
  const key = { scheme: "ECDSA_K1", publicKey } as const;
  const { hex } = send() as { hex: string };
  const digests = [send(), { kind: "message", hex } as const, typed()].map((one) => toHex(whatIs(key, one, 1).sign));
  assert.equal(new Set(digests).size, 3);
});

test("a token's call with other arguments than its own is refused: a contract would pay all the same", () => {
  const arguments_ = call(TRANSFER, SHOP, 5n);
  const dirty = arguments_.replace("a9059cbb00", "a9059cbb01");
  for (const data of [`${arguments_}00`, arguments_.slice(0, -2), dirty, TRANSFER, `${APPROVE}00`])
    assert.throws(() => judged([permit("true")], asked({ messages: [send({ to: COIN, data })] })), {
      code: "policy.transaction",
    });
  // What creates a contract calls nothing.
  assert.ok(judged([permit("true")], asked({ messages: [send({ to: undefined, data: `${arguments_}00` })] })).allowed);
});

test("a simulation says what other policies would have said, each by its own account", () => {
  const day = (n: number) => Date.parse("2026-11-10T12:00:00Z") + n * 3_600_000;
  const past = [
    asked({ request: "c", time: day(2) }),
    asked({ request: "a", time: day(0) }),
    asked({ request: "b", time: day(1), messages: [digest()] }),
    asked({ request: "d", time: day(3), messages: [{ kind: "transaction", hex: "02c0" }] }),
    asked({ request: "e", time: day(50) }),
  ];
  const before = policies(permit("true"));
  const after = policies(
    permit('context.purpose == "transaction" && context.spent.day.valueGwei <= 1000000000'),
    "forbid(principal, action, resource) when { context.approvals > 99 };",
  );
  assert.deepEqual(
    simulate(before, after, past).map(({ request, before: was, after: is, changed }) => [
      request,
      was.allowed,
      is.allowed,
      changed,
      is.policies,
      is.code,
    ]),
    [
      ["a", true, true, false, ["p1"], undefined],
      ["b", true, false, true, [], undefined],
      ["c", true, false, true, [], undefined],
      ["d", false, false, false, [], "policy.transaction"],
      ["e", true, true, false, ["p1"], undefined],
    ],
  );
  assert.deepEqual(
    past.map(({ request }) => request),
    ["c", "a", "b", "d", "e"],
  );
});

test("ECDSA and SM2 are given 32 bytes to sign, and nothing else", () => {
  for (const scheme of ["ECDSA_K1", "ECDSA_R1", "SM2"] as const)
    for (const bytes of [0, 31, 33, 64])
      assert.throws(() => whatIs({ scheme, publicKey }, { kind: "digest", hex: "ab".repeat(bytes) }, 1), {
        code: "policy.message",
      });
});
