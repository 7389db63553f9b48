/** Ed25519 where the standard leaves room: everyone must accept the same keys and the same signatures. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal } from "../../base/bytes.ts";

const { Point } = ed25519;

/**
 * A canonical encoding (RFC 8032 section 5.1.3) of a point of large order. OpenSSL accepts others when it verifies,
 * so this is asked once, when a key is taken in.
 */
export const isEd25519Key = (raw: Uint8Array): boolean => {
  try {
    return !Point.fromBytes(raw).isSmallOrder();
  } catch {
    return false;
  }
};

/**
 * RFC 8032 section 5.1.7 in the variant without the cofactor: [S]B - [k]A encodes to R. OpenSSL's check, where
 * noble's own multiplies by the cofactor and so accepts some signatures that OpenSSL refuses.
 */
export const verifyEd25519 = (raw: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== 64 || !isEd25519Key(raw)) return false;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= Point.Fn.ORDER) return false;
  const k = Point.Fn.create(littleEndian(sha512(concat(r, raw, data))));
  const minusA = Point.fromBytes(raw).negate();
  return equal(Point.BASE.multiplyUnsafe(s).add(minusA.multiplyUnsafe(k)).toBytes(), r);
};

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((n, octet) => (n << 8n) | BigInt(octet), 0n);
