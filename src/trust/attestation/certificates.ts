/**
 * Certificates of makers of processors: their keys and algorithms are not those of members, and what matters stands
 * in extensions of their own. RFC 5280, no more of it than these chains need.
 */
import { sha256Hex } from "#crypto";
import { type Bytes, equal, fromUtf8, toHex } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import {
  BIT_STRING,
  content,
  context,
  elements,
  INTEGER,
  OCTET_STRING,
  OID,
  oidText,
  only,
  SEQUENCE,
  type Tlv,
} from "../crypto/der.ts";
import { pemBlocks } from "../pem.ts";
import { type Signed, splitSigned } from "../x509/signed.ts";
import { demand } from "./checks.ts";
import { isSignedBy } from "./signature.ts";

export interface MakerCertificate {
  /** Common name of the subject. */
  readonly name: string;
  /** Names in DER, by which certificates are joined. */
  readonly subject: Bytes;
  readonly issuer: Bytes;
  /** As `Certificate.serial`. */
  readonly serial: string;
  /** Milliseconds; both ends belong to the validity. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Bytes;
  /** May sign certificates. */
  readonly isCa: boolean;
  /** Values by dotted identifier. */
  readonly extensions: ReadonlyMap<string, Bytes>;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
  readonly signed: Signed;
}

/** From DER. @throws SyntaxError */
export const parseMakerCertificate = (der: Uint8Array): MakerCertificate => {
  const signed = splitSigned(der);
  const [version, serial, algorithm, issuer, validity, subject, spki, ...rest] = elements(only(signed.tbs, SEQUENCE));
  if (version?.tag !== context(0) || !algorithm || !equal(algorithm.bytes, signed.algorithm))
    throw new SyntaxError("a certificate of version 3 with one algorithm is expected");
  const [notBefore, notAfter] = elements(content(validity, SEQUENCE)).map(timeOf);
  if (!issuer || !subject || !spki || notBefore === undefined || notAfter === undefined)
    throw new SyntaxError("not a certificate");
  const extensions = extensionsOf(rest.find(({ tag }) => tag === context(3))?.content, [KEY_USAGE, BASIC_CONSTRAINTS]);
  return {
    name: commonName(subject.content),
    subject: subject.bytes,
    issuer: issuer.bytes,
    serial: serialOf(serial),
    notBefore,
    notAfter,
    spki: spki.bytes,
    isCa: isCa(extensions),
    extensions,
    fingerprint: sha256Hex(der),
    signed,
  };
};

/** Every certificate of a PEM text in which nothing else stands but line ends and zero bytes. @throws SyntaxError */
export const makerCertificates = (pem: string): MakerCertificate[] => {
  const outside = pem.replace(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g, "");
  if (!/^[\r\n\0]*$/.test(outside)) throw new SyntaxError("something else than certificates in PEM");
  return pemBlocks(pem).map(({ der }) => parseMakerCertificate(der));
};

/**
 * That each certificate is issued by the next, and the last is a root that is trusted.
 * @param roots fingerprints
 * @param at milliseconds
 * @throws Doubt
 */
export const demandChain = (chain: readonly MakerCertificate[], roots: ReadonlySet<string>, at: number): void => {
  const [root, ...others] = chain.toReversed();
  const known = root !== undefined && roots.has(root.fingerprint);
  demand(known, `the chain of ${chain[0]?.name ?? "nobody"} ends in a root that is not the maker's`);
  demandValid(root, at);
  // From the root down: no key is used before it is vouched for. The root itself is known by its digest.
  let issuer = root;
  for (const certificate of others) {
    const { name, issuer: named, signed } = certificate;
    demand(equal(named, issuer.subject) && issuer.isCa, `${name} is not issued by ${issuer.name}`);
    demand(isSignedBy(signed, issuer.spki), `the signature of ${issuer.name} on the certificate ${name} is wrong`);
    demandValid(certificate, at);
    issuer = certificate;
  }
};

const demandValid = ({ name, notBefore, notAfter }: MakerCertificate, at: number): void => {
  // The last second counts whole: certificates know no fractions.
  const valid = at >= notBefore && at < notAfter + 1000;
  demand(valid, `the certificate ${name} is valid from ${iso(notBefore)} to ${iso(notAfter)}, not at ${iso(at)}`);
};

const COMMON_NAME = "2.5.4.3";
const KEY_USAGE = "2.5.29.15";
const BASIC_CONSTRAINTS = "2.5.29.19";

const commonName = (name: Uint8Array): string => {
  const attributes = elements(name).flatMap(({ content: set }) => elements(set).map((pair) => elements(pair.content)));
  const found = attributes.find(([type]) => type?.tag === OID && oidText(type.content) === COMMON_NAME);
  return found?.[1] ? fromUtf8(found[1].content) : "";
};

/** UTCTime and GeneralizedTime to the second in UTC: RFC 5280 section 4.1.2.5. */
export const timeOf = ({ tag, content: octets }: Tlv): number => {
  const text = fromUtf8(octets);
  const full = tag === 0x18 ? text : tag === 0x17 ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : "";
  const [, year, month, day, hours, minutes, seconds] = full.match(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  if (Number.isNaN(ms)) throw new SyntaxError("a date that does not exist");
  return ms;
};

/** Hexadecimal, without the zero byte that keeps it positive. */
export const serialOf = (element: Tlv | undefined): string => toHex(content(element, INTEGER)).replace(/^00(?=..)/, "");

/**
 * Values by dotted identifier, of what stands in `[n]` or behind an entry.
 * @param understood identifiers that may be critical
 * @throws SyntaxError
 */
export const extensionsOf = (
  wrapped: Uint8Array | undefined,
  understood: readonly string[] = [],
): ReadonlyMap<string, Bytes> => {
  const list = wrapped ? elements(only(wrapped, SEQUENCE)) : [];
  const pairs = list.map((one) => {
    const fields = elements(content(one, SEQUENCE));
    const oid = oidText(content(fields[0], OID));
    if (fields.length > 2 && !understood.includes(oid))
      throw new SyntaxError(`a critical extension ${oid} that is not understood`);
    return [oid, content(fields.at(-1), OCTET_STRING)] as const;
  });
  if (new Set(pairs.map(([oid]) => oid)).size !== pairs.length) throw new SyntaxError("an extension stands twice");
  return new Map(pairs);
};

const KEY_CERT_SIGN = 0x04;

/** basicConstraints says CA, and keyUsage keyCertSign: RFC 5280 sections 4.2.1.9 and 4.2.1.3. */
const isCa = (extensions: ReadonlyMap<string, Bytes>): boolean => {
  const [constraints, usage] = [extensions.get(BASIC_CONSTRAINTS), extensions.get(KEY_USAGE)];
  if (!constraints || !usage) return false;
  const [first] = elements(only(constraints, SEQUENCE));
  return first?.tag === 0x01 && first.content[0] === 0xff && ((only(usage, BIT_STRING)[1] ?? 0) & KEY_CERT_SIGN) !== 0;
};
