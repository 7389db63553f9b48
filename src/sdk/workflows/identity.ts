/**
 * An organisation's own identity: a certificate authority made and kept by itself, leaves for whoever signs in its
 * name, and its place on the ledger. Keys are made here and never sent.
 */
import { generateKey, sign } from "#crypto";
import { fromBase64, toBase64 } from "../../base/bytes.ts";
import { DAY, MINUTE } from "../../base/clock.ts";
import type { PrivateKey, SigningKind } from "../../trust/crypto/crypto.ts";
import { ALGORITHMS } from "../../trust/jws.ts";
import type { Certificate } from "../../trust/x509/certificate.ts";
import { type Crl, createCrl, parseCrl, type Revocation, type RevocationReason } from "../../trust/x509/crl.ts";
import { createCa, issue, issueFromCsr, randomSerial } from "../../trust/x509/issue.ts";
import type { Subject } from "../../trust/x509/name.ts";
import { verifyCrl } from "../../trust/x509/verify.ts";
import type { Identity } from "../acts.ts";
import type { Client } from "../client.ts";

const CA_LASTS = 3_650 * DAY;
const LEAF_LASTS = 365 * DAY;
/** Clocks differ a little: a certificate counts from shortly before it was made. */
const BEFORE = MINUTE;
const CRL_LASTS = 30 * DAY;

/** A certificate with its key. */
export interface Keyed {
  readonly certificate: Certificate;
  readonly key: PrivateKey<SigningKind>;
}

export interface CreateOptions {
  readonly kind?: SigningKind | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A certificate authority of the organisation's own, for ten years. @throws Refusal certificate.name */
export const createAuthority = (organization: string, { kind = "P-256", now }: CreateOptions): Keyed => {
  const key = generateKey(kind);
  const name = { commonName: caName(organization), organization };
  return { key, certificate: createCa({ name, key, ...period(now, now + CA_LASTS) }) };
};

/** X.520 gives a common name 64 characters. */
const caName = (organization: string): string => `${[...organization].slice(0, 61).join("")} CA`;

const period = (now: number, notAfter: number) => ({ notBefore: now - BEFORE, notAfter, serial: randomSerial() });

/** No leaf outlives its authority. */
const leafPeriod = ({ certificate }: Keyed, now: number) =>
  period(now, Math.min(now + LEAF_LASTS, certificate.notAfter));

/** A new key and a leaf for it, for a year. To renew is to issue again. @throws Refusal certificate.* */
export const issueLeaf = (authority: Keyed, subject: Subject, { kind = "P-256", now }: CreateOptions): Keyed => {
  const key = generateKey(kind);
  const { certificate: ca, key: caKey } = authority;
  const certificate = issue({ ca, caKey, publicKey: key.publicKey, subject, ...leafPeriod(authority, now) });
  return { key, certificate };
};

/** A leaf for the key of a certificate request (PKCS #10, PEM). @throws Refusal csr.*, certificate.* */
export const acceptCsr = (authority: Keyed, csr: string, now: number): Certificate =>
  issueFromCsr({ ca: authority.certificate, caKey: authority.key, csr, ...leafPeriod(authority, now) });

/** What signs acts. @param by stream id of the organisation; undefined before it is founded */
export const identityOf = ({ key, certificate }: Keyed, by?: string): Identity => ({
  alg: ALGORITHMS[key.kind],
  certificate: toBase64(certificate.der),
  sign: (input) => sign(key, input),
  ...(by !== undefined && { by }),
});

/** Puts the authority on the ledger. @param client signs with a leaf of it */
export const foundOrganisation = (
  client: Pick<Client, "organisations">,
  authority: Certificate,
  { nickname, appId }: { nickname: string; appId: string },
) => client.organisations.found({ appId, authority: toBase64(authority.der), detail: { nickname } });

/** The authority's certificate with another ten years for the same name and key, put on the ledger. */
export const renewAuthority = async (
  client: Pick<Client, "organisations">,
  id: string,
  { key, certificate }: Keyed,
  now: number,
): Promise<Certificate> => {
  const { commonName = "", organization } = certificate.subject;
  const renewed = createCa({ name: { commonName, organization }, key, ...period(now, now + CA_LASTS) });
  await client.organisations.renewAuthority(id, { authority: toBase64(renewed.der) });
  return renewed;
};

export interface Revoked {
  /** As in the certificate, hexadecimal. */
  readonly serial: string;
  readonly reason?: RevocationReason | undefined;
}

type Entry = Revocation & { reason?: RevocationReason };

/** Everything revoked in any of the lists or now, from the earliest of its dates on: nothing is ever taken back. */
const merged = (lists: readonly Crl[], more: readonly Entry[]): Entry[] => {
  const entries = new Map<string, Entry>();
  for (const entry of [...lists.flatMap(({ revoked }) => [...revoked.values()] as Entry[]), ...more]) {
    const before = entries.get(entry.serial);
    if (!before || entry.date < before.date) entries.set(entry.serial, entry);
  }
  return [...entries.values()];
};

/**
 * Publishes the organisation's revocation list with these certificates added; with none, a newer one of the same.
 * What the server shows as the present list counts only where the organisation's own CA has signed it.
 * @param id stream id of the organisation
 * @param known the list published last, as far as it is known here: the server may show an older one, or none
 * @throws Refusal crl.issuer, crl.signature, crl.malformed where the server shows a list of somebody else's
 */
export const publishRevocations = async (
  client: Pick<Client, "organisations">,
  id: string,
  { certificate: ca, key: caKey }: Keyed,
  more: readonly Revoked[],
  now: number,
  known?: Crl,
): Promise<Crl> => {
  const { crl } = await client.organisations.get({ id });
  const lists = [...(known ? [known] : []), ...(crl === null ? [] : [parseCrl(fromBase64(crl))])];
  for (const each of lists) verifyCrl({ crl: each, ca });
  const added = more.map(({ serial, reason = "unspecified" }) => ({ serial, date: now, reason }));
  const list = createCrl({
    ca,
    caKey,
    number: Math.max(0, ...lists.map(({ number = 0 }) => number)) + 1,
    thisUpdate: now - BEFORE,
    nextUpdate: now + CRL_LASTS,
    revoked: merged(lists, added),
  });
  await client.organisations.publishCrl(id, { crl: toBase64(list.der) });
  return list;
};
