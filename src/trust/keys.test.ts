import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { toBase64url } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import type { CurveKind } from "./crypto/crypto.ts";
import { secretOf } from "./crypto/encoding.ts";
import * as noble from "./crypto/noble.ts";
import * as node from "./crypto/node.ts";
import { KEY_KINDS, keyFromPem, keyToPem, publicKeyFromPem, publicKeyToPem, thumbprint } from "./keys.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-keys-"));
after(() => rmSync(directory, { recursive: true }));

const openssl = (args: string[], input = ""): string =>
  execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "pipe"] }).toString();

const GENERATE: Record<CurveKind, string[]> = {
  "P-256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  secp256k1: ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
  SM2: ["genpkey", "-algorithm", "SM2"],
  Ed25519: ["genpkey", "-algorithm", "ED25519"],
  X25519: ["genpkey", "-algorithm", "X25519"],
};
const KINDS = Object.keys(GENERATE) as CurveKind[];

for (const kind of KINDS) {
  describe(kind, () => {
    const pem = openssl(GENERATE[kind]);
    const options = { accept: KEY_KINDS };

    test("OpenSSL's files come back byte for byte", () => {
      const key = keyFromPem(pem, options);
      assert.equal(key.kind, kind);
      assert.equal(keyToPem(key), pem);
      const publicPem = openssl(["pkey", "-pubout"], pem);
      assert.deepEqual(publicKeyFromPem(publicPem), key.publicKey);
      assert.equal(publicKeyToPem(key.publicKey), publicPem);
    });

    test("OpenSSL reads ours, from either implementation", () => {
      for (const crypto of [node, noble]) {
        const key = crypto.generateKey(kind);
        const ours = keyToPem(key);
        assert.equal(openssl(["pkey", "-check"], ours).replace("Key is valid\n", ""), ours);
        assert.equal(openssl(["pkey", "-pubout"], ours), publicKeyToPem(key.publicKey));
      }
    });

    test("encrypted: OpenSSL opens ours, we open OpenSSL's, and no other passphrase does", () => {
      const passphrase = "口令 with a space";
      const key = keyFromPem(pem, options);
      const ours = keyToPem(key, passphrase);
      assert.match(ours, /BEGIN ENCRYPTED PRIVATE KEY/);
      assert.equal(openssl(["pkey", "-passin", `pass:${passphrase}`], ours), pem);
      const theirs = openssl(["pkcs8", "-topk8", "-passout", `pass:${passphrase}`], pem);
      assert.equal(keyToPem(keyFromPem(theirs, { ...options, passphrase })), pem);
      assert.throws(() => keyFromPem(theirs, options), hasCode("key.passphrase-needed"));
      for (const wrong of ["", "口令", `${passphrase} `]) {
        assert.throws(() => keyFromPem(theirs, { ...options, passphrase: wrong }), hasCode("key.passphrase"));
      }
    });
  });
}

test("what OpenSSL's traditional format holds is read: P-256 and secp256k1", () => {
  for (const curve of ["prime256v1", "secp256k1"]) {
    const sec1 = openssl(["ecparam", "-name", curve, "-genkey"]);
    assert.match(sec1, /EC PARAMETERS/);
    assert.equal(keyToPem(keyFromPem(sec1)), openssl(["pkcs8", "-topk8", "-nocrypt"], sec1));
  }
});

test("RSA keys are recognised where they are accepted", () => {
  const pem = openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
  const publicPem = openssl(["pkey", "-pubout"], pem);
  assert.equal(publicKeyToPem(keyFromPem(pem, { accept: ["RSA"] }).publicKey), publicPem);
  assert.equal(publicKeyFromPem(publicPem).kind, "RSA");
  assert.throws(
    () => keyFromPem(pem),
    refusal("key.kind", { found: "RSA", accepted: "P-256, Ed25519, secp256k1, SM2" }),
  );
});

test("a thumbprint is the SHA-256 of what openssl pkey -pubout -outform DER writes", () => {
  const pem = openssl(GENERATE["P-256"]);
  writeFileSync(join(directory, "key.pem"), pem);
  execFileSync("openssl", ["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der"], {
    cwd: directory,
  });
  const digest = execFileSync("openssl", ["dgst", "-sha256", "-r", "key.der"], { cwd: directory }).toString();
  assert.equal(thumbprint(keyFromPem(pem).publicKey), digest.slice(0, 64));
});

test("keys of other kinds are refused by name", () => {
  const others: [string, string[]][] = [
    ["P-384", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]],
    ["P-521", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]],
    ["Ed448", ["genpkey", "-algorithm", "ED448"]],
    ["X448", ["genpkey", "-algorithm", "X448"]],
    [
      "EC with explicit curve parameters",
      ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
    ],
  ];
  for (const [found, args] of others) {
    const pem = openssl(args);
    assert.throws(() => keyFromPem(pem), refusal("key.kind", { found }));
    assert.throws(() => publicKeyFromPem(openssl(["pkey", "-pubout"], pem)), refusal("key.kind", { found }));
  }
  const x25519 = publicKeyToPem(node.generateKey("X25519").publicKey);
  assert.throws(() => publicKeyFromPem(x25519, ["P-256"]), refusal("key.kind", { found: "X25519", accepted: "P-256" }));
});

test("what is no key, or the wrong half, is refused with a code", () => {
  const pem = openssl(GENERATE["P-256"]);
  const publicPem = openssl(["pkey", "-pubout"], pem);
  for (const text of [
    "",
    "hello",
    pem.slice(0, 100),
    pem + pem,
    pem.replace("MIG", "M?G"),
    pem.replaceAll("PRIVATE", "SECRET"),
  ]) {
    assert.throws(() => keyFromPem(text), hasCode("key.not-pem"), text);
  }
  assert.throws(() => keyFromPem(publicPem), hasCode("key.public-given"));
  assert.throws(() => publicKeyFromPem(pem), hasCode("key.private-given"));
  const compressed = openssl(["ec", "-pubout", "-conv_form", "compressed"], pem);
  assert.throws(() => publicKeyFromPem(compressed), hasCode("key.malformed"));
  const old = openssl(["ec", "-aes256", "-passout", "pass:secret"], pem);
  assert.throws(() => keyFromPem(old, { passphrase: "secret" }), hasCode("key.protection"));
  const sha1 = openssl(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1", "-passout", "pass:x"], pem);
  assert.throws(() => keyFromPem(sha1, { passphrase: "x" }), hasCode("key.protection"));
  const triple = openssl(["pkcs8", "-topk8", "-v2", "des3", "-passout", "pass:x"], pem);
  assert.throws(() => keyFromPem(triple, { passphrase: "x" }), hasCode("key.protection"));
});

test("CRLF, text around the block and lost line ends do no harm", () => {
  const pem = openssl(GENERATE.Ed25519);
  const expected = keyToPem(keyFromPem(pem));
  assert.equal(keyToPem(keyFromPem(pem.replaceAll("\n", "\r\n"))), expected);
  assert.equal(keyToPem(keyFromPem(`Bag Attributes\n  friendlyName: x\n${pem}\nthe end`)), expected);
});

test("every changed or missing byte of a private key is refused or gives another valid key, and no error shows any of it", () => {
  const key = node.generateKey("P-256");
  const der = key.pkcs8();
  const secret = toBase64url(secretOf(key));
  for (let at = 0; at < der.length; at++) {
    for (const changed of [der.map((octet, i) => (i === at ? octet ^ 1 : octet)), der.slice(0, at)]) {
      const pem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(changed).toString("base64")}\n-----END PRIVATE KEY-----\n`;
      try {
        keyFromPem(pem);
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        const shown = error.message + JSON.stringify(error.details);
        assert.ok(!shown.includes(secret.slice(0, 8)));
        assert.ok(shown.length < 400);
      }
    }
  }
});

test("a file that asks for too many rounds of key derivation is refused before any is made", () => {
  const pem = keyToPem(node.generateKey("Ed25519"), "x");
  const hex = Buffer.from(pem.replace(/-----[^-]+-----|\n/g, ""), "base64").toString("hex");
  const changed = Buffer.from(hex.replace("02030927c0", "02037fffff"), "hex").toString("base64");
  const file = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${changed}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  const found = "PBKDF2 with 8388607 iterations";
  assert.throws(() => keyFromPem(file, { passphrase: "x" }), refusal("key.protection", { found }));
});

const hasCode = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

const refusal = (code: string, details: Record<string, string>) => (error: unknown) => {
  assert.ok(error instanceof Refusal);
  assert.equal(error.code, code);
  assert.deepEqual({ ...error.details, ...details }, error.details);
  return true;
};
