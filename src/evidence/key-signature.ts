/** Signatures of keys that nobody holds, by a verifier that has nothing to do with how they were made. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { toHex } from "../base/bytes.ts";
import { nobleCurves } from "../mpc/curves/noble.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";

type Verify = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;

/** Ethereum takes low s only, so a second spelling is no signature of such a key. Ed25519 as RFC 8032 has it, not ZIP 215. */
const verifiers: Readonly<Record<KeyScheme, Verify>> = {
  ECDSA_K1: (signature, digest, key) => secp256k1.verify(signature, digest, key, { prehash: false, lowS: true }),
  ECDSA_R1: (signature, digest, key) => p256.verify(signature, digest, key, { prehash: false, lowS: false }),
  EDDSA_ED25519: (signature, message, key) => ed25519.verify(signature, message, key, { zip215: false }),
  SCHNORR_BIP340: (signature, message, key) => schnorr.verify(signature, message, key.subarray(1)),
  SM2: (signature, digest, key) => verifySm2(signature, digest, key),
};

/** GB/T 32918.2-2016, section 7.1, from e on. */
const verifySm2: Verify = (signature, digest, publicKey) => {
  const curve = nobleCurves.SM2;
  const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);
  const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
  const t = (r + s) % curve.order;
  if (r === 0n || s === 0n || r >= curve.order || s >= curve.order || t === 0n) return false;
  const point = curve.add(curve.multiplyPublic(curve.base, s), curve.multiplyPublic(curve.decode(publicKey), t));
  return !curve.isZero(point) && (number(digest) + curve.x(point)) % curve.order === r;
};

/**
 * @param signed a digest of 32 bytes; for EDDSA_ED25519 and SCHNORR_BIP340 the message itself
 * @param publicKey encoded point
 */
export const verifyKeySignature = (
  scheme: KeyScheme,
  publicKey: Uint8Array,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean => {
  try {
    return signature.length === 64 && verifiers[scheme](signature, signed, publicKey);
  } catch {
    return false;
  }
};
