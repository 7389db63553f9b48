/**
 * The keys an attestation needs, as templates (TPMT_PUBLIC, TCG TPM 2.0 Library Part 2 section 12.2.4). A verifier
 * compares the public area that a TPM gave byte for byte with the template and so needs to know of no other property.
 */
import { type Bytes, concat, equal, fromHex, u32 } from "../../../base/bytes.ts";
import type { PublicKey } from "../../crypto/crypto.ts";
import { publicKeyFromRaw } from "../../crypto/encoding.ts";
import { ALG, createReader, padded, sized, u16 } from "./structures.ts";

/** TPMA_OBJECT, Part 2 section 8.3. */
const FIXED_TPM = 1 << 1;
const FIXED_PARENT = 1 << 4;
const SENSITIVE_DATA_ORIGIN = 1 << 5;
const USER_WITH_AUTH = 1 << 6;
const ADMIN_WITH_POLICY = 1 << 7;
const NO_DA = 1 << 10;
const RESTRICTED = 1 << 16;
const DECRYPT = 1 << 17;
const SIGN = 1 << 18;
/** Made inside this TPM and never anywhere else. */
const OWN = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN;

const NIST_P256 = 0x0003;

const head = (type: number, attributes: number, policy: Uint8Array): Bytes =>
  concat(u16(type), u16(ALG.sha256), u32(attributes), sized(policy));

/** Signs only what the TPM itself generated (restricted), with ECDSA over P-256 and SHA-256. */
const ATTESTATION_KEY = concat(
  head(ALG.ecc, OWN | USER_WITH_AUTH | NO_DA | RESTRICTED | SIGN, new Uint8Array()),
  u16(ALG.null),
  concat(u16(ALG.ecdsa), u16(ALG.sha256)),
  u16(NIST_P256),
  u16(ALG.null),
);

/** PolicySecret(TPM_RH_ENDORSEMENT): PolicyA of the EK credential profile. */
const ENDORSEMENT_POLICY = fromHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
const AES_128_CFB = concat(u16(ALG.aes), u16(128), u16(ALG.cfb));
const endorsementHead = (type: number) =>
  concat(head(type, OWN | ADMIN_WITH_POLICY | RESTRICTED | DECRYPT, ENDORSEMENT_POLICY), AES_128_CFB, u16(ALG.null));

/** TCG EK Credential Profile 2.5, B.3.3 (template L-1) and B.3.4 (template L-2). */
const ENDORSEMENT_RSA = concat(endorsementHead(ALG.rsa), u16(2048), u32(0));
const ENDORSEMENT_ECC = concat(endorsementHead(ALG.ecc), u16(NIST_P256), u16(ALG.null));

/** What CreatePrimary is given: the template and what makes the key unique. */
export const attestationTemplate: Bytes = concat(ATTESTATION_KEY, sized(), sized());
export const endorsementTemplates = {
  ecc: concat(ENDORSEMENT_ECC, sized(new Uint8Array(32)), sized(new Uint8Array(32))),
  rsa: concat(ENDORSEMENT_RSA, sized(new Uint8Array(256))),
} as const;

const sealingHead = (policy: Uint8Array): Bytes =>
  concat(head(ALG.keyedHash, OWN | ADMIN_WITH_POLICY | NO_DA | SIGN, policy), u16(ALG.hmac), u16(ALG.sha256));

/** A key for HMAC-SHA-256 that works only where `policy` (32 bytes) is met. */
export const sealingTemplate = (policy: Uint8Array): Bytes => concat(sealingHead(policy), sized(new Uint8Array(32)));
export const isSealingKey = (publicArea: Uint8Array, policy: Uint8Array): boolean =>
  uniqueOf(publicArea, sealingHead(policy)) !== undefined;

/** @throws SyntaxError unless it is a key from exactly the attestation template */
export const attestationKey = (publicArea: Uint8Array): PublicKey<"P-256"> => {
  const unique = uniqueOf(publicArea, ATTESTATION_KEY);
  if (!unique) throw new SyntaxError("the attestation key lacks a property of one that signs quotes only");
  return publicKeyFromRaw("P-256", pointOf(unique));
};

/** `modulus` of 256 bytes, the exponent being 65537; `point` is 04 || x || y. */
export type EndorsementKey =
  | { readonly type: "rsa"; readonly modulus: Bytes }
  | { readonly type: "ecc"; readonly point: Bytes };

/** @throws SyntaxError unless it is a key from one of the endorsement templates */
export const endorsementKey = (publicArea: Uint8Array): EndorsementKey => {
  const rsa = uniqueOf(publicArea, ENDORSEMENT_RSA);
  if (rsa) {
    const reader = createReader(rsa);
    const modulus = padded(reader.sized(), 256);
    reader.end();
    return { type: "rsa", modulus };
  }
  const ecc = uniqueOf(publicArea, ENDORSEMENT_ECC);
  if (!ecc) throw new SyntaxError("the endorsement key is not of a template of the TCG");
  return { type: "ecc", point: pointOf(ecc) };
};

/** What follows the template, where the public area begins with it. */
const uniqueOf = (publicArea: Uint8Array, template: Uint8Array): Uint8Array | undefined =>
  equal(publicArea.subarray(0, template.length), template) ? publicArea.subarray(template.length) : undefined;

/** TPMS_ECC_POINT to 04 || x || y. */
export const pointOf = (bytes: Uint8Array): Bytes => {
  const reader = createReader(bytes);
  const [x, y] = [padded(reader.sized(), 32), padded(reader.sized(), 32)];
  reader.end();
  return concat(Uint8Array.of(4), x, y);
};
