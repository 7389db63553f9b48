/**
 * Credential protection (TCG TPM 2.0 Library Part 1 sections 11.4.10 and 24): a secret that only the TPM with a given
 * endorsement key can open, and only if it holds the attestation key that was named. That is how a member makes sure
 * that both keys live in one TPM. The same key derivation protects sessions with a TPM.
 */
import { cfb } from "@noble/ciphers/aes.js";
import { ecdh, generateKey, hmacSha256, randomBytes, sha256 } from "#crypto";
import { type Bytes, concat, u32, utf8 } from "../../../base/bytes.ts";
import { publicKeyFromRaw, rawFromPublicKey } from "../../crypto/encoding.ts";
import { encryptOaep } from "./rsa.ts";
import { sized } from "./structures.ts";
import { type EndorsementKey, endorsementKey } from "./templates.ts";

const text = (label: string): Bytes => concat(utf8(label), Uint8Array.of(0));
const NOTHING = new Uint8Array();

/** KDFa with SHA-256, Part 1 section 11.4.10.2. @param bits at most 256 */
export const kdfA = (key: Uint8Array, label: string, contextU: Uint8Array, contextV: Uint8Array, bits: number): Bytes =>
  hmacSha256(key, concat(u32(1), text(label), contextU, contextV, u32(bits))).slice(0, bits / 8);

/** KDFe with SHA-256 and 256 bits, section 11.4.10.3. */
const kdfE = (z: Uint8Array, label: string, partyU: Uint8Array, partyV: Uint8Array): Bytes =>
  sha256(concat(u32(1), z, text(label), partyU, partyV));

/** x of 04 || x || y. */
const xOf = (point: Uint8Array): Uint8Array => point.subarray(1, 33);

/**
 * A fresh seed of 32 bytes, and what lets the TPM with this key have it too: Part 1, B.10.3 (RSA) and C.6.3 (ECC).
 * @returns `encrypted` is the content of a TPM2B_ENCRYPTED_SECRET
 */
export const shareSeed = (key: EndorsementKey, label: string): { seed: Bytes; encrypted: Bytes } => {
  if (key.type === "rsa") {
    const seed = randomBytes(32);
    const rsa = { modulus: key.modulus, exponent: Uint8Array.of(1, 0, 1) };
    return { seed, encrypted: encryptOaep(rsa, text(label), seed) };
  }
  const own = generateKey("P-256");
  const point = rawFromPublicKey(own.publicKey);
  const z = ecdh(own, publicKeyFromRaw("P-256", key.point));
  return {
    seed: kdfE(z, label, xOf(point), xOf(key.point)),
    encrypted: concat(sized(point.subarray(1, 33)), sized(point.subarray(33))),
  };
};

/** What TPM2_ActivateCredential takes. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly blob: Bytes;
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly secret: Bytes;
}

/**
 * TPM2_MakeCredential, without a TPM.
 * @param endorsement public area of the endorsement key
 * @param name of the attestation key
 * @param credential at most 32 bytes
 * @throws SyntaxError when the public area is of no endorsement template
 */
export const makeCredential = (endorsement: Uint8Array, name: Uint8Array, credential: Uint8Array): Credential => {
  const { seed, encrypted } = shareSeed(endorsementKey(endorsement), "IDENTITY");
  const key = kdfA(seed, "STORAGE", name, NOTHING, 128);
  const identity = concat(cfb(key, new Uint8Array(16)).encrypt(sized(credential)));
  const integrity = hmacSha256(kdfA(seed, "INTEGRITY", NOTHING, NOTHING, 256), concat(identity, name));
  return { blob: sized(sized(integrity), identity), secret: sized(encrypted) };
};
