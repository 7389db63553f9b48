/** Of keys in memory and of certificates. Loaded where it is needed: it stands on all of X.509. */
import { fromBase64 } from "../../base/bytes.ts";
import type { Identity } from "../../sdk/acts.ts";
import { identityOf } from "../../sdk/workflows/identity.ts";
import { thumbprint } from "../../trust/keys.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import type { Keyring } from "./backup.ts";

/** Of a key that was opened for as long as the page lasts. */
export const signerInMemory = ({ leaf }: Keyring, by: string): Identity => identityOf(leaf, by);

export const fingerprintOf = (certificate: string): string =>
  thumbprint(parseCertificate(fromBase64(certificate)).publicKey);
