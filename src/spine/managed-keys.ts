/**
 * Chain identities whose key the platform keeps, for members who would rather not: the operator can then sign in
 * their name, and every answer that speaks of such a key says so.
 */
import { generateKey, sign } from "#crypto";
import { fromBase64, toBase64 } from "../base/bytes.ts";
import { type Clock, DAY } from "../base/clock.ts";
import type { ServerKey } from "../platform/server-key.ts";
import { keyFromPem, keyToPem } from "../trust/keys.ts";
import type { Signer } from "../trust/statement.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import { createCa, issue, randomSerial } from "../trust/x509/issue.ts";
import type { ViewsStore } from "./views-store.ts";

const CA_LIFETIME = 3_650 * DAY;
const LEAF_LIFETIME = 90 * DAY;
const RENEWED_AFTER = DAY;

interface Kept {
  readonly caKey: string;
  /** DER, base64. */
  readonly ca: string;
}

export interface ManagedIdentity extends Signer {
  /** The certificate authority (DER, base64), and what founds the organisation with it. */
  readonly authority: string;
  readonly founder: Signer;
}

export interface ManagedKeysDeps {
  readonly views: ViewsStore;
  readonly serverKey: ServerKey;
  readonly clock: Clock;
}

export const createManagedKeys = ({ views, serverKey, clock }: ManagedKeysDeps) => {
  const contextOf = (accountId: string) => `managed-key ${accountId}`;
  const members = new Set<string>();
  /** Identities in use, by account, until their leaf is to be renewed. */
  const inUse = new Map<
    string,
    { readonly nickname: string; readonly until: number; readonly identity: ManagedIdentity }
  >();

  /** A leaf of a fresh key for each life of the server: what is kept is the authority alone. */
  const signerOf = ({ caKey, ca }: Kept, nickname: string): ManagedIdentity => {
    const authority = parseCertificate(fromBase64(ca));
    const authorityKey = keyFromPem(caKey);
    const key = generateKey("P-256");
    const leaf = issue({
      ca: authority,
      caKey: authorityKey,
      publicKey: key.publicKey,
      subject: { commonName: nickname },
      notBefore: clock.now() - DAY,
      notAfter: Math.min(clock.now() + LEAF_LIFETIME, authority.notAfter),
      serial: randomSerial(),
    });
    return {
      alg: "ES256",
      certificate: toBase64(leaf.der),
      sign: (input) => sign(key, input),
      authority: ca,
      founder: { alg: "ES256", certificate: ca, sign: (input) => sign(authorityKey, input) },
    };
  };

  return {
    /** Makes the account's certificate authority. @throws the database's error when it has one */
    async create(accountId: string, nickname: string): Promise<ManagedIdentity> {
      const key = generateKey("P-256");
      const ca = createCa({
        name: { commonName: `${nickname} CA` },
        key,
        notBefore: clock.now() - DAY,
        notAfter: clock.now() + CA_LIFETIME,
        serial: randomSerial(),
      });
      const kept: Kept = { caKey: keyToPem(key), ca: toBase64(ca.der) };
      await views.putManagedKey({ accountId, sealed: serverKey.seal(JSON.stringify(kept), contextOf(accountId)) });
      return signerOf(kept, nickname);
    },
    /** Undefined for accounts that keep their key themselves. */
    async find(accountId: string, nickname: string): Promise<ManagedIdentity | undefined> {
      const used = inUse.get(accountId);
      if (used?.nickname === nickname && clock.now() < used.until) return used.identity;
      const sealed = await views.managedKey(accountId);
      if (!sealed) return undefined;
      const identity = signerOf(JSON.parse(serverKey.open(sealed, contextOf(accountId))) as Kept, nickname);
      inUse.set(accountId, { nickname, until: clock.now() + RENEWED_AFTER, identity });
      return identity;
    },
    /** After a start: whose keys are kept. */
    async load(accounts: { get(id: string): Promise<{ member: string | null }> }) {
      for (const id of await views.managedAccounts()) {
        const { member } = await accounts.get(id);
        if (member) members.add(member);
      }
    },
    /** Notes which members are managed, so that answers can say so. */
    note: (member: string) => void members.add(member),
    isManaged: (member: string) => members.has(member),
  };
};
export type ManagedKeys = ReturnType<typeof createManagedKeys>;
