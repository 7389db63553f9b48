/** A keyring in memory, and its backup as encrypted PEM. Loaded where it is needed: it stands on all of X.509. */
import { fromBase64 } from "../../base/bytes.ts";
import type { Identity } from "../../sdk/acts.ts";
import { identityOf, type Keyed } from "../../sdk/workflows/identity.ts";
import { keyFromPem, keyToPem, thumbprint } from "../../trust/keys.ts";
import { pemBlocks, toPem } from "../../trust/pem.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { refuse } from "./errors.ts";
import type { Keyring } from "./keeper.ts";

/** Of a key that was opened for as long as the page lasts. */
export const signerInMemory = ({ leaf }: Keyring, by: string): Identity => identityOf(leaf, by);

export const fingerprintOf = (certificate: string): string =>
  thumbprint(parseCertificate(fromBase64(certificate)).publicKey);

/** Authority and leaf with their keys, each encrypted under the passphrase (RFC 5958), in one PEM file. */
export const backupOf = ({ authority, leaf }: Keyring, passphrase: string): string =>
  [authority, leaf]
    .flatMap(({ certificate, key }) => [toPem("CERTIFICATE", certificate.der), keyToPem(key, passphrase)])
    .join("");

/** @throws Refusal key.*, certificate.*, identity.backup */
export const openBackup = (pem: string, passphrase: string): Keyring => {
  const blocks = pemBlocks(pem);
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE").map(({ der }) => parseCertificate(der));
  const keys = blocks
    .filter(({ label }) => label.endsWith("PRIVATE KEY"))
    .map(({ label, der }) => keyFromPem(toPem(label, der), { passphrase }));
  const keyed = certificates.flatMap((certificate): Keyed[] => {
    const key = keys.find(({ publicKey }) => thumbprint(publicKey) === thumbprint(certificate.publicKey));
    return key ? [{ certificate, key }] : [];
  });
  const authority = keyed.find(({ certificate }) => certificate.isCa);
  const leaf = keyed.findLast(({ certificate }) => !certificate.isCa);
  if (!authority || !leaf) throw refuse("identity.backup");
  return { authority, leaf };
};
