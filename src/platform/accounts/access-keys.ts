/**
 * Keys with which programs sign requests. The secret is shown once; it is kept encrypted under the server key, not
 * hashed, since checking an HMAC takes the secret itself.
 */
import { randomInt } from "node:crypto";
import { type Clock, MINUTE, SECOND } from "../../base/clock.ts";
import type { AccessKeyRow, PlatformDb } from "../db/schema.ts";
import { transaction } from "../db/transaction.ts";
import type { ServerKey } from "../server-key.ts";
import type { AccessKeyStore } from "./access-keys-store.ts";
import { refuse } from "./errors.ts";
import type { Principal, Users } from "./users.ts";
import type { UserStore } from "./users-store.ts";

export const MAX_ACCESS_KEYS = 5;

export interface AccessKey {
  /** `AK` and 22 characters. */
  id: string;
  createdAt: number;
  disabledAt: number | null;
  /** To the minute; null when it was never used. */
  lastUsedAt: number | null;
}

/** `AK…` and `SK…`: the only time the secret is seen. */
export interface NewAccessKey {
  accessKeyId: string;
  accessKeySecret: string;
}

export interface AccessKeys {
  /** @throws Refusal access-key.limit, user.unknown */
  create(userId: string, db?: PlatformDb): Promise<NewAccessKey>;
  list(userId: string, db?: PlatformDb): Promise<AccessKey[]>;
  /** @throws Refusal access-key.unknown, also for a key of another user */
  setDisabled(userId: string, id: string, disabled: boolean): Promise<AccessKey>;
  /** @throws Refusal access-key.unknown, also for a key of another user */
  remove(userId: string, id: string, db?: PlatformDb): Promise<void>;
  /**
   * The secret to check a signature with, and whose it is. Notes the use.
   * @throws Refusal access-key.refused, account.suspended
   */
  resolve(id: string): Promise<{ principal: Principal; secret: string }>;
  /** Forgets what was looked up: users or accounts changed. */
  forget(): void;
}

export interface AccessKeysOptions {
  db: PlatformDb;
  store: AccessKeyStore;
  userStore: UserStore;
  users: Pick<Users, "principal">;
  serverKey: ServerKey;
  clock: Clock;
}

/** What another server changed is noticed after so long. */
const CACHED = 5 * SECOND;
const CACHE = 1_000;

export const createAccessKeys = (options: AccessKeysOptions): AccessKeys => {
  const { db, store, userStore, users, serverKey, clock } = options;
  const cache = new Map<string, { principal: Principal; secret: string; at: number; used: number }>();

  const lookUp = async (id: string) => {
    const now = clock.now();
    const cached = cache.get(id);
    if (cached && now >= cached.at && now - cached.at < CACHED) return cached;
    const row = isAccessKeyId(id) ? await store.find(id) : undefined;
    const principal = row && row.disabledAt === null ? await users.principal(row.userId) : undefined;
    if (!row || !principal) throw refuse("access-key.refused");
    const found = {
      principal,
      secret: serverKey.open(row.sealedSecret, contextOf(id)),
      at: now,
      used: row.lastUsedAt ?? 0,
    };
    const oldest = cache.size >= CACHE ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(id, found);
    return found;
  };

  return {
    async create(userId, on = db) {
      const id = `AK${random(22)}`;
      const secret = `SK${random(40)}`;
      await transaction(on, async (tx) => {
        if (!(await userStore.lock(userId, tx))) throw refuse("user.unknown", { id: userId });
        const keys = await store.list(userId, tx);
        if (keys.length >= MAX_ACCESS_KEYS) throw refuse("access-key.limit", { max: MAX_ACCESS_KEYS });
        const sealedSecret = serverKey.seal(secret, contextOf(id));
        await store.add({ id, userId, sealedSecret, createdAt: clock.now(), disabledAt: null, lastUsedAt: null }, tx);
      });
      return { accessKeyId: id, accessKeySecret: secret };
    },

    list: async (userId, on) => (await store.list(userId, on)).map(shown),

    async setDisabled(userId, id, disabled) {
      const row = isAccessKeyId(id) ? await store.setDisabled(userId, id, disabled ? clock.now() : null) : undefined;
      if (!row) throw refuse("access-key.unknown", { id });
      cache.delete(id);
      return shown(row);
    },

    async remove(userId, id, on) {
      if (!isAccessKeyId(id) || !(await store.remove(userId, id, on))) throw refuse("access-key.unknown", { id });
      cache.delete(id);
    },

    async resolve(id) {
      const found = await lookUp(id);
      const now = clock.now();
      if (Math.abs(now - found.used) >= MINUTE) {
        found.used = now;
        await store.used(id, now);
      }
      return { principal: found.principal, secret: found.secret };
    },

    forget: () => cache.clear(),
  };
};

const contextOf = (id: string): string => `access key ${id}`;
export const isAccessKeyId = (id: string): boolean => /^AK[0-9A-Za-z]{22}$/.test(id);
const shown = ({ id, createdAt, disabledAt, lastUsedAt }: AccessKeyRow): AccessKey => ({
  id,
  createdAt,
  disabledAt,
  lastUsedAt,
});

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const random = (length: number): string => Array.from({ length }, () => ALPHABET[randomInt(62)]).join("");
