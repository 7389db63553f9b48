/** Revocation lists: RFC 5280 section 5. Complete lists only, of the CA that issued the certificates. */
import {
  CRLNumber,
  CRLReason,
  CRLReasons,
  type Extension,
  id_ce_authorityKeyIdentifier,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  Name,
  RevokedCertificate,
  TBSCertList,
  Time,
  Version,
} from "@peculiar/asn1-x509";
import { type Bytes, equal } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import type { PrivateKey, SigningKind } from "../crypto/crypto.ts";
import { elements, only, SEQUENCE, type Tlv, tlv } from "../crypto/der.ts";
import { refuse } from "../keys-errors.ts";
import { toPem } from "../pem.ts";
import { type Certificate, extensionMap, extensionValue, keyIdentifiers, serialText, timeOf } from "./certificate.ts";
import { authorityKeyId, encodeSerial, extension } from "./issue.ts";
import { type DistinguishedName, decodeName } from "./name.ts";
import { algorithmOf, derFrom, parseDer, reading, type Signed, signDer, splitSigned, toDer } from "./signed.ts";

export const REVOCATION_REASONS = [
  "unspecified",
  "keyCompromise",
  "cACompromise",
  "affiliationChanged",
  "superseded",
  "cessationOfOperation",
  "privilegeWithdrawn",
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

export interface Revocation {
  /** As `Certificate.serial`. */
  serial: string;
  /** Milliseconds, from when on the certificate does not count. */
  date: number;
  reason?: string;
}

export interface Crl {
  readonly issuer: DistinguishedName;
  /** Milliseconds. */
  readonly thisUpdate: number;
  /** Milliseconds; a newer list appears by then. */
  readonly nextUpdate?: number;
  /** Counts up from list to list. */
  readonly number?: number;
  /** By serial number. */
  readonly revoked: ReadonlyMap<string, Revocation>;
  readonly authorityKeyId?: string;
  readonly der: Bytes;
  readonly signed: Signed;
}

/** Bytes: 10,000 entries with long serial numbers and reasons take some 600,000. */
const MAX_CRL = 1024 * 1024;

interface CrlOptions {
  ca: Certificate;
  caKey: PrivateKey<SigningKind>;
  revoked: readonly (Revocation & { reason?: RevocationReason })[];
  /** Milliseconds. */
  thisUpdate: number;
  nextUpdate: number;
  /** Larger than that of the list before. */
  number: number;
}

/**
 * @throws Refusal certificate.not-a-ca, certificate.issuer when the key is not the CA's, certificate.serial,
 *   certificate.validity
 */
export const createCrl = ({ ca, caKey, revoked, thisUpdate, nextUpdate, number }: CrlOptions): Crl => {
  if (!ca.signsCrls) throw refuse("certificate.not-a-ca", { subject: ca.subject.text });
  if (!equal(ca.publicKey.spki, caKey.publicKey.spki)) {
    throw refuse("certificate.issuer", { issuer: "another key", expected: ca.subject.text });
  }
  if (!(thisUpdate >= 0 && thisUpdate < nextUpdate)) {
    const [notBefore, notAfter] = [String(thisUpdate), String(nextUpdate)];
    throw refuse("certificate.validity", { notBefore, notAfter, reason: "the next update has to follow this one" });
  }
  const tbs = new TBSCertList({
    version: Version.v2,
    signature: algorithmOf(caKey.kind),
    issuer: parseDer(ca.subject.der, Name),
    thisUpdate: new Time(new Date(thisUpdate)),
    nextUpdate: new Time(new Date(nextUpdate)),
    // An empty list is left out (RFC 5280 section 5.1.2.6).
    revokedCertificates: revoked.length > 0 ? revoked.map(encodeRevocation) : undefined,
    crlExtensions: [authorityKeyId(ca), extension(id_ce_cRLNumber, new CRLNumber(number))],
  });
  return parseCrl(signDer(toDer(tbs), caKey));
};

const encodeRevocation = ({ serial, date, reason }: Revocation & { reason?: RevocationReason }) =>
  new RevokedCertificate({
    userCertificate: encodeSerial(serial),
    revocationDate: new Time(new Date(date)),
    // "unspecified" is expressed by absence (RFC 5280 section 5.3.1).
    crlEntryExtensions:
      reason && reason !== "unspecified" ? [extension(id_ce_cRLReasons, new CRLReason(CRLReasons[reason]))] : undefined,
  });

/** Reads a list from DER or PEM. @throws Refusal crl.malformed, crl.extension */
export const parseCrl = (input: Uint8Array | string): Crl =>
  reading(
    () => read(derFrom(input, ["X509 CRL"], MAX_CRL)),
    (reason) => refuse("crl.malformed", { reason }),
  );

export const crlToPem = ({ der }: Pick<Crl, "der">): string => toPem("X509 CRL", der);

const read = (der: Bytes): Crl => {
  const signed = splitSigned(der);
  const { rest, list } = withoutEntries(signed.tbs);
  const tbs = parseDer(rest, TBSCertList);
  if (tbs.revokedCertificates) throw new SyntaxError("it has two lists of certificates");
  if (!equal(toDer(tbs.signature), signed.algorithm)) throw new SyntaxError("it names two signature algorithms");
  const extensions = understood(tbs.crlExtensions ?? []);
  const entries = list.map(({ bytes }) => decodeRevocation(parseDer(bytes, RevokedCertificate)));
  const revoked = new Map(entries.map((entry) => [entry.serial, entry]));
  if (revoked.size !== entries.length) throw new SyntaxError("a serial number stands twice");
  const number = extensionValue(extensions, id_ce_cRLNumber, CRLNumber)?.value;
  return {
    issuer: decodeName(tbs.issuer),
    thisUpdate: timeOf(tbs.thisUpdate),
    nextUpdate: tbs.nextUpdate && timeOf(tbs.nextUpdate),
    number: number === undefined ? undefined : Number(number),
    revoked,
    authorityKeyId: keyIdentifiers(extensions).authorityKeyId,
    der,
    signed,
  };
};

const TIMES = [0x17, 0x18];

/**
 * The entries apart from everything else: the parser of whole structures takes a few thousand elements at most.
 * They are the SEQUENCE after the times (RFC 5280 section 5.1).
 */
const withoutEntries = (tbs: Uint8Array): { rest: Bytes; list: Tlv[] } => {
  const fields = elements(only(tbs, SEQUENCE));
  const at = fields.findIndex(({ tag }, i) => tag === SEQUENCE && TIMES.includes(fields[i - 1]?.tag ?? 0));
  const others = fields.filter((_, i) => i !== at).map(({ bytes }) => bytes);
  return { rest: tlv(SEQUENCE, ...others), list: at < 0 ? [] : elements(fields[at]?.content ?? new Uint8Array(0)) };
};

const decodeRevocation = ({ userCertificate, revocationDate, crlEntryExtensions }: RevokedCertificate): Revocation => {
  const extensions = understood(crlEntryExtensions ?? []);
  const reason = extensionValue(extensions, id_ce_cRLReasons, CRLReason)?.reason ?? CRLReasons.unspecified;
  return { serial: serialText(userCertificate), date: timeOf(revocationDate), reason: CRLReasons[reason] };
};

/** Those that narrow a list (deltas, distribution points, other issuers) are critical, and none of them is taken. */
const understood = (extensions: readonly Extension[]): ReadonlyMap<string, Extension> => {
  for (const { extnID, critical } of extensions) {
    if (critical && extnID !== id_ce_authorityKeyIdentifier) throw refuse("crl.extension", { oid: extnID });
  }
  return extensionMap(extensions);
};

/** Whether a list still, or already, counts. @throws Refusal crl.expired, crl.not-yet-valid */
export const assertCurrent = ({ thisUpdate, nextUpdate }: Crl, at: number): void => {
  if (at < thisUpdate) throw refuse("crl.not-yet-valid", { thisUpdate: iso(thisUpdate) });
  if (nextUpdate !== undefined && at > nextUpdate) throw refuse("crl.expired", { nextUpdate: iso(nextUpdate) });
};
