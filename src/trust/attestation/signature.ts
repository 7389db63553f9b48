/**
 * The signatures that makers of processors put under certificates, lists and reports: ECDSA with P-256 (Intel),
 * RSA-PSS and ECDSA with P-384 (AMD).
 */
import { sha384, verify, verifyP384 as verifyP384Point } from "#crypto";
import { type Bytes, concat, equal, fromHex, toHex, u32 } from "../../base/bytes.ts";
import { bitStringBytes, content, elements, INTEGER, only, SEQUENCE, unsignedBytes } from "../crypto/der.ts";
import { publicKeyFromSpki } from "../keys.ts";
import type { Signed } from "../x509/signed.ts";

/** AlgorithmIdentifier in DER, hexadecimal: RFC 5758 section 3.2. */
const ECDSA_SHA256 = "300a06082a8648ce3d040302";
/** RFC 4055 section 3.1 with SHA-384, MGF1 with SHA-384, salts of 48 bytes; the trailer is spelt out, as AMD does. */
const RSA_PSS_SHA384 =
  "304606092a864886f70d01010a3039a00f300d06096086480165030402020500" +
  "a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101";

const P256_SPKI = fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
const P384_SPKI = fromHex("3076301006072a8648ce3d020106052b81040022036200");
const RSA_SPKI = fromHex("300d06092a864886f70d0101010500");

/** Whether the key (SubjectPublicKeyInfo) signed this certificate or list. False for any other algorithm. */
export const isSignedBy = ({ tbs, algorithm, signature }: Signed, spki: Uint8Array): boolean => {
  switch (toHex(algorithm)) {
    case ECDSA_SHA256:
      return verifyP256(spki, tbs, pairOf(signature, 32));
    case RSA_PSS_SHA384:
      return verifyRsaPss(spki, tbs, signature);
    default:
      return false;
  }
};

/** @param signature r || s, 64 bytes */
export const verifyP256 = (spki: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean =>
  verify(publicKeyFromSpki(spki, ["P-256"]), data, signature);

/** SubjectPublicKeyInfo of x || y. */
export const p256Spki = (point: Uint8Array): Bytes => concat(P256_SPKI, point);

/** ECDSA with SHA-384. @param signature r || s, 96 bytes */
export const verifyP384 = (spki: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean => {
  const start = P384_SPKI.length;
  return equal(spki.subarray(0, start), P384_SPKI) && verifyP384Point(spki.subarray(start), data, signature);
};

/** r || s of SEQUENCE { INTEGER r, INTEGER s }, RFC 3279 section 2.2.3. @throws SyntaxError */
const pairOf = (der: Uint8Array, length: number): Bytes => {
  const [r, s, more] = elements(only(der, SEQUENCE));
  if (more) throw new SyntaxError("DER: a signature of two numbers is expected");
  return concat(unsignedBytes(r, length), unsignedBytes(s, length));
};

const HASH_LENGTH = 48;

/** RSASSA-PSS-VERIFY with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes: RFC 8017 section 8.1.2. */
export const verifyRsaPss = (spki: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean => {
  const { modulus, exponent } = rsaKey(spki);
  const bits = modulus.toString(2).length;
  const length = Math.ceil(bits / 8);
  const s = numberOf(signature);
  if (bits < 2048 || bits > 4096 || exponent !== 65_537n || signature.length !== length || s >= modulus) return false;
  const encodedLength = Math.ceil((bits - 1) / 8);
  const encoded = power(s, modulus)
    .toString(16)
    .padStart(2 * encodedLength, "0");
  return (
    encoded.length === 2 * encodedLength && isPssEncoding(fromHex(encoded), sha384(data), 8 * encodedLength - bits + 1)
  );
};

/** EMSA-PSS-VERIFY, RFC 8017 section 9.1.2. @param spare bits at the front that must be zero */
const isPssEncoding = (encoded: Uint8Array, digest: Uint8Array, spare: number): boolean => {
  const split = encoded.length - HASH_LENGTH - 1;
  const hash = encoded.subarray(split, -1);
  const first = encoded[0] ?? 0xff;
  if (encoded.at(-1) !== 0xbc || first >> (8 - spare) !== 0) return false;
  const block = mask(hash, split).map((byte, i) => byte ^ (encoded[i] ?? 0));
  block[0] = (block[0] ?? 0) & (0xff >> spare);
  const padding = split - HASH_LENGTH - 1;
  if (padding < 0 || block[padding] !== 1 || block.subarray(0, padding).some((byte) => byte !== 0)) return false;
  const salt = block.subarray(padding + 1);
  return equal(hash, sha384(concat(new Uint8Array(8), digest, salt)));
};

/** MGF1, RFC 8017 appendix B.2.1. */
const mask = (seed: Uint8Array, length: number): Bytes =>
  concat(
    ...Array.from({ length: Math.ceil(length / HASH_LENGTH) }, (_, counter) => sha384(concat(seed, u32(counter)))),
  ).slice(0, length);

/** RFC 8017 appendix A.1.1 in RFC 3279 section 2.3.1. @throws SyntaxError */
const rsaKey = (spki: Uint8Array) => {
  const [algorithm, key] = elements(only(spki, SEQUENCE));
  if (!algorithm || !equal(algorithm.bytes, RSA_SPKI)) throw new SyntaxError("an RSA key is expected");
  const [modulus, exponent] = elements(only(bitStringBytes(key), SEQUENCE));
  return { modulus: numberOf(content(modulus, INTEGER)), exponent: numberOf(content(exponent, INTEGER)) };
};

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes) || "0"}`);

/** s^65537, the one exponent that makers use. Public values only: it takes as long as they say. */
const power = (s: bigint, modulus: bigint): bigint => {
  let square = s;
  for (let i = 0; i < 16; i++) square = (square * square) % modulus;
  return (square * s) % modulus;
};
