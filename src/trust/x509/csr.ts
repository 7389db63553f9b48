/** Certificate requests: PKCS #10, RFC 2986. */
import { CertificationRequestInfo } from "@peculiar/asn1-csr";
import { SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
import type { PrivateKey, PublicKey, SigningKind } from "../crypto/crypto.ts";
import { publicKeyFromSpki, SIGNING_KINDS } from "../keys.ts";
import { refuse } from "../keys-errors.ts";
import { toPem } from "../pem.ts";
import { type DistinguishedName, decodeName, encodeName, type Subject } from "./name.ts";
import { derFrom, parseDer, reading, signDer, splitSigned, toDer, verifySigned } from "./signed.ts";

export interface Csr {
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey<SigningKind>;
}

/** Bytes. */
const MAX_CSR = 16 * 1024;

/** A request in PEM. @throws Refusal certificate.name */
export const createCsr = ({ key, subject }: { key: PrivateKey<SigningKind>; subject: Subject }): string => {
  const info = new CertificationRequestInfo();
  info.subject = encodeName(subject);
  info.subjectPKInfo = parseDer(key.publicKey.spki, SubjectPublicKeyInfo);
  return toPem("CERTIFICATE REQUEST", signDer(toDer(info), key));
};

/**
 * Reads a request from PEM or DER. Its signature shows that whoever made it holds the key. Attributes, requested
 * extensions among them, are ignored.
 * @throws Refusal csr.malformed, csr.signature, key.kind, key.malformed, key.point
 */
export const parseCsr = (input: string | Uint8Array): Csr =>
  reading(
    () => {
      const signed = splitSigned(derFrom(input, ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"], MAX_CSR));
      const info = parseDer(signed.tbs, CertificationRequestInfo);
      const publicKey = publicKeyFromSpki(toDer(info.subjectPKInfo), SIGNING_KINDS);
      if (!verifySigned(signed, publicKey)) throw refuse("csr.signature");
      return { subject: decodeName(info.subject), publicKey };
    },
    (reason) => refuse("csr.malformed", { reason }),
  );
