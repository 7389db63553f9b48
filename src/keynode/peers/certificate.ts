/**
 * The certificate that a key node shows to its peers (docs/protocols/peers.md section 1): self-signed by the node's TLS
 * key, its common name the node's stream. Nobody vouches for it: what counts is that the ledger names its key.
 */
import type { X509Certificate } from "node:crypto";
import { type Clock, DAY } from "../../base/clock.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { toPem } from "../../trust/pem.ts";
import { certificateToPem } from "../../trust/x509/certificate.ts";
import { createCa, randomSerial } from "../../trust/x509/issue.ts";

/** PEM, as node:tls takes them. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** Made at every start. Peers don't look at its validity: a key counts for as long as the ledger says so. */
export const createTlsIdentity = (node: string, key: PrivateKey<"P-256">, clock: Clock): TlsIdentity => {
  const validity = { notBefore: clock.now() - DAY, notAfter: clock.now() + 3_650 * DAY };
  const certificate = createCa({ name: { commonName: node }, key, ...validity, serial: randomSerial() });
  return { cert: certificateToPem(certificate), key: toPem("PRIVATE KEY", key.pkcs8()) };
};

/** The stream that a certificate names: a claim. */
export const claimedNode = ({ subject }: X509Certificate): string | undefined =>
  /^CN=([0-9a-f]{64})$/.exec(subject)?.[1];

export const keyOfCertificate = ({ publicKey }: X509Certificate): Uint8Array =>
  publicKey.export({ type: "spki", format: "der" });
