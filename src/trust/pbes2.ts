/**
 * Encrypted private keys: EncryptedPrivateKeyInfo (RFC 5958 section 3) under PBES2 (RFC 8018 section 6.2) with
 * PBKDF2-HMAC-SHA-256 and AES-256-CBC, which is what OpenSSL 3 writes. Others are refused, by name.
 */
import { aes256cbc, pbkdf2Sha256, randomBytes } from "#crypto";
import { type Bytes, equal, fromHex, u32, utf8 } from "../base/bytes.ts";
import {
  content,
  elements,
  NULL,
  OCTET_STRING,
  OID,
  oidText,
  only,
  SEQUENCE,
  smallInteger,
  tlv,
  unsigned,
} from "./crypto/der.ts";
import { refuse } from "./keys-errors.ts";

const PBES2 = fromHex("2a864886f70d01050d");
const PBKDF2 = fromHex("2a864886f70d01050c");
const HMAC_SHA256 = fromHex("2a864886f70d0209");
const AES_256_CBC = fromHex("60864801650304012a");
const KEY_LENGTH = 32;

/** OWASP's figure for PBKDF2-HMAC-SHA-256, 2023: about a fifth of a second. */
const ITERATIONS = 600_000;
/** A file that asks for more is not opened: it would only occupy the machine. */
const MAX_ITERATIONS = 5_000_000;

/** EncryptedPrivateKeyInfo of a PrivateKeyInfo. */
export const encryptPkcs8 = (pkcs8: Uint8Array, passphrase: string): Bytes => {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sha256(utf8(passphrase), salt, ITERATIONS, KEY_LENGTH);
  const iterations = unsigned(u32(ITERATIONS));
  const prf = tlv(SEQUENCE, tlv(OID, HMAC_SHA256), tlv(NULL));
  const kdf = tlv(SEQUENCE, tlv(OID, PBKDF2), tlv(SEQUENCE, tlv(OCTET_STRING, salt), iterations, prf));
  const cipher = tlv(SEQUENCE, tlv(OID, AES_256_CBC), tlv(OCTET_STRING, iv));
  const algorithm = tlv(SEQUENCE, tlv(OID, PBES2), tlv(SEQUENCE, kdf, cipher));
  return tlv(SEQUENCE, algorithm, tlv(OCTET_STRING, aes256cbc.encrypt(key, iv, pkcs8)));
};

/** @throws Refusal key.passphrase, key.protection; SyntaxError when the structure is broken */
export const decryptPkcs8 = (encrypted: Uint8Array, passphrase: string): Bytes => {
  const [algorithm, data] = elements(only(encrypted, SEQUENCE));
  const { salt, iterations, iv } = parameters(content(algorithm, SEQUENCE));
  const ciphertext = content(data, OCTET_STRING);
  if (ciphertext.length === 0 || ciphertext.length % 16 !== 0) throw new SyntaxError("ciphertext cut short");
  const key = pbkdf2Sha256(utf8(passphrase), salt, iterations, KEY_LENGTH);
  const pkcs8 = aes256cbc.decrypt(key, iv, ciphertext);
  // CBC does not authenticate: by chance a wrong passphrase leaves valid padding, but not a SEQUENCE of this length.
  if (!pkcs8 || !isSequence(pkcs8)) throw refuse("key.passphrase");
  return pkcs8;
};

const parameters = (algorithm: Uint8Array): { salt: Bytes; iterations: number; iv: Bytes } => {
  const [scheme, schemeParameters] = elements(algorithm);
  expectOid(content(scheme, OID), PBES2);
  const [kdf, cipher] = elements(content(schemeParameters, SEQUENCE));
  const [kdfName, kdfParameters] = elements(content(kdf, SEQUENCE));
  expectOid(content(kdfName, OID), PBKDF2);
  const [cipherName, iv] = elements(content(cipher, SEQUENCE));
  expectOid(content(cipherName, OID), AES_256_CBC);

  const [salt, count, ...options] = elements(content(kdfParameters, SEQUENCE));
  const prf = options.find(({ tag }) => tag === SEQUENCE);
  if (!prf) throw refuse("key.protection", { found: "PBKDF2 with HMAC-SHA-1" }); // RFC 8018: the default
  expectOid(content(elements(prf.content)[0], OID), HMAC_SHA256);
  const iterations = smallInteger(count);
  if (iterations < 1 || iterations > MAX_ITERATIONS) {
    throw refuse("key.protection", {
      found: `PBKDF2 with ${iterations} iterations`,
    });
  }
  const vector = content(iv, OCTET_STRING);
  if (vector.length !== 16) throw new SyntaxError("an initialisation vector that is not 16 bytes");
  return { salt: content(salt, OCTET_STRING), iterations, iv: vector };
};

const expectOid = (found: Uint8Array, expected: Uint8Array): void => {
  if (!equal(found, expected)) throw refuse("key.protection", { found: oidText(found) });
};

const isSequence = (der: Uint8Array): boolean => {
  try {
    return only(der, SEQUENCE).length > 0;
  } catch {
    return false;
  }
};
