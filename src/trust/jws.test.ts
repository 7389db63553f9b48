import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { CompactSign, compactVerify, importPKCS8, importSPKI } from "jose";
import vectors from "../../test/vectors/jws.json" with { type: "json" };
import { concat, fromBase64url, fromUtf8, toBase64url, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import type { SigningKind } from "./crypto/crypto.ts";
import { publicKeyFromRaw } from "./crypto/encoding.ts";
import * as noble from "./crypto/noble.ts";
import * as node from "./crypto/node.ts";
import { ALGORITHMS, MAX_PAYLOAD, parseJws, signJws, verifyJws } from "./jws.ts";
import { keyFromPem, keyToPem, publicKeyToPem, SIGNING_KINDS } from "./keys.ts";
import { createCa } from "./x509/issue.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-jws-"));
after(() => rmSync(directory, { recursive: true }));

const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] }).toString();

for (const vector of vectors) {
  test(vector.source, () => {
    const point = [fromBase64url(vector.x), ...(vector.y ? [fromBase64url(vector.y)] : [])];
    const raw = vector.kind === "P-256" ? concat(Uint8Array.of(4), ...point) : concat(...point);
    const key = publicKeyFromRaw(vector.kind as "P-256" | "Ed25519", raw);
    const jws = parseJws(vector.jws, null);
    verifyJws(jws, key);
    const input = utf8(vector.jws.slice(0, vector.jws.lastIndexOf(".")));
    assert.ok(noble.verify(key, input, jws.signature));
  });
}

describe("each algorithm", () => {
  for (const kind of SIGNING_KINDS) {
    test(`${ALGORITHMS[kind]}: signed, and verified by either implementation`, () => {
      const key = node.generateKey(kind);
      const jws = parseJws(signJws({ key, typ: "test+jws", kid: "医院", payload: "内容" }), "test+jws");
      assert.equal(jws.header.alg, ALGORITHMS[kind]);
      assert.equal(jws.header.kid, "医院");
      assert.equal(fromUtf8(jws.payload), "内容");
      verifyJws(jws, key.publicKey);
      const input = utf8(jws.text.slice(0, jws.text.lastIndexOf(".")));
      assert.ok(noble.verify(key.publicKey, input, jws.signature));
      assert.throws(() => verifyJws(jws, node.generateKey(kind).publicKey), hasCode("jws.signature"));
    });

    test(`${ALGORITHMS[kind]}: OpenSSL verifies ours`, () => {
      const key = node.generateKey(kind);
      const jws = parseJws(signJws({ key, typ: "test+jws", payload: "content" }), "test+jws");
      assert.match(
        opensslVerify(kind, publicKeyToPem(key.publicKey), jws.text, jws.signature),
        /Verifi(ed OK|cation Succ|cation succ)|Signature Verified Successfully/i,
      );
    });
  }

  for (const kind of ["P-256", "Ed25519"] as const) {
    test(`${ALGORITHMS[kind]}: jose verifies ours, and we verify jose's`, async () => {
      const key = node.generateKey(kind);
      const alg = ALGORITHMS[kind];
      const ours = signJws({ key, typ: "test+jws", payload: "content" });
      const { payload } = await compactVerify(ours, await importSPKI(publicKeyToPem(key.publicKey), alg));
      assert.equal(fromUtf8(payload), "content");
      const theirs = await new CompactSign(utf8("theirs"))
        .setProtectedHeader({ alg, typ: "test+jws" })
        .sign(await importPKCS8(keyToPem(key), alg));
      verifyJws(parseJws(theirs, "test+jws"), key.publicKey);
    });
  }

  test("SM2: we verify what OpenSSL signed", () => {
    const pem = execFileSync("openssl", ["genpkey", "-algorithm", "SM2"]).toString();
    writeFileSync(join(directory, "sm2.pem"), pem);
    const input = `${toBase64url(utf8('{"alg":"SM2"}'))}.${toBase64url(utf8("content"))}`;
    writeFileSync(join(directory, "sm2.txt"), input);
    openssl(
      "pkeyutl",
      "-sign",
      "-rawin",
      "-digest",
      "sm3",
      "-pkeyopt",
      "distid:1234567812345678",
      "-inkey",
      "sm2.pem",
      "-in",
      "sm2.txt",
      "-out",
      "sm2.sig",
    );
    const parsed = openssl("asn1parse", "-inform", "DER", "-in", "sm2.sig");
    const numbers = [...parsed.matchAll(/INTEGER\s+:([0-9A-F]+)/g)].map(([, hex = ""]) => hex.padStart(64, "0"));
    const jws = `${input}.${Buffer.from(numbers.join(""), "hex").toString("base64url")}`;
    verifyJws(parseJws(jws, null), keyFromPem(pem).publicKey);
  });
});

describe("one form only", () => {
  const key = node.generateKey("Ed25519");
  const good = signJws({ key, typ: "test+jws", payload: "content" });
  const [header = "", payload = "", signature = ""] = good.split(".");
  const withHeader = (text: string): string => {
    const input = `${toBase64url(utf8(text))}.${payload}`;
    return `${input}.${toBase64url(node.sign(key, utf8(input)))}`;
  };

  test("no changed character passes", () => {
    for (let at = 0; at < good.length; at++) {
      for (const character of ["A", "B", "-", ".", "=", " "]) {
        if (good[at] === character) continue;
        const changed = good.slice(0, at) + character + good.slice(at + 1);
        assert.throws(() => verifyJws(parseJws(changed, "test+jws"), key.publicKey), Refusal, changed);
      }
    }
  });

  test("wrong parts are refused with a code", () => {
    const malformed = [
      "",
      ".",
      "..",
      `${header}.${payload}`,
      `${good}.`,
      `${good}.x`,
      ` ${good}`,
      `${good}\n`,
      `${good}=`,
    ];
    malformed.push(`${header}.${payload}.${signature.slice(0, 40)}`, `${header}.${payload}.${signature}AAAA`);
    for (const text of malformed) {
      assert.throws(() => parseJws(text, "test+jws"), isOneOf("jws.malformed", "jws.header"), text);
    }
    // The last character of a 64-byte signature carries four unused bits.
    assert.throws(
      () => parseJws(`${good.slice(0, -1)}${next(good.at(-1) ?? "")}`, "test+jws"),
      hasCode("jws.malformed"),
    );
  });

  test("headers with other spellings, unknown members or foreign types are refused", () => {
    const headers = [
      '{"typ":"test+jws","alg":"EdDSA"}',
      '{"alg": "EdDSA","typ":"test+jws"}',
      '{"alg":"EdDSA","alg":"EdDSA","typ":"test+jws"}',
      '{"alg":"EdDSA","crit":["b64"],"typ":"test+jws"}',
      '{"alg":"EdDSA","b64":false,"typ":"test+jws"}',
      '{"alg":"EdDSA","jwk":{},"typ":"test+jws"}',
      '{"__proto__":{},"alg":"EdDSA","typ":"test+jws"}',
      '{"alg":"none","typ":"test+jws"}',
      '{"alg":"HS256","typ":"test+jws"}',
      '{"alg":["EdDSA"],"typ":"test+jws"}',
      '{"typ":"test+jws"}',
      '{"alg":"EdDSA"}',
      '{"alg":"EdDSA","typ":"other+jws"}',
      '{"alg":"EdDSA","typ":"test+jws","x5c":[]}',
      '{"alg":"EdDSA","typ":"test+jws","x5c":["AA"]}',
      '{"alg":"EdDSA","typ":"test+jws","x5c":"AAAA"}',
      "[]",
      "null",
      "",
      '{"alg":"EdDSA","typ":"test+jws"',
    ];
    for (const text of headers) {
      assert.throws(() => parseJws(withHeader(text), "test+jws"), isOneOf("jws.header", "jws.malformed"), text);
    }
    const notUtf8 = `${toBase64url(Uint8Array.of(0x7b, 0xff, 0x7d))}.${payload}.${signature}`;
    assert.throws(() => parseJws(notUtf8, "test+jws"), hasCode("jws.header"));
    assert.throws(() => parseJws(good, null), hasCode("jws.header"));
  });

  test("the algorithm has to be that of the key", () => {
    const kinds: readonly SigningKind[] = SIGNING_KINDS;
    for (const a of kinds) {
      for (const b of kinds.filter((kind) => kind !== a)) {
        const jws = parseJws(signJws({ key: node.generateKey(a), payload: "x" }), null);
        assert.throws(() => verifyJws(jws, node.generateKey(b).publicKey), hasCode("jws.algorithm"));
      }
    }
    const jws = parseJws(good, "test+jws");
    assert.throws(() => verifyJws(jws, node.generateKey("X25519").publicKey), hasCode("jws.algorithm"));
  });

  test("256 KiB of payload are accepted, one byte more is not", () => {
    const largest = signJws({ key, payload: new Uint8Array(MAX_PAYLOAD) });
    assert.equal(parseJws(largest, null).payload.length, MAX_PAYLOAD);
    assert.throws(() => signJws({ key, payload: new Uint8Array(MAX_PAYLOAD + 1) }), hasCode("jws.too-large"));
    const [h, , s] = largest.split(".");
    const larger = `${h}.${toBase64url(new Uint8Array(MAX_PAYLOAD + 1))}.${s}`;
    assert.throws(() => parseJws(larger, null), hasCode("jws.too-large"));
  });

  test("a certificate travels in the header", () => {
    const period = { notBefore: 0, notAfter: 1e12, serial: "01" };
    const { der } = createCa({ name: { commonName: "CA" }, key, ...period });
    const { x5c } = parseJws(signJws({ key, typ: "test+jws", x5c: [der], payload: "x" }), "test+jws").header;
    assert.deepEqual(x5c, [Buffer.from(der).toString("base64")]);
    assert.equal(canonical(parseJws(good, "test+jws").header), '{"alg":"EdDSA","typ":"test+jws"}');
  });
});

/** OpenSSL wants ECDSA and SM2 signatures in DER, which it makes itself from a description. */
const opensslVerify = (kind: SigningKind, pem: string, text: string, signature: Uint8Array): string => {
  const input = text.slice(0, text.lastIndexOf("."));
  writeFileSync(join(directory, "public.pem"), pem);
  writeFileSync(join(directory, "input.txt"), input);
  const hex = Buffer.from(signature).toString("hex");
  const description = `asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x${hex.slice(0, 64)}\ns=INTEGER:0x${hex.slice(64)}\n`;
  writeFileSync(join(directory, "signature.cnf"), description);
  if (kind === "Ed25519") writeFileSync(join(directory, "signature.der"), signature);
  else openssl("asn1parse", "-genconf", "signature.cnf", "-noout", "-out", "signature.der");
  const options = {
    Ed25519: ["-rawin"],
    SM2: ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"],
    "P-256": ["-rawin", "-digest", "sha256"],
    secp256k1: ["-rawin", "-digest", "sha256"],
  };
  return openssl(
    "pkeyutl",
    "-verify",
    "-pubin",
    "-inkey",
    "public.pem",
    "-in",
    "input.txt",
    "-sigfile",
    "signature.der",
    ...options[kind],
  );
};

/** The character whose six bits are one more, so that only unused bits change. */
const next = (character: string): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(character) + 1] ?? "A";
};

const hasCode = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;
const isOneOf =
  (...codes: string[]) =>
  (error: unknown) =>
    error instanceof Refusal && codes.includes(error.code);
