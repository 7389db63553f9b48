/** Private keys that are imported: PEM of the kinds that OpenSSL writes, encrypted or not. */
import { createDecipheriv, createHash } from "node:crypto";
import { concat, fromHex, toHex, utf8 } from "../../../base/bytes.ts";
import type { KeyScheme } from "../../../rules/key-schemes.ts";
import type { SigningKind } from "../../../trust/crypto/crypto.ts";
import { compressedPoint, rawFromPublicKey, secretOf } from "../../../trust/crypto/encoding.ts";
import { keyFromPem } from "../../../trust/keys.ts";
import { refuse } from "../../../trust/keys-errors.ts";
import { pemBlocks, toPem } from "../../../trust/pem.ts";

const KINDS: Readonly<Record<KeyScheme, SigningKind>> = {
  ECDSA_K1: "secp256k1",
  ECDSA_R1: "P-256",
  EDDSA_ED25519: "Ed25519",
  SCHNORR_BIP340: "secp256k1",
  SM2: "SM2",
};

/**
 * @returns the 32 bytes of the scalar (of Ed25519 the seed), and the encoded public key in hex
 * @throws Refusal key.not-pem, key.kind, key.malformed, key.public-given, key.passphrase, key.passphrase-needed,
 *   key.protection
 */
export const readPrivateKey = (scheme: KeyScheme, pem: string, passphrase: string | undefined) => {
  const plain = withoutOldEncryption(pem, passphrase);
  const options = { accept: [KINDS[scheme]], ...(passphrase && { passphrase }) };
  const key = keyFromPem(plain, options);
  const raw = rawFromPublicKey(key.publicKey);
  return { secret: secretOf(key), publicKey: toHex(raw.length === 32 ? raw : compressedPoint(raw)) };
};

const OLD = /^Proc-Type: 4,ENCRYPTED\r?\nDEK-Info: ([A-Z0-9-]+),([0-9A-F]{16,32})\r?\n$/;
const CIPHERS: Readonly<Record<string, { name: string; key: number; iv: number }>> = {
  "AES-128-CBC": { name: "aes-128-cbc", key: 16, iv: 16 },
  "AES-192-CBC": { name: "aes-192-cbc", key: 24, iv: 16 },
  "AES-256-CBC": { name: "aes-256-cbc", key: 32, iv: 16 },
  "DES-EDE3-CBC": { name: "des-ede3-cbc", key: 24, iv: 8 },
};

/** RFC 1421 section 4.6.1.3 as OpenSSL has it ("traditional" format); other texts stay as they are. */
const withoutOldEncryption = (pem: string, passphrase: string | undefined): string => {
  const block = blocksOf(pem).find(({ headers }) => headers !== "");
  const [, name = "", iv = ""] = OLD.exec(block?.headers ?? "") ?? [];
  const cipher = CIPHERS[name];
  if (!block || !cipher || iv.length !== 2 * cipher.iv) return pem;
  if (!passphrase) throw refuse("key.passphrase-needed");
  const vector = fromHex(iv.toLowerCase());
  const key = bytesToKey(utf8(passphrase), vector.subarray(0, 8), cipher.key);
  try {
    const decipher = createDecipheriv(cipher.name, key, vector);
    const der = concat(decipher.update(block.der), decipher.final());
    const text = toPem(block.label, der);
    // The padding may fit by chance: a wrong passphrase then leaves what is no key.
    keyFromPem(text);
    return text;
  } catch (error) {
    if ((error as { code?: string }).code === "key.kind") throw error;
    throw refuse("key.passphrase");
  }
};

const blocksOf = (pem: string) => {
  try {
    return pemBlocks(pem);
  } catch {
    throw refuse("key.not-pem", { expected: "PRIVATE KEY" });
  }
};

/** EVP_BytesToKey of OpenSSL with MD5 and one iteration: what that format is bound to. */
const bytesToKey = (passphrase: Uint8Array, salt: Uint8Array, length: number): Uint8Array => {
  let [key, last] = [new Uint8Array(), new Uint8Array()];
  while (key.length < length) {
    last = new Uint8Array(
      createHash("md5")
        .update(concat(last, passphrase, salt))
        .digest(),
    );
    key = concat(key, last);
  }
  return key.subarray(0, length);
};
