/** RSA with public keys only (RFC 8017), in plain arithmetic: no browser offers it synchronously. */
import { randomBytes, sha256, sha384, sha512 } from "#crypto";
import { type Bytes, concat, equal, fromHex, toHex, u32 } from "../../../base/bytes.ts";
import { bitStringBytes, content, elements, INTEGER, only, SEQUENCE } from "../../crypto/der.ts";

/** Modulus and exponent, big-endian without leading zeros. */
export interface RsaKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

/** DigestInfo without the digest, RFC 8017 section 9.2 note 1. */
const PKCS1 = {
  "SHA-256": { hash: sha256, prefix: fromHex("3031300d060960864801650304020105000420") },
  "SHA-384": { hash: sha384, prefix: fromHex("3041300d060960864801650304020205000430") },
  "SHA-512": { hash: sha512, prefix: fromHex("3051300d060960864801650304020305000440") },
} as const;

const RSA_ENCRYPTION = fromHex("300d06092a864886f70d0101010500");

/** Whether SubjectPublicKeyInfo (RFC 3279 section 2.3.1) is one of RSA. @throws SyntaxError */
export const isRsaKey = (spki: Uint8Array): boolean => {
  const [algorithm] = elements(only(spki, SEQUENCE));
  return algorithm !== undefined && equal(algorithm.bytes, RSA_ENCRYPTION);
};

/** From SubjectPublicKeyInfo of RSA. @throws SyntaxError */
export const rsaKeyFromSpki = (spki: Uint8Array): RsaKey => {
  const [, key] = elements(only(spki, SEQUENCE));
  const [modulus, exponent, more] = elements(only(bitStringBytes(key), SEQUENCE));
  if (more) throw new SyntaxError("an RSA key has two numbers");
  return { modulus: digits(content(modulus, INTEGER)), exponent: digits(content(exponent, INTEGER)) };
};

/** RSASSA-PKCS1-v1_5, section 8.2.2: the encoding is made anew and compared whole. */
export const verifyPkcs1 = (
  key: RsaKey,
  hash: keyof typeof PKCS1,
  data: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const length = key.modulus.length;
  const info = concat(PKCS1[hash].prefix, PKCS1[hash].hash(data));
  if (length < 256 || length > 512 || signature.length !== length || number(signature) >= number(key.modulus))
    return false;
  const padding = new Uint8Array(length - info.length - 3).fill(0xff);
  return equal(power(key, signature), concat(Uint8Array.of(0, 1), padding, Uint8Array.of(0), info));
};

const HASH_LENGTH = 32;

/** RSAES-OAEP with SHA-256, section 7.1.1. @param message at most the modulus less 66 bytes */
export const encryptOaep = (key: RsaKey, label: Uint8Array, message: Uint8Array): Bytes => {
  const spare = key.modulus.length - message.length - 2 * HASH_LENGTH - 2;
  const block = concat(sha256(label), new Uint8Array(spare), Uint8Array.of(1), message);
  const seed = randomBytes(HASH_LENGTH);
  const maskedBlock = xor(block, mask(seed, block.length));
  const maskedSeed = xor(seed, mask(maskedBlock, HASH_LENGTH));
  return power(key, concat(Uint8Array.of(0), maskedSeed, maskedBlock));
};

/** MGF1 with SHA-256, appendix B.2.1. */
const mask = (seed: Uint8Array, length: number): Bytes => {
  const blocks = Array.from({ length: Math.ceil(length / HASH_LENGTH) }, (_, i) => sha256(concat(seed, u32(i))));
  return concat(...blocks).slice(0, length);
};

const xor = (a: Uint8Array, b: Uint8Array): Bytes => concat(a).map((byte, i) => byte ^ (b[i] ?? 0)) as Bytes;

const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes) || "0"}`);

const digits = (integer: Uint8Array): Uint8Array => (integer[0] === 0 ? integer.subarray(1) : integer);

/** base^exponent mod modulus, as long as the modulus. */
const power = ({ modulus, exponent }: RsaKey, base: Uint8Array): Bytes => {
  const [b, m] = [number(base), number(modulus)];
  let result = 1n;
  for (const bit of number(exponent).toString(2)) {
    result = (result * result) % m;
    if (bit === "1") result = (result * b) % m;
  }
  return fromHex(result.toString(16).padStart(2 * modulus.length, "0"));
};
