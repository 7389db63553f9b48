/**
 * What FROST's two suites differ in: FROST(Ed25519, SHA-512) of RFC 9591 section 6.1, and FROST over secp256k1 giving
 * BIP 340 signatures, with the hashes of FROST-secp256k1-SHA256-TR-v1 (the Zcash Foundation's, which noble has too).
 */
import { createPublicKey, verify } from "node:crypto";
import { hash_to_field } from "@noble/curves/abstract/hash-to-curve.js";
import { schnorr } from "@noble/curves/secp256k1.js";
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

const BIP340 = "FROST-secp256k1-SHA256-TR-v1";
const fieldElement = (input: Uint8Array, use: string, order: bigint): bigint => {
  const options = { p: order, m: 1, k: 128, hash: sha256, expand: "xmd", DST: utf8(BIP340 + use) } as const;
  return (hash_to_field(input, 1, options)[0] as bigint[])[0] as bigint;
};

/** Public keys are encoded points, 33 bytes; BIP 340 takes their x. */
export const bip340Suite: Suite = {
  curve: "secp256k1",
  evenY: true,
  encodeScalar: toBytes32,
  bindingFactor: (input, order) => fieldElement(input, "rho", order),
  challenge: (R, publicKey, message, order) =>
    mod(toInteger(schnorr.utils.taggedHash("BIP0340/challenge", R.subarray(1), publicKey.subarray(1), message)), order),
  nonce: (input, order) => fieldElement(input, "nonce", order),
  hashMessage: (message) => sha256(concat(utf8(`${BIP340}msg`), message)),
  hashCommitments: (list) => sha256(concat(utf8(`${BIP340}com`), list)),
  encodeSignature: (R, z) => concat(R.subarray(1), toBytes32(z)),
  verify(publicKey, message, signature) {
    try {
      return schnorr.verify(signature, message, publicKey.length === 33 ? publicKey.subarray(1) : publicKey);
    } catch {
      return false;
    }
  },
};
