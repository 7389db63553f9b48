/** Endorsement chains: by them a manufacturer says that a key lives in one of its TPMs. */
import { sha256Hex } from "#crypto";
import { type Bytes, concat, equal, fromHex, toHex } from "../../../base/bytes.ts";
import { iso } from "../../../base/clock.ts";
import { createLru } from "../../crypto/lru.ts";
import { demand } from "../checks.ts";
import { isSignedBy, parseTpmCertificate } from "./certificate.ts";
import { isRsaKey, rsaKeyFromSpki } from "./rsa.ts";
import type { EndorsementKey } from "./templates.ts";

/** What a chain of certificates says; when it says it is for the caller to check. */
export interface Endorsement {
  /** The certificate's key as SubjectPublicKeyInfo (DER). */
  readonly spki: Bytes;
  /** SHA-256 (hex) and name of the last certificate. */
  readonly root: { readonly fingerprint: string; readonly name: string };
  /** Of all of the chain, milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Manufacturer, model and version, as the certificate names them; empty where it does not. */
  readonly tpm: string;
}

/** The same TPM attests again and again, and its chain costs more than its quote. */
const seen = createLru<Endorsement>(256);

/**
 * Checks signatures, names and purposes along the chain.
 * @param chain DER, the endorsement certificate first, each issued by the next, to its root
 * @throws Doubt, SyntaxError
 */
export const readEndorsement = (chain: readonly Uint8Array[]): Endorsement =>
  seen.get(chain.map((der) => sha256Hex(der)).join(), () => read(chain));

/** tcg-kp-EKCertificate, TCG EK Credential Profile 2.5 section 3.2.16. */
const ENDORSEMENT_PURPOSE = "2.23.133.8.1";

const read = (chain: readonly Uint8Array[]): Endorsement => {
  const certificates = chain.map(parseTpmCertificate);
  const [leaf, ...issuers] = certificates;
  const root = certificates.at(-1);
  demand(leaf !== undefined && root !== undefined, "the evidence has no endorsement certificate");
  const isEndorsement = !leaf.isCa && leaf.purposes.includes(ENDORSEMENT_PURPOSE);
  demand(isEndorsement, `the first certificate, ${leaf.name}, is not one of an endorsement key`);
  issuers.forEach((issuer, i) => {
    const issued = certificates[i] ?? leaf;
    demand(issuer.isCa, `${issuer.name} may not issue certificates`);
    demand(equal(issued.issuer, issuer.subject), `${issued.name} was not issued by ${issuer.name}`);
    demand(isSignedBy(issued.signed, issuer.spki), `the signature of ${issuer.name} on ${issued.name} is wrong`);
  });
  return {
    spki: leaf.spki,
    root: { fingerprint: root.fingerprint, name: root.name },
    notBefore: Math.max(...certificates.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...certificates.map(({ notAfter }) => notAfter)),
    tpm: leaf.tpm,
  };
};

/** @param at milliseconds. @throws Doubt */
export const demandValid = ({ notBefore, notAfter }: Endorsement, at: number): void => {
  demand(at >= notBefore, `the endorsement chain is valid from ${iso(notBefore)}, not at ${iso(at)}`);
  // The last second counts whole: certificates know no fractions.
  demand(at < notAfter + 1000, `the endorsement chain ended on ${iso(notAfter)}, before ${iso(at)}`);
};

const P256_SPKI = fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200");

/** Whether the certificate is for this very key of the TPM. @throws SyntaxError */
export const isOf = ({ spki }: Endorsement, key: EndorsementKey): boolean => {
  if (key.type === "ecc") return equal(spki, concat(P256_SPKI, key.point));
  if (!isRsaKey(spki)) return false;
  const { modulus, exponent } = rsaKeyFromSpki(spki);
  return equal(modulus, key.modulus) && toHex(exponent) === "010001";
};
