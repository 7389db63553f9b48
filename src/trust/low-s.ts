/**
 * An ECDSA signature (r, s) has a twin (r, n - s) that is as valid, and that anybody can write. Where a text is named
 * by its digest, signature included, only one of them counts: that with s <= n / 2.
 */
import { type Bytes, concat, fromHex, toHex } from "../base/bytes.ts";

/** By algorithm of a JWS, of P-256 and secp256k1 (SEC 2). Ed25519 and SM2 have no such twins. */
const ORDERS = new Map<string, bigint>([
  ["ES256", 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  ["ES256K", 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n],
]);
const LENGTH = 64;
const sOf = (signature: Uint8Array): bigint => BigInt(`0x${toHex(signature.subarray(LENGTH / 2))}`);

/** @param signature 64 bytes r || s */
export const hasLowS = (alg: string, signature: Uint8Array): boolean => {
  const order = ORDERS.get(alg);
  return order === undefined || sOf(signature) <= order / 2n;
};

/** The same signature, or its twin where that is the one with the low s. What is no signature stays as it is. */
export const withLowS = (alg: string, signature: Uint8Array): Uint8Array => {
  const order = ORDERS.get(alg);
  if (order === undefined || signature.length !== LENGTH || hasLowS(alg, signature)) return signature;
  const s = order - sOf(signature);
  if (s <= 0n) return signature;
  const low: Bytes = fromHex(s.toString(16).padStart(LENGTH, "0"));
  return concat(signature.subarray(0, LENGTH / 2), low);
};
