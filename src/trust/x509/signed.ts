/**
 * What certificates, requests and revocation lists have in common: SEQUENCE { to be signed, algorithm, signature },
 * RFC 5280 section 4.1. Algorithms: RFC 5758 section 3.2 (ECDSA with SHA-256), RFC 8410 (Ed25519),
 * 1.2.156.10197.1.501 (SM2 with SM3).
 */
import { AsnConvert } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { sign, verify } from "#crypto";
import { type Bytes, equal, fromHex } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import type { PrivateKey, PublicKey, SigningKind } from "../crypto/crypto.ts";
import {
  assertDer,
  bitString,
  bitStringBytes,
  elements,
  NULL,
  OID,
  only,
  SEQUENCE,
  signatureFromDer,
  signatureToDer,
  tlv,
} from "../crypto/der.ts";
import { pemBlocks } from "../pem.ts";

const ECDSA_WITH_SHA256 = fromHex("2a8648ce3d040302");
const ALGORITHM_OIDS: Record<SigningKind, Bytes> = {
  "P-256": ECDSA_WITH_SHA256,
  secp256k1: ECDSA_WITH_SHA256,
  Ed25519: fromHex("2b6570"),
  SM2: fromHex("2a811ccf55018375"),
};

export interface Signed {
  /** The bytes that are signed. */
  readonly tbs: Bytes;
  /** AlgorithmIdentifier in DER. */
  readonly algorithm: Bytes;
  /** As it stands in the BIT STRING. */
  readonly signature: Bytes;
}

/** AlgorithmIdentifier for signatures with a key of this kind; no parameters, as RFC 5758 and RFC 8410 ask. */
export const algorithmOf = (kind: SigningKind): AlgorithmIdentifier =>
  AsnConvert.parse(algorithmBytes(kind), AlgorithmIdentifier);

const algorithmBytes = (kind: SigningKind): Bytes => tlv(SEQUENCE, tlv(OID, ALGORITHM_OIDS[kind]));

/** Signs and wraps, in DER. */
export const signDer = (tbs: Uint8Array, key: PrivateKey<SigningKind>): Bytes => wrapDer(tbs, key.kind, sign(key, tbs));

/** @param signature by a key of this kind, 64 bytes */
export const wrapDer = (tbs: Uint8Array, kind: SigningKind, signature: Uint8Array): Bytes => {
  const encoded = kind === "Ed25519" ? signature : signatureToDer(signature);
  return tlv(SEQUENCE, tbs, algorithmBytes(kind), bitString(encoded));
};

/** Takes the wrapping off. @throws SyntaxError unless it is DER throughout */
export const splitSigned = (der: Uint8Array): Signed => {
  assertDer(der);
  const [tbs, algorithm, signature, more] = elements(only(der, SEQUENCE));
  if (tbs?.tag !== SEQUENCE || algorithm?.tag !== SEQUENCE || more) throw new SyntaxError("not a signed structure");
  return { tbs: tbs.bytes, algorithm: algorithm.bytes, signature: bitStringBytes(signature) };
};

/** False, too, when the algorithm is not the one of the key. */
export const verifySigned = ({ tbs, algorithm, signature }: Signed, key: PublicKey<SigningKind>): boolean => {
  if (!isAlgorithmOf(key.kind, algorithm)) return false;
  const raw = key.kind === "Ed25519" ? signature : readSignature(signature);
  return raw !== undefined && verify(key, tbs, raw);
};

/** SM2 is met with NULL parameters as well. */
const isAlgorithmOf = (kind: SigningKind, algorithm: Uint8Array): boolean =>
  equal(algorithm, algorithmBytes(kind)) ||
  (kind === "SM2" && equal(algorithm, tlv(SEQUENCE, tlv(OID, ALGORITHM_OIDS.SM2), tlv(NULL))));

const readSignature = (der: Uint8Array): Bytes | undefined => {
  try {
    return signatureFromDer(der);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** DER given as it is, or as the only PEM block with one of the labels. @throws SyntaxError */
export const derFrom = (input: string | Uint8Array, labels: readonly string[], limit: number): Bytes => {
  if (input.length > 2 * limit) throw new SyntaxError(`larger than ${limit} bytes`);
  if (typeof input !== "string") return input.slice() as Bytes;
  const [block, another] = pemBlocks(input);
  if (!block || another || !labels.includes(block.label)) {
    throw new SyntaxError(`a PEM text with one block ${labels[0]} is expected`);
  }
  return block.der;
};

/** Parses hostile bytes: whatever goes wrong in them is handed to `refusal` as a reason. */
export const reading = <T>(read: () => T, refusal: (reason: string) => Refusal): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw refusal(error instanceof SyntaxError ? error.message : "its structure is not that of X.509");
  }
};

/** Parses one structure in DER. @throws SyntaxError when it is not DER, or not one; Error when of another structure */
export const parseDer = <T>(der: ArrayBuffer | Uint8Array, type: new () => T): T => {
  const bytes = new Uint8Array(der);
  assertDer(bytes);
  if (elements(bytes).length !== 1) throw new SyntaxError("DER: one element is expected");
  return AsnConvert.parse(der, type);
};

export const toDer = (value: object): Bytes => new Uint8Array(AsnConvert.serialize(value));
