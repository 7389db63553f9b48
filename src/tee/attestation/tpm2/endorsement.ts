/** The TPM's endorsement key and the certificates that vouch for it. */
import { readFile } from "node:fs/promises";
import { concat, equal } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { Doubt } from "../../../trust/attestation/checks.ts";
import { isSignedBy, parseTpmCertificate } from "../../../trust/attestation/tpm2/certificate.ts";
import { isOf, readEndorsement } from "../../../trust/attestation/tpm2/endorsement.ts";
import { HANDLE } from "../../../trust/attestation/tpm2/structures.ts";
import { endorsementKey, endorsementTemplates } from "../../../trust/attestation/tpm2/templates.ts";
import { pemBlocks } from "../../../trust/pem.ts";
import type { TpmClient } from "./client.ts";
import { createPrimary, flush, handlesFrom, type Loaded, nvContent, readPublic } from "./commands.ts";
import { refuse } from "./errors.ts";
import type { Salt } from "./session.ts";

export interface Endorsement {
  /** DER: the certificate of the key, then its issuers as far as they are known. Empty where there is none. */
  readonly certificates: readonly Uint8Array[];
  /** Has the key loaded while `work` goes on. */
  with<T>(work: (key: Loaded & Salt) => Promise<T>): Promise<T>;
}

/** Where the TCG EK Credential Profile (section 2.2.1.4) and its registry of handles put certificates and keys. */
const PLACES = [
  { type: "ecc", certificate: 0x01c0_000a, persistent: 0x8101_0002 },
  { type: "rsa", certificate: 0x01c0_0002, persistent: 0x8101_0001 },
] as const;
const ISSUERS = { first: 0x01c0_0100, last: 0x01c0_01ff };

/** The elliptic key where it is certified, the RSA key where only that is, and the elliptic one where none is. */
export const findEndorsement = async (client: TpmClient, file: string | undefined): Promise<Endorsement> => {
  const certified = [];
  for (const place of PLACES) {
    const content = await nvContent(client, place.certificate);
    if (content) certified.push({ place, certificates: split(content) });
  }
  const [{ place, certificates }] = [...certified, { place: PLACES[0], certificates: [] }];
  const [leaf] = certificates;
  const issuers = [...(await issuersInTpm(client)), ...(await issuersOnDisk(file))];
  const chain = leaf ? chainOf(leaf, issuers) : [];
  return {
    certificates: chain,
    async with(work) {
      const persistent = await readPublic(client, place.persistent);
      if (persistent && isOfType(place.type, persistent.publicArea)) return work(certifiedKey(persistent, chain));
      const loaded = await createPrimary(client, HANDLE.endorsement, endorsementTemplates[place.type]);
      try {
        return await work(certifiedKey(loaded, chain));
      } finally {
        await flush(client, loaded.handle);
      }
    },
  };
};

/** Sessions are salted with this key, so it has to be the TPM's own and not that of somebody on the bus. */
const certifiedKey = (loaded: Loaded, chain: readonly Uint8Array[]): Loaded & Salt => {
  const key = endorsementKey(loaded.publicArea);
  if (chain.length > 0 && !isOf(readEndorsement(chain), key))
    throw refuse("tpm.manufacturer", { reason: "its endorsement certificate is for another key" });
  return { ...loaded, key };
};

const isOfType = (type: string, publicArea: Uint8Array): boolean => {
  try {
    return endorsementKey(publicArea).type === type;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
};

const issuersInTpm = async (client: TpmClient): Promise<Uint8Array[]> => {
  const contents = [];
  for (const handle of await handlesFrom(client, ISSUERS.first))
    if (handle <= ISSUERS.last) contents.push((await nvContent(client, handle)) ?? new Uint8Array());
  return split(concat(...contents));
};

/** What the manufacturer publishes and the TPM does not hold. @throws Refusal tpm.settings */
const issuersOnDisk = async (file: string | undefined): Promise<Uint8Array[]> => {
  if (file === undefined) return [];
  try {
    return pemBlocks(await readFile(file, "utf8")).map(({ der }) => der);
  } catch (error) {
    throw refuse("tpm.settings", { reason: error instanceof Error ? error.message : String(error) });
  }
};

/** Certificates one after another; an index may be larger than what is in it. */
const split = (bytes: Uint8Array): Uint8Array[] => {
  const found: Uint8Array[] = [];
  // SEQUENCE with a length of two bytes: no certificate is shorter than 256 bytes or longer than 64 KiB.
  for (let at = 0; bytes[at] === 0x30 && bytes[at + 1] === 0x82; ) {
    const length = 4 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
    found.push(bytes.slice(at, at + length));
    at += length;
  }
  return found;
};

/** The leaf and its issuers, as far as the pool has them. */
const chainOf = (leaf: Uint8Array, pool: readonly Uint8Array[]): Uint8Array[] => {
  const issuers = pool.map((der) => ({ der, certificate: parseTpmCertificate(der) }));
  const chain = [{ der: leaf, certificate: parseTpmCertificate(leaf) }];
  for (let last = chain[0]; last && !equal(last.certificate.issuer, last.certificate.subject); last = chain.at(-1)) {
    const { issuer, signed } = last.certificate;
    // Some manufacturers have two authorities of one name.
    const next = issuers.find(
      (one) =>
        equal(one.certificate.subject, issuer) && isSignedBy(signed, one.certificate.spki) && !chain.includes(one),
    );
    if (!next) break;
    chain.push(next);
  }
  return chain.map(({ der }) => der);
};

/** @throws Refusal tpm.manufacturer unless the chain ends in one of the roots (SHA-256, hex) */
export const requireManufacturer = (certificates: readonly Uint8Array[], roots: ReadonlyMap<string, string>): void => {
  const reason = doubtOf(() => {
    const { root } = readEndorsement(certificates);
    if (!roots.has(root.fingerprint)) throw new Doubt(`its chain ends in ${root.name} (${root.fingerprint})`);
  });
  if (reason !== undefined) throw refuse("tpm.manufacturer", { reason });
};

const doubtOf = (judge: () => void): string | undefined => {
  try {
    judge();
    return undefined;
  } catch (error) {
    if (error instanceof Doubt || error instanceof SyntaxError || error instanceof Refusal) return error.message;
    throw error;
  }
};
