/**
 * The cryptographic primitives everything else stands on, as one synchronous interface with two implementations:
 * `node.ts` (node:crypto) and `noble.ts` (browsers). Import them as `import { sha256 } from "#crypto"`.
 * Both give the same verdict on every signature: whoever replays a rulebook must see what everyone else saw.
 */
import type { Bytes } from "../../base/bytes.ts";

/** Elliptic-curve keys, by curve. RSA keys are carried but no operation here takes one. */
export type CurveKind = "P-256" | "Ed25519" | "secp256k1" | "SM2" | "X25519";
export type KeyKind = CurveKind | "RSA";
export type SigningKind = Exclude<CurveKind, "X25519">;
export type AgreementKind = "P-256" | "X25519";

/** `spki` is the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) in DER, points uncompressed: one form per key. */
export interface PublicKey<K extends KeyKind = KeyKind> {
  readonly kind: K;
  readonly spki: Bytes;
}

/** A private key whose secret shows in no log, inspection or JSON. `pkcs8()` is the one way to it. */
export class PrivateKey<K extends KeyKind = KeyKind> {
  readonly kind: K;
  readonly publicKey: PublicKey<K>;
  readonly #pkcs8: Bytes;

  constructor(kind: K, publicKey: PublicKey<K>, pkcs8: Bytes) {
    this.kind = kind;
    this.publicKey = publicKey;
    this.#pkcs8 = pkcs8;
  }

  /** PrivateKeyInfo (RFC 5208) in DER; for curves in the form OpenSSL writes, public point included. */
  pkcs8(): Bytes {
    return this.#pkcs8;
  }
}

export interface Crypto {
  sha256(data: Uint8Array): Bytes;
  /** Lower-case hexadecimal; text is hashed as UTF-8. */
  sha256Hex(data: Uint8Array | string): string;
  sha384(data: Uint8Array): Bytes;
  sha512(data: Uint8Array): Bytes;
  /** GB/T 32905-2016, 32 bytes. */
  sm3(data: Uint8Array): Bytes;
  hmacSha256(key: Uint8Array, data: Uint8Array): Bytes;
  /** RFC 5869. @param length bytes, at most 8,160 */
  hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes;
  /** RFC 8018 section 5.2. @param length bytes */
  pbkdf2Sha256(password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Bytes;
  randomBytes(length: number): Bytes;

  /**
   * P-256 and secp256k1: ECDSA with SHA-256 (FIPS 186-5). SM2: GB/T 32918.2 with SM3 and the identifier
   * "1234567812345678". These three give 64 bytes r || s. Ed25519: RFC 8032, 64 bytes.
   */
  sign(key: PrivateKey<SigningKind>, data: Uint8Array): Bytes;
  /**
   * False for whatever is not a valid signature, malformed ones included. ECDSA takes both s and n - s, as OpenSSL
   * does, so a signature is not an identifier: of statements only one of them counts (low-s.ts). Ed25519 is checked
   * without the cofactor, as OpenSSL does.
   */
  verify(key: PublicKey<SigningKind>, data: Uint8Array, signature: Uint8Array): boolean;
  /**
   * ECDSA with P-384 and SHA-384 (FIPS 186-5), which makers of processors sign with and no member does.
   * False for whatever is not a valid signature. @param point 97 bytes 04 || x || y @param signature r || s, 96 bytes
   */
  verifyP384(point: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
  generateKey<K extends CurveKind>(kind: K): PrivateKey<K>;
  /** The raw public key of a 32-byte secret: 65 bytes 04 || x || y, or 32. @throws Error when out of range */
  rawPublicKey(kind: CurveKind, secret: Uint8Array): Bytes;
  /** Whether the point lies on its curve and, for Ed25519, is canonical and of large order. */
  isValidPublicKey(key: PublicKey<CurveKind>): boolean;
  /**
   * Diffie-Hellman: the x-coordinate (P-256) or RFC 7748 section 6.1 (X25519), 32 bytes.
   * @throws Refusal key.point when the peer's key is of small order; TypeError when the kinds differ
   */
  ecdh(key: PrivateKey<AgreementKind>, peer: PublicKey<AgreementKind>): Bytes;

  /** AES-256-GCM: key of 32 bytes, nonce of 12; sealed = ciphertext || 16-byte tag. */
  readonly aes256gcm: {
    seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, data: Uint8Array): Bytes;
    /** Undefined when the data were not sealed with this key, nonce and aad. */
    open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Bytes | undefined;
  };
  /** AES-256-CBC with PKCS #7 padding, for encrypted private keys only: it does not authenticate. */
  readonly aes256cbc: {
    encrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Bytes;
    /** Undefined when the padding is wrong. */
    decrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Bytes | undefined;
  };
}
