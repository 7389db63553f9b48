/** Whose key must have signed a statement. */
import { fromBase64 } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import type { PublicKey } from "../trust/crypto/crypto.ts";
import { createLru } from "../trust/crypto/lru.ts";
import { refuse } from "../trust/errors.ts";
import type { Jws } from "../trust/jws.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { refuse as refuseCertificate } from "../trust/keys-errors.ts";
import type { SignedStatement } from "../trust/statement.ts";
import { type Certificate, parseCertificate } from "../trust/x509/certificate.ts";
import { type Crl, parseCrl } from "../trust/x509/crl.ts";
import { verifyCa, verifyLeaf } from "../trust/x509/verify.ts";
import type { Machine } from "./attested.ts";
import type { Organisation } from "./organisation.ts";
import type { Kind, Principal, StreamState } from "./rulebook.ts";

/** Parsed once and used for every statement after: the same objects, so that their signatures are checked once too. */
const certificates = createLru<Certificate>(4_096);
const lists = createLru<Crl>(256);

/** The key that must have signed, by what the principal is, or by its founding payload where it is founded. */
type KeyOf<S> = (jws: Jws, principal: S, founding: boolean, time: number) => PublicKey;

/** A machine signs with the key that its evidence names. */
const machineKey: KeyOf<Machine> = (_, { signingKey }) => publicKeyFromSpki(fromBase64(signingKey), ["P-256"]);

/** One line a kind of principal; each has the name of its rulebook. */
// A rulebook's state is its own.
// biome-ignore lint/suspicious/noExplicitAny: existential type
const keys: Readonly<Record<Principal, KeyOf<any>>> = {
  organisation: (jws, { authority, crl }: Organisation, founding, time) =>
    founding ? authorityKey(jws, authority, time) : memberKey(jws, { authority, crl }, time),
  enclave: machineKey,
  "key-node": machineKey,
};

/**
 * @param principal the stream of `by`; undefined where the statement founds it
 * @throws Refusal statement.principal, certificate.*
 */
export const signingKeyOf = (
  kind: Kind<unknown>,
  signed: SignedStatement,
  payload: unknown,
  principal: StreamState | undefined,
  time: number,
): PublicKey => {
  const { by } = signed.statement;
  const founding = by === "";
  const mayFound = kind.founds && kind.name.startsWith(`${kind.by}.`);
  if (founding !== Boolean(mayFound) || (!founding && principal?.book !== kind.by))
    throw refuse("statement.principal", { by: by || "(nobody)", kind: kind.name });
  return keys[kind.by](signed.jws, founding ? payload : principal?.state, founding, time);
};

/** An organisation is founded by its authority's own key: whoever has a leaf, even a revoked one, founds no second. */
const authorityKey = ({ header }: Jws, authority: string, time: number): PublicKey => {
  const ca = parsedCertificate(authority);
  verifyCa({ ca, at: time });
  if (header.x5c?.join() !== authority)
    throw refuse("statement.malformed", { reason: "the authority's own certificate is expected" });
  return ca.publicKey;
};

/**
 * The key of the leaf certificate in the header, if the member's authority issued it and has not revoked it.
 * @throws Refusal statement.malformed, certificate.*
 */
export const memberKey = (
  jws: Jws,
  { authority, crl }: Pick<Organisation, "authority" | "crl">,
  time: number,
): PublicKey => {
  const [leafText, ...more] = jws.header.x5c ?? [];
  if (!leafText || more.length > 0) throw refuse("statement.malformed", { reason: "one leaf certificate is expected" });
  const leaf = parsedCertificate(leafText);
  verifyLeaf({ leaf, ca: parsedCertificate(authority), at: time });
  // The list's own signature was checked when it was published, and the ledger makes sure that it is the newest:
  // unlike a list that is fetched, it cannot be overdue.
  const revocation = crl && lists.get(crl, () => parseCrl(fromBase64(crl))).revoked.get(leaf.serial);
  if (revocation && time >= revocation.date)
    throw refuseCertificate("certificate.revoked", {
      serial: leaf.serial,
      date: iso(revocation.date),
      reason: revocation.reason ?? "unspecified",
    });
  return leaf.publicKey;
};

const parsedCertificate = (text: string) => certificates.get(text, () => parseCertificate(fromBase64(text)));
