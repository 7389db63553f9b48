/**
 * What FROST's suites differ in: FROST(Ed25519, SHA-512), FROST(P-256, SHA-256) and FROST(secp256k1, SHA-256) of RFC 9591
 * sections 6.1, 6.4 and 6.5, and FROST over secp256k1 giving BIP 340 signatures, with the hashes of
 * FROST-secp256k1-SHA256-TR-v1 (the Zcash Foundation's, which noble has too).
 */
import { createPublicKey, verify } from "node:crypto";
import { hash_to_field } from "@noble/curves/abstract/hash-to-curve.js";
import { p256_FROST } from "@noble/curves/nist.js";
import { schnorr, secp256k1_FROST } from "@noble/curves/secp256k1.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "../../../base/bytes.ts";
import type { CurveId } from "../../curve.ts";
import { mod, toBytes32, toInteger } from "../../scalars.ts";

export interface Suite {
  readonly curve: CurveId;
  /** Public keys and nonces count by their x: those with an odd y are negated. */
  readonly evenY: boolean;
  readonly encodeScalar: (scalar: bigint) => Uint8Array;
  /** H1. */
  readonly bindingFactor: (input: Uint8Array, order: bigint) => bigint;
  /** H2 of nonce R and public key, encoded points. */
  readonly challenge: (R: Uint8Array, publicKey: Uint8Array, message: Uint8Array, order: bigint) => bigint;
  /** H3. */
  readonly nonce: (input: Uint8Array, order: bigint) => bigint;
  /** H4. */
  readonly hashMessage: (message: Uint8Array) => Uint8Array;
  /** H5. */
  readonly hashCommitments: (list: Uint8Array) => Uint8Array;
  readonly encodeSignature: (R: Uint8Array, z: bigint) => Uint8Array;
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

const littleEndian = (scalar: bigint): Uint8Array => toBytes32(scalar).reverse();

const ED25519 = utf8("FROST-ED25519-SHA512-v1");
const sha512Scalar = (order: bigint, ...parts: readonly Uint8Array[]): bigint =>
  mod(toInteger(sha512(concat(...parts)).reverse()), order);
/** SubjectPublicKeyInfo up to the key (RFC 8410 section 4). */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

export const ed25519Suite: Suite = {
  curve: "Ed25519",
  evenY: false,
  encodeScalar: littleEndian,
  bindingFactor: (input, order) => sha512Scalar(order, ED25519, utf8("rho"), input),
  challenge: (R, publicKey, message, order) => sha512Scalar(order, R, publicKey, message),
  nonce: (input, order) => sha512Scalar(order, ED25519, utf8("nonce"), input),
  hashMessage: (message) => sha512(concat(ED25519, utf8("msg"), message)),
  hashCommitments: (list) => sha512(concat(ED25519, utf8("com"), list)),
  encodeSignature: (R, z) => concat(R, littleEndian(z)),
  verify(publicKey, message, signature) {
    try {
      const key = createPublicKey({ key: Buffer.from(concat(SPKI, publicKey)), format: "der", type: "spki" });
      return publicKey.length === 32 && signature.length === 64 && verify(null, message, key, signature);
    } catch {
      return false;
    }
  },
};

/** With SHA-256: hash_to_field (RFC 9380 section 5.2) into the scalars, for a suite and a use of it. */
const fieldElement = (name: string, use: string, input: Uint8Array, order: bigint): bigint => {
  const options = { p: order, m: 1, k: 128, hash: sha256, expand: "xmd", DST: utf8(name + use) } as const;
  return (hash_to_field(input, 1, options)[0] as bigint[])[0] as bigint;
};

/** What suites with SHA-256 have alike: H1, H3, H4, H5. */
const withSha256 = (name: string) =>
  ({
    encodeScalar: toBytes32,
    bindingFactor: (input, order) => fieldElement(name, "rho", input, order),
    nonce: (input, order) => fieldElement(name, "nonce", input, order),
    hashMessage: (message) => sha256(concat(utf8(`${name}msg`), message)),
    hashCommitments: (list) => sha256(concat(utf8(`${name}com`), list)),
  }) satisfies Partial<Suite>;

/** RFC 9591 sections 6.4 and 6.5; a signature is the encoded point R, 33 bytes, and z. */
const weierstrass = (curve: CurveId, name: string, verifier: typeof p256_FROST): Suite => ({
  curve,
  evenY: false,
  ...withSha256(name),
  challenge: (R, publicKey, message, order) => fieldElement(name, "chal", concat(R, publicKey, message), order),
  encodeSignature: (R, z) => concat(R, toBytes32(z)),
  verify(publicKey, message, signature) {
    try {
      return signature.length === 65 && verifier.verify(signature, message, publicKey);
    } catch {
      return false;
    }
  },
});
export const p256Suite = weierstrass("P-256", "FROST-P256-SHA256-v1", p256_FROST);
export const secp256k1Suite = weierstrass("secp256k1", "FROST-secp256k1-SHA256-v1", secp256k1_FROST);

/** Public keys are encoded points, 33 bytes; BIP 340 takes their x. */
export const bip340Suite: Suite = {
  curve: "secp256k1",
  evenY: true,
  ...withSha256("FROST-secp256k1-SHA256-TR-v1"),
  challenge: (R, publicKey, message, order) =>
    mod(toInteger(schnorr.utils.taggedHash("BIP0340/challenge", R.subarray(1), publicKey.subarray(1), message)), order),
  encodeSignature: (R, z) => concat(R.subarray(1), toBytes32(z)),
  verify(publicKey, message, signature) {
    try {
      return schnorr.verify(signature, message, publicKey.length === 33 ? publicKey.subarray(1) : publicKey);
    } catch {
      return false;
    }
  },
};
