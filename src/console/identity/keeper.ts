/**
 * The member's own key in this browser: made here, kept by the browser so that no script reads it out (WebCrypto, not
 * extractable), backed up as encrypted PEM. The authority's key is in the backup alone.
 */
import { toBase64 } from "../../base/bytes.ts";
import type { Identity } from "../../sdk/acts.ts";
import type { Keyring } from "./backup.ts";
import { refuse } from "./errors.ts";

/** What is kept of an account. */
export interface Kept {
  readonly accountId: string;
  /** ECDSA P-256, for signing, not extractable. */
  readonly key: CryptoKey;
  /** Leaf and authority: DER, base64. */
  readonly certificate: string;
  readonly authority: string;
  /** Stream id of the organisation; undefined until it is founded. */
  readonly by?: string | undefined;
}

const EC = { name: "ECDSA", namedCurve: "P-256" } as const;

const database = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open("entente", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("identities", { keyPath: "accountId" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const inStore = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction("identities", mode);
      const request = work(transaction.objectStore("identities"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
};

export const keptOf = (accountId: string): Promise<Kept | undefined> =>
  inStore<Kept | undefined>("readonly", (store) => store.get(accountId));
export const forget = (accountId: string): Promise<undefined> =>
  inStore("readwrite", (store) => store.delete(accountId));
const put = (kept: Kept): Promise<IDBValidKey> => inStore("readwrite", (store) => store.put(kept));

/** Keeps the leaf's key, beyond the reach of scripts. @throws Refusal identity.curve */
export const keep = async (accountId: string, { authority, leaf }: Keyring, by?: string): Promise<Kept> => {
  if (leaf.key.kind !== "P-256") throw refuse("identity.curve", { kind: leaf.key.kind });
  const pkcs8 = leaf.key.pkcs8() as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, EC, false, ["sign"]);
  const kept: Kept = {
    ...{ accountId, key, by },
    certificate: toBase64(leaf.certificate.der),
    authority: toBase64(authority.certificate.der),
  };
  await put(kept);
  return kept;
};

/** The organisation was founded: from now on it signs in its name. */
export const founded = async (kept: Kept, by: string): Promise<Kept> => {
  const now = { ...kept, by };
  await put(now);
  return now;
};

export const signerOf = ({ key, certificate, by }: Kept): Identity => ({
  alg: "ES256",
  certificate,
  sign: async (input) =>
    new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, input as Uint8Array<ArrayBuffer>)),
  ...(by !== undefined && { by }),
});
