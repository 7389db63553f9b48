/**
 * Revocation lists of makers of processors: RFC 5280 section 5. Complete lists only, and of them what is asked about:
 * who gave them out, when, and which numbers they name.
 */
import { type Bytes, equal } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import { content, context, elements, INTEGER, only, SEQUENCE, type Tlv } from "../crypto/der.ts";
import { type Signed, splitSigned } from "../x509/signed.ts";
import { extensionsOf, type MakerCertificate, serialOf, timeOf } from "./certificates.ts";
import { demand } from "./checks.ts";
import { isSignedBy } from "./signature.ts";

export interface MakerCrl {
  /** Name in DER. */
  readonly issuer: Bytes;
  /** Milliseconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** As `MakerCertificate.serial`. */
  readonly revoked: ReadonlySet<string>;
  readonly signed: Signed;
}

/** From DER. A list has to say when the next one comes, and may narrow itself in nothing. @throws SyntaxError */
export const parseMakerCrl = (der: Uint8Array): MakerCrl => {
  const signed = splitSigned(der);
  const [version, algorithm, issuer, thisUpdate, nextUpdate, ...rest] = elements(only(signed.tbs, SEQUENCE));
  if (content(version, INTEGER)[0] !== 1 || !algorithm || !equal(algorithm.bytes, signed.algorithm))
    throw new SyntaxError("a revocation list of version 2 with one algorithm is expected");
  if (!issuer || !thisUpdate || !nextUpdate) throw new SyntaxError("not a revocation list");
  const list = rest[0]?.tag === SEQUENCE ? rest[0] : undefined;
  const [extensions, more] = list ? rest.slice(1) : rest;
  if (more || (extensions && extensions.tag !== context(0))) throw new SyntaxError("not a revocation list");
  extensionsOf(extensions?.content);
  return {
    issuer: issuer.bytes,
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    revoked: new Set(list ? elements(list.content).map(revokedSerial) : []),
    signed,
  };
};

/** Whatever the date and the reason say: one that is named does not count. */
const revokedSerial = (entry: Tlv): string => {
  const [serial, date, extensions] = elements(content(entry, SEQUENCE));
  if (!date) throw new SyntaxError("an entry without a date");
  extensionsOf(extensions?.bytes);
  return serialOf(serial);
};

/**
 * That `issuer` gave out the list, that it is the newest at `at`, and that it names none of the certificates.
 * @returns milliseconds, until when it counts
 * @throws Doubt
 */
export const demandNotRevoked = (
  crl: MakerCrl,
  issuer: MakerCertificate,
  certificates: readonly MakerCertificate[],
  at: number,
): number => {
  const what = `the revocation list of ${issuer.name}`;
  demand(equal(crl.issuer, issuer.subject), `${what} is given out by another`);
  demand(isSignedBy(crl.signed, issuer.spki), `${what} has a wrong signature`);
  demandCurrent(what, crl.thisUpdate, crl.nextUpdate, at);
  for (const { name, serial } of certificates)
    demand(!crl.revoked.has(serial), `the certificate ${name} (${serial}) is revoked by ${issuer.name}`);
  return crl.nextUpdate;
};

/** @throws Doubt unless `at` lies between the two, all in milliseconds */
export const demandCurrent = (what: string, from: number, until: number, at: number): void => {
  demand(at >= from, `${what} is of ${iso(from)}, later than ${iso(at)}`);
  const renew = "Fetch the maker's newest";
  demand(at <= until, `${what} was to be renewed by ${iso(until)}; at ${iso(at)} it proves nothing. ${renew}`);
};
