import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import vectors from "../../../test/vectors/crypto.json" with { type: "json" };
import { type Bytes, concat, fromHex, toHex, utf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import type { AgreementKind, Crypto, CurveKind, SigningKind } from "./crypto.ts";
import { privateKeyFromRaw, publicKeyFromRaw, rawFromPublicKey, secretOf } from "./encoding.ts";
import * as noble from "./noble.ts";
import * as node from "./node.ts";

const implementations: Record<string, Crypto> = { node, noble };
const SIGNING: readonly SigningKind[] = ["P-256", "Ed25519", "secp256k1", "SM2"];
const ALL: readonly CurveKind[] = [...SIGNING, "X25519"];
const message = utf8("what is signed");

for (const [name, crypto] of Object.entries(implementations)) {
  describe(name, () => {
    test("digests of the standards", () => {
      const { hashes } = vectors;
      const data = utf8(hashes.message);
      for (const algorithm of ["sha256", "sha384", "sha512", "sm3"] as const) {
        assert.equal(toHex(crypto[algorithm](data)), hashes[algorithm]);
      }
      assert.equal(crypto.sha256Hex(hashes.message), hashes.sha256);
      assert.equal(crypto.sha256Hex(data), hashes.sha256);
      assert.equal(crypto.sha256Hex("医院"), crypto.sha256Hex(utf8("医院")));
    });

    test("HMAC, HKDF and PBKDF2 of the standards", () => {
      const { hmac, hkdf, pbkdf2 } = vectors;
      assert.equal(toHex(crypto.hmacSha256(fromHex(hmac.key), fromHex(hmac.data))), hmac.out);
      const [secret, salt, info] = [fromHex(hkdf.secret), fromHex(hkdf.salt), fromHex(hkdf.info)];
      assert.equal(toHex(crypto.hkdfSha256(secret, salt, info, 42)), hkdf.out);
      const derived = crypto.pbkdf2Sha256(fromHex(pbkdf2.password), fromHex(pbkdf2.salt), pbkdf2.iterations, 64);
      assert.equal(toHex(derived), pbkdf2.out);
    });

    test("AES-256-GCM of its authors; no changed bit opens", () => {
      const v = vectors.aes256gcm;
      const [key, nonce, aad, data] = [fromHex(v.key), fromHex(v.nonce), fromHex(v.aad), fromHex(v.data)];
      const sealed = crypto.aes256gcm.seal(key, nonce, aad, data);
      assert.equal(toHex(sealed), v.sealed);
      assert.deepEqual(crypto.aes256gcm.open(key, nonce, aad, sealed), data);
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        assert.equal(crypto.aes256gcm.open(key, nonce, aad, flip(sealed, bit)), undefined);
      }
      assert.equal(crypto.aes256gcm.open(key, nonce, flip(aad, 3), sealed), undefined);
      assert.equal(crypto.aes256gcm.open(key, nonce, aad, sealed.subarray(0, 15)), undefined);
      const empty = crypto.aes256gcm.seal(key, nonce, aad, new Uint8Array());
      assert.equal(crypto.aes256gcm.open(key, nonce, aad, empty)?.length, 0);
    });

    for (const v of vectors.signatures) {
      const kind = v.kind as SigningKind;
      test(`signature: ${v.source}`, () => {
        const [data, signature] = [fromHex(v.message), fromHex(v.signature)];
        assert.equal(toHex(crypto.rawPublicKey(kind, fromHex(v.secret))), v.public);
        const publicKey = publicKeyFromRaw(kind, fromHex(v.public));
        assert.ok(crypto.isValidPublicKey(publicKey));
        assert.ok(crypto.verify(publicKey, data, signature));
        for (let bit = 0; bit < 512; bit += 37) assert.ok(!crypto.verify(publicKey, data, flip(signature, bit)));
        assert.ok(!crypto.verify(publicKey, flip(data, 0), signature));
      });
    }

    for (const v of vectors.agreements) {
      const kind = v.kind as AgreementKind;
      test(`key agreement: ${v.source}`, () => {
        const secret = fromHex(v.secret);
        const key = privateKeyFromRaw(kind, secret, crypto.rawPublicKey(kind, secret));
        assert.equal(toHex(crypto.ecdh(key, publicKeyFromRaw(kind, fromHex(v.peer)))), v.shared);
      });
    }

    for (const kind of ALL) {
      test(`fresh ${kind} keys differ, and their halves belong together`, () => {
        const [a, b] = [crypto.generateKey(kind), crypto.generateKey(kind)];
        assert.notDeepEqual(a.publicKey, b.publicKey);
        assert.deepEqual(crypto.rawPublicKey(kind, secretOf(a)), rawFromPublicKey(a.publicKey));
        assert.ok(crypto.isValidPublicKey(a.publicKey));
      });
    }

    for (const kind of ["P-256", "secp256k1", "SM2"] as const) {
      test(`${kind}: no zero, no order as a secret; no point off the curve; no zero in a signature`, () => {
        assert.throws(() => crypto.rawPublicKey(kind, new Uint8Array(32)));
        assert.throws(() => crypto.rawPublicKey(kind, new Uint8Array(32).fill(255)));
        const key = crypto.generateKey(kind);
        const off = publicKeyFromRaw(kind, flip(rawFromPublicKey(key.publicKey), 64 * 8));
        assert.ok(!crypto.isValidPublicKey(off));
        const signature = crypto.sign(key, message);
        assert.ok(!crypto.verify(off, message, signature));
        const half = new Uint8Array(32);
        assert.ok(!crypto.verify(key.publicKey, message, concat(half, signature.subarray(32))));
        assert.ok(!crypto.verify(key.publicKey, message, concat(signature.subarray(0, 32), half)));
        assert.ok(!crypto.verify(key.publicKey, message, signature.subarray(1)));
        assert.ok(!crypto.verify(key.publicKey, message, concat(signature, half)));
      });
    }

    test("SM2: the hundredth verification with a key says what the first said", () => {
      const key = crypto.generateKey("SM2");
      const signature = crypto.sign(key, message);
      for (let i = 0; i < 30; i++) {
        assert.ok(crypto.verify(key.publicKey, message, signature));
        assert.ok(!crypto.verify(key.publicKey, message, flip(signature, i)));
      }
    });

    test("X25519 with a point of small order is refused", () => {
      const key = crypto.generateKey("X25519");
      const zero = publicKeyFromRaw("X25519", new Uint8Array(32));
      assert.throws(() => crypto.ecdh(key, zero), hasCode("key.point"));
      assert.throws(() => crypto.ecdh(key, crypto.generateKey("P-256").publicKey), TypeError);
    });

    test("a key's secret shows in no printed form", () => {
      const key = crypto.generateKey("P-256");
      assert.ok(!JSON.stringify(key).includes(toHex(secretOf(key))));
      assert.deepEqual(Object.keys(key).sort(), ["kind", "publicKey"]);
    });

    test("200,000 random bytes come, and not twice the same", () => {
      const bytes = crypto.randomBytes(200_000);
      assert.equal(bytes.length, 200_000);
      assert.ok(bytes.subarray(199_000).some((octet) => octet !== 0));
      assert.notDeepEqual(crypto.randomBytes(32), crypto.randomBytes(32));
    });
  });
}

test("what one signs the other verifies", () => {
  for (const [signer, verifier] of [
    [node, noble],
    [noble, node],
  ] as const) {
    for (const kind of SIGNING) {
      const key = signer.generateKey(kind);
      for (let i = 0; i < 8; i++) {
        const data = utf8(`${kind} ${i}`);
        assert.ok(verifier.verify(key.publicKey, data, signer.sign(key, data)), kind);
      }
    }
  }
});

test("ECDSA: both take s and n - s alike", () => {
  const orders = {
    "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  };
  for (const kind of ["P-256", "secp256k1"] as const) {
    const key = node.generateKey(kind);
    const signature = node.sign(key, message);
    const s = orders[kind] - BigInt(`0x${toHex(signature.subarray(32))}`);
    const other = concat(signature.subarray(0, 32), fromHex(s.toString(16).padStart(64, "0")));
    for (const crypto of [node, noble]) assert.ok(crypto.verify(key.publicKey, message, other), kind);
  }
});

/** Signatures that implementations of Ed25519 disagree about (Chalkias, Garillot, Nikolaenko: ePrint 2020/1244). */
test("Ed25519: both give the same verdict where the standard leaves room", () => {
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const eighth = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
  assert.ok(eighth.isSmallOrder() && !eighth.is0());
  const identity = concat(Uint8Array.of(1), new Uint8Array(31));

  const [a, r] = [12345n, 67890n];
  const raw = Point.BASE.multiply(a).toBytes();
  const signatureWith = (pointR: Uint8Array): { k: bigint; s: bigint } => {
    const k = number(nobleSha512(concat(pointR, raw, message))) % order;
    return { k, s: (r + k * a) % order };
  };
  const R = Point.BASE.multiply(r).toBytes();
  const mixed = Point.BASE.multiply(r).add(eighth).toBytes();
  const { s } = signatureWith(R);

  const cases: [string, Uint8Array, Uint8Array, boolean][] = [
    ["an ordinary one", raw, concat(R, little(s)), true],
    ["S + L", raw, concat(R, little(s + order)), false],
    ["R of mixed order, right only times the cofactor", raw, concat(mixed, little(signatureWith(mixed).s)), false],
    ["the identity as key: anything would verify", identity, concat(identity, new Uint8Array(32)), false],
    ["a key of small order", eighth.toBytes(), concat(identity, new Uint8Array(32)), false],
    ["a key not in canonical form", nonCanonicalIdentity(), concat(identity, new Uint8Array(32)), false],
  ];
  for (const [what, key, signature, expected] of cases) {
    const publicKey = publicKeyFromRaw("Ed25519", key);
    for (const [name, crypto] of Object.entries(implementations)) {
      assert.equal(crypto.verify(publicKey, message, signature), expected, `${name}: ${what}`);
    }
    assert.equal(node.isValidPublicKey(publicKey), noble.isValidPublicKey(publicKey), what);
  }
});

/** y = p + 1, which is 1 modulo p. */
const nonCanonicalIdentity = (): Bytes => little(2n ** 255n - 18n);

const number = (bytes: Uint8Array): bigint => bytes.reduceRight((n, octet) => n * 256n + BigInt(octet), 0n);
const little = (n: bigint): Bytes => fromHex(n.toString(16).padStart(64, "0")).reverse() as Bytes;

const flip = (bytes: Uint8Array, bit: number): Bytes => {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return out;
};

const hasCode = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;
