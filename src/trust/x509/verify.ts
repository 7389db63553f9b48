/** Whether a certificate counts: RFC 5280 section 6 for chains of one CA and one leaf. Nothing is fetched. */
import { equal } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import { refuse } from "../keys-errors.ts";
import type { Certificate } from "./certificate.ts";
import { assertCurrent, type Crl } from "./crl.ts";
import { type Signed, verifySigned } from "./signed.ts";

/**
 * Checks that `leaf` may sign data at the time `at` (milliseconds) because `ca`, which the caller trusts, says so.
 * A certificate counts until the date its revocation gives, so a list newer than `at` serves as well as the one of
 * the day: what was signed before stays signed. A list overdue at `at` is refused.
 * @throws Refusal certificate.not-a-ca, certificate.not-a-leaf, certificate.issuer, certificate.signature,
 *   certificate.expired, certificate.not-yet-valid, certificate.revoked, crl.issuer, crl.signature, crl.expired
 */
export const verifyLeaf = ({ leaf, ca, crl, at }: { leaf: Certificate; ca: Certificate; crl?: Crl; at: number }) => {
  if (!ca.isCa) throw refuse("certificate.not-a-ca", { subject: ca.subject.text });
  if (!leaf.signsData) throw refuse("certificate.not-a-leaf", { subject: leaf.subject.text });
  if (!isIssuedBy(leaf, ca)) {
    throw refuse("certificate.issuer", { issuer: leaf.issuer.text, expected: ca.subject.text });
  }
  if (!isSignedBy(leaf.signed, ca)) throw refuse("certificate.signature", { subject: leaf.subject.text });
  assertValid(ca, at);
  assertValid(leaf, at);
  if (crl) assertNotRevoked(leaf, ca, crl, at);
};

/**
 * Checks that a CA's certificate is signed with its own key, so whoever presents it holds that key or copied it from
 * one who does. Whether to trust it is for the caller to say.
 * @throws Refusal certificate.not-a-ca, certificate.issuer, certificate.signature, certificate.expired,
 *   certificate.not-yet-valid
 */
export const verifyCa = ({ ca, at }: { ca: Certificate; at: number }): void => {
  if (!ca.isCa) throw refuse("certificate.not-a-ca", { subject: ca.subject.text });
  if (!isIssuedBy(ca, ca)) throw refuse("certificate.issuer", { issuer: ca.issuer.text, expected: ca.subject.text });
  if (!isSignedBy(ca.signed, ca)) throw refuse("certificate.signature", { subject: ca.subject.text });
  assertValid(ca, at);
};

/**
 * Checks that `ca` issued the list and, where a time is given, that it is current then.
 * @throws Refusal certificate.not-a-ca, crl.issuer, crl.signature, crl.expired, crl.not-yet-valid
 */
export const verifyCrl = ({ crl, ca, at }: { crl: Crl; ca: Certificate; at?: number }): void => {
  if (!ca.signsCrls) throw refuse("certificate.not-a-ca", { subject: ca.subject.text });
  if (!isIssuedBy(crl, ca)) throw refuse("crl.issuer", { issuer: crl.issuer.text, expected: ca.subject.text });
  if (!isSignedBy(crl.signed, ca)) throw refuse("crl.signature");
  if (at !== undefined) assertCurrent(crl, at);
};

const assertNotRevoked = (leaf: Certificate, ca: Certificate, crl: Crl, at: number): void => {
  verifyCrl({ crl, ca });
  const entry = crl.revoked.get(leaf.serial);
  if (entry && at >= entry.date) {
    throw refuse("certificate.revoked", {
      serial: leaf.serial,
      date: iso(entry.date),
      reason: entry.reason ?? "unspecified",
    });
  }
  if (at > crl.thisUpdate) assertCurrent(crl, at);
};

const assertValid = ({ subject, notBefore, notAfter }: Certificate, at: number): void => {
  if (at < notBefore) throw refuse("certificate.not-yet-valid", { subject: subject.text, notBefore: iso(notBefore) });
  // The last second counts whole: certificates know no fractions.
  if (at >= notAfter + 1000) throw refuse("certificate.expired", { subject: subject.text, notAfter: iso(notAfter) });
};

const isIssuedBy = (issued: Pick<Certificate, "issuer" | "authorityKeyId">, ca: Certificate): boolean =>
  equal(issued.issuer.der, ca.subject.der) &&
  (issued.authorityKeyId === undefined || ca.subjectKeyId === undefined || issued.authorityKeyId === ca.subjectKeyId);

/** Signatures found good, by the key they were checked with: the same leaf or list is asked about again and again. */
const good = new WeakMap<Signed, WeakSet<Certificate>>();

const isSignedBy = (signed: Signed, ca: Certificate): boolean => {
  if (good.get(signed)?.has(ca)) return true;
  if (!verifySigned(signed, ca.publicKey)) return false;
  good.set(signed, (good.get(signed) ?? new WeakSet()).add(ca));
  return true;
};
