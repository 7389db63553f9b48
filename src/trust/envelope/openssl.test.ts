/** What OpenSSL makes is taken, and what is sealed OpenSSL can open with nothing but docs/protocols/envelope.md. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createDecipheriv, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Bytes, concat, fromHex, toHex, utf8 } from "../../base/bytes.ts";
import { tlv } from "../crypto/der.ts";
import { publicKeyFromRaw } from "../crypto/encoding.ts";
import { keyFromPem, publicKeyToPem } from "../keys.ts";
import { headerOf, openBytes, sealBytes } from "./envelope.ts";
import { receiverKey } from "./recipient.ts";
import { sm2Wrap } from "./sm2.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-"));
after(() => rmSync(directory, { recursive: true }));

const file = (name: string, content: string | Uint8Array = "") => {
  const path = join(directory, name);
  if (content.length > 0) writeFileSync(path, content);
  return path;
};
const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
const opensslKey = (name: string, ...args: string[]) => {
  const [key, pub] = [file(`${name}.key`), file(`${name}.pub`)];
  openssl("genpkey", "-out", key, ...args);
  openssl("pkey", "-in", key, "-pubout", "-out", pub);
  return { path: key, key: readFileSync(key, "utf8"), pub: readFileSync(pub, "utf8") };
};
const ec = (curve: string) => ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`];
const rsa = (bits: number) => ["-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${bits}`];

const CONTEXT = { stream: "ab".repeat(32), purpose: "result" };
const CONTENT = utf8("the result");

/** The only frame of a small envelope, and what it is bound to. */
const frameOf = (envelope: Uint8Array) => {
  const end = 10 + new DataView(envelope.buffer).getUint32(6);
  return { preamble: envelope.slice(0, end), sealed: envelope.slice(end + 4) };
};

/** Opens the body of a small envelope by node:crypto alone. */
const openA256gcm = (envelope: Uint8Array, key: Uint8Array, prefix: Uint8Array) => {
  const { preamble, sealed } = frameOf(envelope);
  const decipher = createDecipheriv("aes-256-gcm", key, concat(prefix, fromHex("0000000001")));
  decipher.setAAD(createHash("sha256").update(preamble).digest());
  decipher.setAuthTag(sealed.subarray(-16));
  return concat(decipher.update(sealed.subarray(0, -16)), decipher.final());
};

test("openssl unwraps RSA-OAEP-256", async () => {
  const { path, key, pub } = opensslKey("rsa", ...rsa(2048));
  const envelope = await sealBytes(CONTENT, { to: receiverKey(pub), context: CONTEXT });
  const { wrapped, nonce } = await headerOf([envelope]);
  const oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"].flatMap((o) => ["-pkeyopt", o]);
  const dek = openssl("pkeyutl", "-decrypt", "-inkey", path, "-in", file("wrapped", wrapped), ...oaep);
  assert.deepEqual(openA256gcm(envelope, dek, nonce), CONTENT);
  assert.deepEqual(await openBytes(envelope, { key: keyFromPem(key, { accept: ["RSA"] }), context: CONTEXT }), CONTENT);
});

for (const [kind, wrap, args] of [
  ["P-256", "ECDH-ES-P256", ec("P-256")],
  ["X25519", "ECDH-ES-X25519", ["-algorithm", "X25519"]],
] as const) {
  test(`openssl derives the key of ${wrap}`, async () => {
    const { path, key, pub } = opensslKey(kind, ...args);
    const to = receiverKey(pub);
    const envelope = await sealBytes(CONTENT, { to, context: CONTEXT });
    const { epk = new Uint8Array(), nonce } = await headerOf([envelope]);
    const peer = file("peer", publicKeyToPem(publicKeyFromRaw(kind, epk)));
    const secret = openssl("pkeyutl", "-derive", "-inkey", path, "-peerkey", peer);
    const recipient = to.publicKey.spki.slice(-epk.length);
    const info = concat(
      utf8(`entente envelope v1\n${wrap}\nA256GCM\n`),
      utf8(`${JSON.stringify({ purpose: "result", stream: CONTEXT.stream })}\n`),
      epk,
      recipient,
    );
    const kdf = ["digest:SHA256", `hexkey:${secret.toString("hex")}`, `hexinfo:${toHex(info)}`].flatMap((o) => [
      "-kdfopt",
      o,
    ]);
    const dek = openssl("kdf", "-keylen", "32", "-binary", ...kdf, "HKDF");
    assert.deepEqual(openA256gcm(envelope, dek, nonce), CONTENT);
    assert.deepEqual(
      await openBytes(envelope, { key: keyFromPem(key, { accept: [kind] }), context: CONTEXT }),
      CONTENT,
    );
  });
}

test("openssl unwraps SM2 and reads the SM4 body", async () => {
  const { path, key, pub } = opensslKey("sm2", ...ec("SM2"));
  // Often enough for coordinates with leading zeroes and with the highest bit set.
  for (let i = 0; i < 12; i++) {
    const envelope = await sealBytes(CONTENT, { to: receiverKey(pub), context: CONTEXT });
    const { wrapped, nonce, enc } = await headerOf([envelope]);
    assert.equal(enc, "SM4GCM");
    const dek = openssl("pkeyutl", "-decrypt", "-inkey", path, "-in", file("wrapped", wrapped));
    // GCM is counter mode from 2 on (SP 800-38D section 7.1); OpenSSL 3.0 has the one but not the other.
    const iv = `${toHex(nonce)}000000000100000002`;
    const sealed = file("sealed", frameOf(envelope).sealed.subarray(0, -16));
    assert.deepEqual(
      openssl("enc", "-d", "-sm4-ctr", "-K", dek.toString("hex"), "-iv", iv, "-in", sealed),
      Buffer.from(CONTENT),
    );
    assert.deepEqual(
      await openBytes(envelope, { key: keyFromPem(key, { accept: ["SM2"] }), context: CONTEXT }),
      CONTENT,
    );
  }
});

test("keys wrapped by openssl for SM2 are unwrapped, changed ones and foreign points are not", async () => {
  const { path, key: pem } = opensslKey("sm2-in", ...ec("SM2"));
  const key = keyFromPem(pem, { accept: ["SM2"] });
  const dek = fromHex("00112233445566778899aabbccddeeff");
  const none: Bytes = new Uint8Array(0);
  for (let i = 0; i < 12; i++) {
    const wrapped = openssl("pkeyutl", "-encrypt", "-inkey", path, "-in", file("dek", dek));
    assert.deepEqual(await sm2Wrap.unwrap(key, { wrapped: new Uint8Array(wrapped) }, none, 16), dek);
  }
  const wrapped = new Uint8Array(openssl("pkeyutl", "-encrypt", "-inkey", path, "-in", file("dek", dek)));
  for (let at = 0; at < wrapped.length; at++) {
    await assert.rejects(
      sm2Wrap.unwrap(key, { wrapped: wrapped.map((o, i) => (i === at ? o ^ 1 : o)) }, none, 16),
      `${at}`,
    );
  }
  // (1, 1) is on no SM2 curve; a library that multiplies it all the same gives the private key away.
  const one = tlv(0x02, Uint8Array.of(1));
  const octets = (length: number) => tlv(0x04, new Uint8Array(length));
  await assert.rejects(
    sm2Wrap.unwrap(key, { wrapped: tlv(0x30, one, one, octets(32), octets(16)) }, none, 16),
    /point/,
  );
});

test("receivers' keys are told apart, and unfit ones refused for what they are", () => {
  const wraps = {
    "RSA-OAEP-256": rsa(3072),
    "ECDH-ES-P256": ec("P-256"),
    "ECDH-ES-X25519": ["-algorithm", "X25519"],
    SM2: ["-algorithm", "SM2"],
  };
  for (const [wrap, args] of Object.entries(wraps)) {
    const { pub, key } = opensslKey(wrap, ...args);
    assert.equal(receiverKey(pub).wrap, wrap);
    assert.equal(receiverKey(pub.replaceAll("\n", "\r\n")).thumbprint, receiverKey(pub).thumbprint);
    assert.throws(() => receiverKey(key), { code: "receiver-key.private" });
    assert.throws(() => receiverKey(`${pub}${key}`), { code: "receiver-key.private" });
    assert.throws(() => receiverKey(`${pub}${pub}`), { code: "key.not-pem" });
  }
  const p256 = opensslKey("more", ...ec("P-256"));
  const sec1 = openssl("ec", "-in", p256.path).toString();
  const encrypted = openssl("pkey", "-in", p256.path, "-aes256", "-passout", "pass:secret").toString();
  for (const pem of [sec1, encrypted]) assert.throws(() => receiverKey(pem), { code: "receiver-key.private" });

  assert.throws(() => receiverKey(opensslKey("rsa1024", ...rsa(1024)).pub), {
    code: "receiver-key.rsa-size",
    details: { bits: 1024, least: 2048, most: 8192 },
  });
  for (const args of [ec("P-384"), ec("secp256k1"), ["-algorithm", "ED25519"], ["-algorithm", "X448"]]) {
    assert.throws(() => receiverKey(opensslKey("other", ...args).pub), { code: "key.kind" }, args.join());
  }
  const selfSigned = openssl("req", "-x509", "-key", p256.path, "-subj", "/CN=x").toString();
  for (const text of ["", "hello", selfSigned, p256.pub.replace("END", "ENT")]) {
    assert.throws(() => receiverKey(text), { code: "key.not-pem" });
  }
  const offCurve = publicKeyFromRaw("P-256", Uint8Array.of(4, ...new Uint8Array(64).fill(1)));
  assert.throws(() => receiverKey(publicKeyToPem(offCurve)), { code: "key.point" });
});
