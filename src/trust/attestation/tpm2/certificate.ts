/**
 * Certificates of TPMs and their manufacturers: RFC 5280 as the TCG EK Credential Profile 2.5 (section 3.2) uses it.
 * Keys and algorithms are not those that members may have.
 */
import { p256, p384, p521 } from "@noble/curves/nist.js";
import {
  type AttributeTypeAndValue,
  BasicConstraints,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  KeyUsage,
  KeyUsageFlags,
  type Name,
  SubjectAlternativeName,
  TBSCertificate,
} from "@peculiar/asn1-x509";
import { sha256, sha256Hex, sha384, sha512 } from "#crypto";
import { type Bytes, equal } from "../../../base/bytes.ts";
import { bitStringBytes, content, elements, OID, oidText, only, SEQUENCE } from "../../crypto/der.ts";
import { extensionMap, extensionValue, timeOf } from "../../x509/certificate.ts";
import { parseDer, type Signed, splitSigned, toDer } from "../../x509/signed.ts";
import { Doubt } from "../checks.ts";
import { isRsaKey, rsaKeyFromSpki, verifyPkcs1 } from "./rsa.ts";

export interface TpmCertificate {
  /** For people: the common name, or what else there is. */
  readonly name: string;
  /** DER. */
  readonly subject: Bytes;
  readonly issuer: Bytes;
  /** Milliseconds; both ends belong to the validity. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Bytes;
  /** May sign certificates. */
  readonly isCa: boolean;
  /** Extended key usages, dotted. */
  readonly purposes: readonly string[];
  /** Manufacturer, model and version of the TPM, as far as they are said. */
  readonly tpm: string;
  /** SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly signed: Signed;
}

/** Understood, or of no consequence here: constraints of policies that nobody asks for. */
const UNDERSTOOD: readonly string[] = [
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  "2.5.29.32", // certificatePolicies
  "2.5.29.36", // policyConstraints
];

/** From DER. @throws Doubt when it is not a certificate, or says something critical that is not understood */
export const parseTpmCertificate = (der: Uint8Array): TpmCertificate => {
  const doubt = (reason: string) => new Doubt(`a certificate of the TPM is malformed: ${reason}`);
  try {
    return read(der);
  } catch (error) {
    if (error instanceof Doubt) throw error;
    // The parser of ASN.1 throws errors of its own.
    throw doubt(error instanceof Error ? error.message : String(error));
  }
};

const read = (der: Uint8Array): TpmCertificate => {
  const signed = splitSigned(der);
  const tbs = parseDer(signed.tbs, TBSCertificate);
  if (!equal(toDer(tbs.signature), signed.algorithm)) throw new SyntaxError("it names two signature algorithms");
  const extensions = extensionMap(tbs.extensions ?? []);
  for (const { extnID, critical } of extensions.values())
    if (critical && !UNDERSTOOD.includes(extnID)) throw new SyntaxError(`extension ${extnID} is critical`);
  const constraints = extensionValue(extensions, id_ce_basicConstraints, BasicConstraints);
  const usage = extensionValue(extensions, id_ce_keyUsage, KeyUsage)?.toNumber() ?? KeyUsageFlags.keyCertSign;
  const names = extensionValue(extensions, id_ce_subjectAltName, SubjectAlternativeName) ?? [];
  return {
    name: texts(tbs.subject, [COMMON_NAME, ORGANIZATION]) || "an unnamed certificate",
    subject: toDer(tbs.subject),
    issuer: toDer(tbs.issuer),
    notBefore: timeOf(tbs.validity.notBefore),
    notAfter: timeOf(tbs.validity.notAfter),
    spki: toDer(tbs.subjectPublicKeyInfo),
    isCa: (constraints?.cA ?? false) && (usage & KeyUsageFlags.keyCertSign) !== 0,
    purposes: extensionValue(extensions, id_ce_extKeyUsage, ExtendedKeyUsage) ?? [],
    tpm: names
      .map(({ directoryName }) => (directoryName ? texts(directoryName, TPM) : ""))
      .join(" ")
      .trim(),
    fingerprint: sha256Hex(der),
    signed,
  };
};

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";
/** at-tpmManufacturer, at-tpmModel, at-tpmVersion. */
const TPM = ["2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"];

/** What a name says under these types, in their order. */
const texts = (name: Name, types: readonly string[]): string => {
  const attributes = name.flatMap((set) => [...set]);
  const of = (type: string) => attributes.filter((one: AttributeTypeAndValue) => one.type === type);
  return types.flatMap((type) => of(type).map(({ value }) => value.toString())).join(" ");
};

const RSA_HASHES = {
  "1.2.840.113549.1.1.11": "SHA-256",
  "1.2.840.113549.1.1.12": "SHA-384",
  "1.2.840.113549.1.1.13": "SHA-512",
} as const;
const ECDSA_HASHES = {
  "1.2.840.10045.4.3.2": sha256,
  "1.2.840.10045.4.3.3": sha384,
  "1.2.840.10045.4.3.4": sha512,
} as const;
/** By namedCurve, RFC 5480 section 2.1.1.1. */
const CURVES = { "1.2.840.10045.3.1.7": p256, "1.3.132.0.34": p384, "1.3.132.0.35": p521 } as const;

const known = <T extends object>(table: T, oid: string): T[keyof T] | undefined =>
  Object.hasOwn(table, oid) ? table[oid as keyof T] : undefined;

/** RSA with PKCS #1 v1.5 or ECDSA, with SHA-2. False for any other algorithm or key. @throws SyntaxError */
export const isSignedBy = ({ tbs, algorithm, signature }: Signed, spki: Uint8Array): boolean => {
  const oid = oidText(content(elements(only(algorithm, SEQUENCE))[0], OID));
  const rsa = known(RSA_HASHES, oid);
  if (rsa) return isRsaKey(spki) && verifyPkcs1(rsaKeyFromSpki(spki), rsa, tbs, signature);
  const hash = known(ECDSA_HASHES, oid);
  const [identifier, key] = elements(only(spki, SEQUENCE));
  const curve = known(CURVES, oidText(elements(content(identifier, SEQUENCE))[1]?.content ?? new Uint8Array()));
  if (!hash || !curve) return false;
  return curve.verify(signature, hash(tbs), bitStringBytes(key), { prehash: false, format: "der", lowS: false });
};
