/** X.509 certificates (RFC 5280 section 4), read and checked for form; trust in them is a matter of verify.ts. */
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  type Extension,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectKeyIdentifier,
  TBSCertificate,
  type Time,
  Version,
} from "@peculiar/asn1-x509";
import { sha256Hex } from "#crypto";
import { type Bytes, equal, toHex } from "../../base/bytes.ts";
import type { PublicKey, SigningKind } from "../crypto/crypto.ts";
import { publicKeyFromSpki, SIGNING_KINDS } from "../keys.ts";
import { refuse } from "../keys-errors.ts";
import { toPem } from "../pem.ts";
import { type DistinguishedName, decodeName } from "./name.ts";
import { derFrom, parseDer, reading, type Signed, splitSigned, toDer } from "./signed.ts";

export interface Certificate {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Lower-case hexadecimal of the number, without leading zero bytes. */
  readonly serial: string;
  /** Milliseconds; both ends belong to the validity. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: PublicKey<SigningKind>;
  /** May sign certificates: basicConstraints says CA and keyUsage, where there is one, keyCertSign. */
  readonly isCa: boolean;
  /** May sign revocation lists. */
  readonly signsCrls: boolean;
  /** May sign data: not a CA, and keyUsage, where there is one, says digitalSignature. */
  readonly signsData: boolean;
  /** Issued to an enclave: its organisational unit is "enclave". */
  readonly isEnclave: boolean;
  /** Hexadecimal; undefined where the certificate has none. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
  readonly der: Bytes;
  readonly signed: Signed;
}

/** Bytes. Certificates of members have a few hundred. */
const MAX_CERTIFICATE = 16 * 1024;
export const ENCLAVE_UNIT = "enclave";

/**
 * Reads a certificate from DER or PEM. Its key has to be of a kind that signs here.
 * @throws Refusal certificate.malformed, certificate.extension, key.kind, key.malformed, key.point
 */
export const parseCertificate = (input: Uint8Array | string): Certificate =>
  reading(
    () => read(derFrom(input, ["CERTIFICATE"], MAX_CERTIFICATE)),
    (reason) => refuse("certificate.malformed", { reason }),
  );

export const certificateToPem = ({ der }: Pick<Certificate, "der">): string => toPem("CERTIFICATE", der);

const read = (der: Bytes): Certificate => {
  const signed = splitSigned(der);
  const tbs = parseDer(signed.tbs, TBSCertificate);
  if (!equal(toDer(tbs.signature), signed.algorithm)) throw new SyntaxError("it names two signature algorithms");
  const subject = decodeName(tbs.subject);
  return {
    subject,
    issuer: decodeName(tbs.issuer),
    serial: serialText(tbs.serialNumber),
    notBefore: timeOf(tbs.validity.notBefore),
    notAfter: timeOf(tbs.validity.notAfter),
    publicKey: publicKeyFromSpki(toDer(tbs.subjectPublicKeyInfo), SIGNING_KINDS),
    ...purposes(tbs),
    isEnclave: subject.unit === ENCLAVE_UNIT,
    fingerprint: sha256Hex(der),
    der,
    signed,
  };
};

const purposes = (tbs: TBSCertificate) => {
  const extensions = extensionMap(tbs.extensions ?? []);
  if (extensions.size > 0 && tbs.version !== Version.v3) throw new SyntaxError("extensions outside version 3");
  for (const { extnID, critical } of extensions.values()) {
    if (critical && extnID !== id_ce_basicConstraints && extnID !== id_ce_keyUsage) {
      throw refuse("certificate.extension", { oid: extnID });
    }
  }
  const constraints = extensionValue(extensions, id_ce_basicConstraints, BasicConstraints);
  const flags = extensionValue(extensions, id_ce_keyUsage, KeyUsage)?.toNumber();
  const may = (flag: number) => flags === undefined || (flags & flag) !== 0;
  const ca = constraints?.cA ?? false;
  return {
    isCa: ca && may(KeyUsageFlags.keyCertSign),
    signsCrls: ca && may(KeyUsageFlags.cRLSign),
    signsData: !ca && may(KeyUsageFlags.digitalSignature),
    ...keyIdentifiers(extensions),
  };
};

export const keyIdentifiers = (extensions: ReadonlyMap<string, Extension>) => ({
  subjectKeyId: hexOf(extensionValue(extensions, id_ce_subjectKeyIdentifier, SubjectKeyIdentifier)?.buffer),
  authorityKeyId: hexOf(
    extensionValue(extensions, id_ce_authorityKeyIdentifier, AuthorityKeyIdentifier)?.keyIdentifier?.buffer,
  ),
});

const hexOf = (buffer: ArrayBuffer | undefined): string | undefined => buffer && toHex(new Uint8Array(buffer));

/** By identifier. @throws SyntaxError when one stands twice (RFC 5280 section 4.2) */
export const extensionMap = (extensions: readonly Extension[]): ReadonlyMap<string, Extension> => {
  const map = new Map(extensions.map((extension) => [extension.extnID, extension]));
  if (map.size !== extensions.length) throw new SyntaxError("an extension stands twice");
  return map;
};

export const extensionValue = <T>(
  extensions: ReadonlyMap<string, Extension>,
  oid: string,
  type: new () => T,
): T | undefined => {
  const extension = extensions.get(oid);
  return extension && parseDer(extension.extnValue.buffer, type);
};

/** @throws SyntaxError unless positive and of at most 20 bytes (RFC 5280 section 4.1.2.2) */
export const serialText = (integer: ArrayBuffer): string => {
  const bytes = new Uint8Array(integer);
  const [first = 0] = bytes;
  const digits = first === 0 ? bytes.subarray(1) : bytes;
  if (first & 0x80 || digits.length < 1 || digits.length > 20) throw new SyntaxError("a serial number out of range");
  return toHex(digits);
};

export const timeOf = (time: Time): number => {
  const ms = time.getTime().getTime();
  if (Number.isNaN(ms)) throw new SyntaxError("a date that does not exist");
  return ms;
};
