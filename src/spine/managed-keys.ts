/**
 * Chain identities for members who would rather keep no key: either the platform keeps it, whose operator can then sign
 * in their name, or it is a group's of key nodes, which nobody holds (group-identity.ts). Every answer that speaks of
 * such a key says which.
 */
import { generateKey, sign } from "#crypto";
import { fromBase64, toBase64 } from "../base/bytes.ts";
import { type Clock, DAY } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { createTurns } from "../base/turns.ts";
import type { ServerKey } from "../platform/server-key.ts";
import { keyFromPem, keyToPem } from "../trust/keys.ts";
import type { Signer } from "../trust/statement.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import { createCa, issue, randomSerial } from "../trust/x509/issue.ts";
import { refuse } from "./errors.ts";
import {
  CA_LIFETIME,
  foundedInGroup,
  type GroupKeys,
  groupSigner,
  type KeptInGroup,
  LEAF_LIFETIME,
  movedIntoGroup,
  type Owner,
  withLeaf,
} from "./group-identity.ts";
import type { ViewsStore } from "./views-store.ts";

const RENEWED_AFTER = DAY;

interface KeptHere {
  readonly caKey: string;
  /** DER, base64. */
  readonly ca: string;
}
type Kept = KeptHere | KeptInGroup;
const isInGroup = (kept: Kept): kept is KeptInGroup => "key" in kept;

/** What another server key sealed signs nothing any more; the rest of the platform starts all the same. */
const unopened = (error: unknown): null => {
  if (error instanceof Refusal) return null;
  throw error;
};

/** Who has the key: the platform, or a group (G…; undefined: the platform's choice). */
export type Keeper = "platform" | { readonly group: string | undefined };

/** The key of a managed identity, as others are told of it; null where the platform keeps it. */
export type ManagedKey = Pick<KeptInGroup, "key" | "group"> & { readonly held: string | null };

export interface ManagedKeysDeps {
  readonly views: ViewsStore;
  readonly serverKey: ServerKey;
  readonly clock: Clock;
  /** Undefined where no pillar has any. */
  readonly groupKeys: () => GroupKeys | undefined;
}

export const createManagedKeys = ({ views, serverKey, clock, groupKeys }: ManagedKeysDeps) => {
  const contextOf = (accountId: string) => `managed-key ${accountId}`;
  const members = new Map<string, ManagedKey | null>();
  /** Signers in use, by account, until their leaf is to be looked at again. */
  const inUse = new Map<
    string,
    { readonly nickname: string; readonly until: number; readonly signer: Promise<Signer> }
  >();
  const turns = new Map<string, ReturnType<typeof createTurns>>();

  const read = async (accountId: string): Promise<Kept | undefined> => {
    const sealed = await views.managedKey(accountId);
    return sealed && (JSON.parse(serverKey.open(sealed, contextOf(accountId))) as Kept);
  };
  const keep = async (accountId: string, kept: Kept): Promise<void> => {
    await views.putManagedKey({ accountId, sealed: serverKey.seal(JSON.stringify(kept), contextOf(accountId)) });
    inUse.delete(accountId);
  };
  const shown = (kept: Kept): ManagedKey | null =>
    isInGroup(kept) ? { key: kept.key, group: kept.group, held: kept.held ?? null } : null;

  /** @throws Refusal managed.no-group */
  const requireGroupKeys = (): GroupKeys => {
    const keys = groupKeys();
    if (!keys) throw refuse("managed.no-group");
    return keys;
  };

  const createHere = (nickname: string): KeptHere => {
    const key = generateKey("P-256");
    const ca = createCa({
      name: { commonName: `${nickname} CA` },
      key,
      notBefore: clock.now() - DAY,
      notAfter: clock.now() + CA_LIFETIME,
      serial: randomSerial(),
    });
    return { caKey: keyToPem(key), ca: toBase64(ca.der) };
  };

  /** A leaf of a fresh key for each life of the server: what is kept is the authority alone. */
  const signerHere = ({ caKey, ca }: KeptHere, nickname: string): Signer => {
    const authority = parseCertificate(fromBase64(ca));
    const key = generateKey("P-256");
    const leaf = issue({
      ca: authority,
      caKey: keyFromPem(caKey),
      publicKey: key.publicKey,
      subject: { commonName: nickname },
      notBefore: clock.now() - DAY,
      notAfter: Math.min(clock.now() + LEAF_LIFETIME, authority.notAfter),
      serial: randomSerial(),
    });
    return { alg: "ES256", certificate: toBase64(leaf.der), sign: (input) => sign(key, input) };
  };

  const signerInGroup = async (accountId: string, kept: KeptInGroup): Promise<Signer> => {
    const keys = requireGroupKeys();
    const current = await withLeaf(keys, kept, clock.now());
    if (current !== kept) await keep(accountId, current);
    return groupSigner(keys, current, current.leaf ?? "");
  };

  const founderOf = (kept: Kept): Signer => {
    if (isInGroup(kept)) return groupSigner(requireGroupKeys(), kept, kept.ca);
    const key = keyFromPem(kept.caKey);
    return { alg: "ES256", certificate: kept.ca, sign: (input) => sign(key, input) };
  };

  const create = (owner: Owner, keeper: Keeper): Promise<Kept> | Kept =>
    keeper === "platform"
      ? createHere(owner.nickname)
      : foundedInGroup(requireGroupKeys(), owner, keeper.group, clock.now());

  /** Whether what was made before, for a founding that came to nothing, is what is asked for now. */
  const isKeptBy = (kept: Kept, keeper: Keeper): boolean =>
    isInGroup(kept) ? keeper !== "platform" && (keeper.group ?? kept.group) === kept.group : keeper === "platform";

  return {
    /** @param group the member's choice, if it made one */
    keeperOf: (group: string | undefined): Keeper =>
      group !== undefined || groupKeys()?.isPreset ? { group } : "platform",
    /** One founding, or move, of an account's key at a time. */
    inTurn<T>(accountId: string, work: () => Promise<T>): Promise<T> {
      const take = turns.get(accountId) ?? createTurns();
      turns.set(accountId, take);
      return take(work);
    },
    /** The certificate authority (DER, base64) that an organisation is founded with, and what signs for it. */
    async founder(accountId: string, owner: Owner, keeper: Keeper) {
      const before = await read(accountId);
      const kept = before && isKeptBy(before, keeper) ? before : await create(owner, keeper);
      if (kept !== before) await keep(accountId, kept);
      return { authority: kept.ca, signer: founderOf(kept), key: shown(kept) };
    },
    /** What signs for the account; undefined for those that keep their key themselves. */
    async find(accountId: string, nickname: string): Promise<Signer | undefined> {
      const used = inUse.get(accountId);
      if (used?.nickname === nickname && clock.now() < used.until) return used.signer;
      const kept = await read(accountId);
      if (!kept) return undefined;
      const signer = isInGroup(kept) ? signerInGroup(accountId, kept) : Promise.resolve(signerHere(kept, nickname));
      const use = { nickname, until: clock.now() + RENEWED_AFTER, signer };
      inUse.set(accountId, use);
      signer.catch(() => inUse.get(accountId) === use && inUse.delete(accountId));
      return signer;
    },
    /** Hands the key of an account that the platform keeps to a group, and gives up its own. */
    async move(accountId: string, owner: Owner, group: string | undefined): Promise<ManagedKey | null> {
      const before = await read(accountId);
      if (!before) throw refuse("managed.absent");
      if (isInGroup(before)) throw refuse("managed.moved", { key: before.key, group: before.group });
      const own = { caKey: keyFromPem(before.caKey, { accept: ["P-256"] }), ca: before.ca };
      const kept = await movedIntoGroup(requireGroupKeys(), owner, group, own, clock.now());
      await keep(accountId, kept);
      return shown(kept);
    },
    /** After a start: whose keys are kept. */
    async load(accounts: { get(id: string): Promise<{ member: string | null }> }) {
      for (const id of await views.managedAccounts()) {
        const { member } = await accounts.get(id);
        if (member) members.set(member, await read(id).then((kept) => (kept ? shown(kept) : null), unopened));
      }
    },
    /** Notes which members are managed, so that answers can say so. */
    note: (member: string, key: ManagedKey | null) => void members.set(member, key),
    /** Undefined for members that keep their key themselves. */
    keyOf: (member: string): ManagedKey | null | undefined => members.get(member),
  };
};
export type ManagedKeys = ReturnType<typeof createManagedKeys>;
