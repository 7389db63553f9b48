/**
 * An organisation's CA: one self-signed certificate, and the leaves it issues to its members. To renew is to issue
 * again, for the same key or a new one, under another serial number.
 */
import { OctetString } from "@peculiar/asn1-schema";
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { randomBytes, sha256 } from "#crypto";
import { type Bytes, concat, equal, fromHex, toHex } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import type { PrivateKey, PublicKey, SigningKind } from "../crypto/crypto.ts";
import { bitStringBytes, elements, INTEGER, only, SEQUENCE, unsigned } from "../crypto/der.ts";
import { refuse } from "../keys-errors.ts";
import { type Certificate, ENCLAVE_UNIT, parseCertificate } from "./certificate.ts";
import { parseCsr } from "./csr.ts";
import { encodeName, type Subject } from "./name.ts";
import { algorithmOf, parseDer, signDer, toDer, wrapDer } from "./signed.ts";

interface Period {
  /** Milliseconds; certificates hold whole seconds. */
  notBefore: number;
  notAfter: number;
  /** 1 to 20 bytes in lower-case hexadecimal, positive, used once by a CA: see `randomSerial`. */
  serial: string;
}

/**
 * A self-signed CA certificate that may issue leaves but no further CAs.
 * @throws Refusal certificate.name, certificate.validity, certificate.serial
 */
export const createCa = ({ key, ...options }: { name: Subject; key: PrivateKey<SigningKind> } & Period) =>
  signedBy(key, caToSign({ ...options, publicKey: key.publicKey }));

/**
 * What a CA whose key is elsewhere signs for its certificate (DER): `withSignature` makes that of it.
 * @throws Refusal as `createCa`
 */
export const caToSign = ({
  name,
  publicKey,
  ...period
}: { name: Subject; publicKey: PublicKey<SigningKind> } & Period): Bytes =>
  toBeSigned({
    period,
    subject: encodeName(name),
    issuer: encodeName(name),
    publicKey,
    kind: publicKey.kind,
    extensions: [
      critical(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      critical(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKey))),
    ],
  });

/** @param toSign of `caToSign`, `leafToSign` @param signature over it by a key of that kind, 64 bytes */
export const withSignature = (toSign: Uint8Array, kind: SigningKind, signature: Uint8Array): Certificate =>
  parseCertificate(wrapDer(toSign, kind, signature));

const signedBy = (key: PrivateKey<SigningKind>, toSign: Bytes): Certificate => parseCertificate(signDer(toSign, key));

interface LeafOptions extends Period {
  ca: Certificate;
  publicKey: PublicKey<SigningKind>;
  /** Its unit is set here; what stands there is dropped. */
  subject: Subject;
  /** Marks the certificate as an enclave's (organisational unit "enclave"). */
  isEnclave?: boolean;
}

interface IssueOptions extends LeafOptions {
  caKey: PrivateKey<SigningKind>;
}

/**
 * A leaf for digital signatures.
 * @throws Refusal certificate.name, certificate.validity, certificate.serial, certificate.not-a-ca,
 *   certificate.issuer when the key is not the CA's
 */
export const issue = ({ caKey, ...options }: IssueOptions): Certificate => {
  const { ca } = options;
  const toSign = leafToSign(options);
  if (!equal(ca.publicKey.spki, caKey.publicKey.spki)) {
    throw refuse("certificate.issuer", { issuer: "another key", expected: ca.subject.text });
  }
  return signedBy(caKey, toSign);
};

/** What a CA whose key is elsewhere signs for a leaf (DER). @throws Refusal as `issue` */
export const leafToSign = ({ ca, publicKey, subject, isEnclave, ...period }: LeafOptions): Bytes => {
  if (!ca.isCa) throw refuse("certificate.not-a-ca", { subject: ca.subject.text });
  if (period.notAfter > ca.notAfter) throw invalid(period, `the CA's certificate ends at ${iso(ca.notAfter)}`);
  return toBeSigned({
    period,
    subject: encodeName({ ...subject, unit: isEnclave ? ENCLAVE_UNIT : undefined }),
    issuer: parseDer(ca.subject.der, Name),
    publicKey,
    kind: ca.publicKey.kind,
    extensions: [
      critical(id_ce_basicConstraints, new BasicConstraints()),
      critical(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature)),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKey))),
      authorityKeyId(ca),
    ],
  });
};

/**
 * A leaf for the key of a certificate request. Nothing but key and names are taken from the request.
 * @param options.subject instead of the one asked for
 * @throws Refusal as `issue`, and csr.malformed, csr.signature
 */
export const issueFromCsr = ({
  csr,
  subject,
  ...options
}: Omit<IssueOptions, "publicKey" | "subject"> & { csr: string | Uint8Array; subject?: Subject }): Certificate => {
  const request = parseCsr(csr);
  const { commonName = "", organization, country } = request.subject;
  return issue({
    ...options,
    publicKey: request.publicKey,
    subject: subject ?? { commonName, organization, country },
  });
};

interface Parts {
  period: Period;
  subject: Name;
  issuer: Name;
  publicKey: PublicKey<SigningKind>;
  /** Of the key that signs it. */
  kind: SigningKind;
  extensions: Extension[];
}

const toBeSigned = ({ period, subject, issuer, publicKey, kind, extensions }: Parts): Bytes =>
  toDer(
    new TBSCertificate({
      version: Version.v3,
      serialNumber: encodeSerial(period.serial),
      signature: algorithmOf(kind),
      issuer,
      validity: validity(period),
      subject,
      subjectPublicKeyInfo: parseDer(publicKey.spki, SubjectPublicKeyInfo),
      extensions: new Extensions(extensions),
    }),
  );

/** GeneralizedTime holds no later date. */
const END_OF_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

const validity = (period: Period): Validity => {
  const { notBefore, notAfter } = period;
  if (!(notBefore >= 0 && notAfter <= END_OF_TIME)) throw invalid(period, "years from 1970 to 9999 can be written");
  if (Math.floor(notAfter / 1000) <= Math.floor(notBefore / 1000)) throw invalid(period, "it ends before it begins");
  return new Validity({ notBefore: new Date(notBefore), notAfter: new Date(notAfter) });
};

const invalid = ({ notBefore, notAfter }: Period, reason: string) =>
  refuse("certificate.validity", { notBefore: dateText(notBefore), notAfter: dateText(notAfter), reason });

const dateText = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? iso(ms) : String(ms));

/** 16 bytes, positive and without a leading zero: 120 random bits, so that no one foresees or repeats them. */
export const randomSerial = (): string => toHex(concat(Uint8Array.of(0x40), randomBytes(15)));

/** Content of the INTEGER. @throws Refusal certificate.serial */
export const encodeSerial = (serial: string): ArrayBuffer => {
  if (!/^([0-9a-f]{2}){1,20}$/.test(serial) || /^0*$/.test(serial)) throw refuse("certificate.serial");
  const integer = only(unsigned(fromHex(serial)), INTEGER);
  if (integer.length > 20) throw refuse("certificate.serial");
  return integer.buffer;
};

/** RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the public key. */
const keyId = ({ spki }: PublicKey): Bytes => {
  const [, subjectPublicKey] = elements(only(spki, SEQUENCE));
  return sha256(bitStringBytes(subjectPublicKey)).slice(0, 20) as Bytes;
};

export const authorityKeyId = (ca: Certificate): Extension => {
  const id = ca.subjectKeyId === undefined ? keyId(ca.publicKey) : fromHex(ca.subjectKeyId);
  return extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(id) }));
};

export const extension = (extnID: string, value: object, isCritical = false): Extension =>
  new Extension({ extnID, critical: isCritical, extnValue: new OctetString(toDer(value)) });

const critical = (extnID: string, value: object): Extension => extension(extnID, value, true);
