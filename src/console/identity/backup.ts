/**
 * The backup of an organisation's keys: authority and leaf, each encrypted under a passphrase (RFC 5958), in one PEM
 * file. Deriving a key from a passphrase takes a second on purpose, so a worker does it and the page stays awake.
 */
import type { Keyed } from "../../sdk/workflows/identity.ts";
import { keyFromPem, keyToPem } from "../../trust/keys.ts";
import { toPem } from "../../trust/pem.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { askOnce } from "../parts/beside.ts";
import type { Answer, Asked, PlainKeyed } from "./backup-worker.ts";

/** An authority and a leaf with their keys, in memory only. */
export interface Keyring {
  readonly authority: Keyed;
  readonly leaf: Keyed;
}

const ask = <A extends Asked>(asked: A): Promise<Answer<A>> =>
  askOnce(new Worker(new URL("./backup-worker.ts", import.meta.url), { type: "module" }), asked);

const plain = ({ certificate, key }: Keyed): PlainKeyed => ({
  certificate: toPem("CERTIFICATE", certificate.der),
  key: keyToPem(key),
});
const keyed = ({ certificate, key }: PlainKeyed): Keyed => ({
  certificate: parseCertificate(certificate),
  key: keyFromPem(key),
});

export const backupOf = ({ authority, leaf }: Keyring, passphrase: string): Promise<string> =>
  ask({ passphrase, close: [plain(authority), plain(leaf)] });

/** @throws Refusal key.*, certificate.*, identity.backup */
export const openBackup = async (pem: string, passphrase: string): Promise<Keyring> => {
  const { authority, leaf } = await ask({ passphrase, open: pem });
  return { authority: keyed(authority), leaf: keyed(leaf) };
};
