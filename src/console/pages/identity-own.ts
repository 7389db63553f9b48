/** Opens the backup of the organisation whose page this is, and of no other. */
import { fromBase64 } from "../../base/bytes.ts";
import type { Client } from "../../sdk/client.ts";
import { thumbprint } from "../../trust/keys.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { type Keyring, openBackup } from "../identity/backup.ts";
import { refuse } from "../identity/errors.ts";

/** @throws Refusal key.*, certificate.*, identity.backup, identity.other */
export const ownKeyring = async (client: Client, me: string, pem: string, passphrase: string): Promise<Keyring> => {
  const keyring = await openBackup(pem, passphrase);
  const { authorities } = await client.organisations.get({ id: me });
  const mine = thumbprint(keyring.authority.certificate.publicKey);
  if (!authorities.some((der) => thumbprint(parseCertificate(fromBase64(der)).publicKey) === mine))
    throw refuse("identity.other");
  return keyring;
};
