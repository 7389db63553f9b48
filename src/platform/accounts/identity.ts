/** Wires accounts, users, keys and sessions together, and creates the first operator. */
import { timingSafeEqual } from "node:crypto";
import { type Clock, MINUTE, SECOND } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import type { PlatformDb } from "../db/schema.ts";
import { isDuplicate, transaction } from "../db/transaction.ts";
import type { NewId } from "../ids.ts";
import { createRateLimit } from "../rate-limit.ts";
import type { ServerKey } from "../server-key.ts";
import { type AccessKeys, createAccessKeys, isAccessKeyId, MAX_ACCESS_KEYS, type NewAccessKey } from "./access-keys.ts";
import { createAccessKeyStore } from "./access-keys-store.ts";
import { type Accounts, createAccounts } from "./accounts.ts";
import { createAccountStore, createVerificationStore } from "./accounts-store.ts";
import { refuse } from "./errors.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createSessionStore } from "./sessions-store.ts";
import { createUsers, type Principal, type Users } from "./users.ts";
import { createUserStore } from "./users-store.ts";
import { createVerifications, type Verifications } from "./verification.ts";

export interface Identity {
  accounts: Accounts;
  verifications: Verifications;
  users: Users;
  accessKeys: AccessKeys;
  sessions: Sessions;
  /**
   * By login and password; an operator also by an access key, its id and its secret: the first start prints no other.
   * @throws Refusal sign-in.failed, account.suspended, rate.limited
   */
  signIn(login: string, password: string, ip: string): Promise<Principal>;
  /** On the first start creates the operator `admin`; its key is seen here and never again. */
  bootstrap(): Promise<NewAccessKey | undefined>;
  /**
   * A new key for the operator `admin`, when the first was lost; enables it where it was disabled, and makes it where
   * it never was. With all keys taken, the one that was not used for longest goes. For whoever has the machine.
   */
  recoverOperator(): Promise<NewAccessKey>;
}

const OPERATOR = "admin";

export interface IdentityOptions {
  db: PlatformDb;
  clock: Clock;
  newId: NewId;
  serverKey: ServerKey;
  config: {
    signup: "open" | "closed";
    publicUrl: string;
    sessionIdle: number;
    sessionLifetime: number;
    signInLimit: number;
  };
}

export const createIdentity = ({ db, clock, newId, serverKey, config }: IdentityOptions): Identity => {
  const { signup, sessionIdle: idle, sessionLifetime: lifetime, signInLimit } = config;
  const userStore = createUserStore({ db });
  const accountStore = createAccountStore({ db });
  const sessionStore = createSessionStore({ db });
  const verificationStore = createVerificationStore({ db });
  const signIns = createRateLimit({ clock, perSecond: signInLimit / (MINUTE / SECOND), burst: signInLimit });
  const onChange = () => accessKeys.forget();

  const users = createUsers({
    db,
    store: userStore,
    accounts: accountStore,
    sessions: sessionStore,
    clock,
    newId,
    signIns,
    onChange,
  });
  const accounts = createAccounts({
    db,
    store: accountStore,
    verifications: verificationStore,
    users,
    clock,
    newId,
    signup,
    onChange,
  });
  const accessKeys = createAccessKeys({ db, store: createAccessKeyStore({ db }), userStore, users, serverKey, clock });
  const secure = config.publicUrl.startsWith("https:");

  /** Undefined where there is an operator already. */
  const bootstrap = async (): Promise<NewAccessKey | undefined> => {
    const operators = await users.list(null, { pageSize: 1 });
    if (operators.total > 0) return undefined;
    const admin = await users.prepare({ login: OPERATOR, role: "operator" });
    try {
      return await transaction(db, async (tx) => {
        const { id } = await admin.add(null, tx);
        return await accessKeys.create(id, tx);
      });
    } catch (error) {
      // Another server on the same database was first, and has shown the key.
      if (isDuplicate(error) || (error instanceof Refusal && error.code === "user.login-taken")) return undefined;
      throw error;
    }
  };

  /** Keys are in the order of their creation. */
  const makeRoom = async (userId: string, tx: PlatformDb): Promise<void> => {
    const keys = await accessKeys.list(userId, tx);
    const [oldest] = keys.toSorted((a, b) => (a.lastUsedAt ?? a.createdAt) - (b.lastUsedAt ?? b.createdAt));
    if (oldest && keys.length >= MAX_ACCESS_KEYS) await accessKeys.remove(userId, oldest.id, tx);
  };

  return {
    users,
    accounts,
    accessKeys,
    verifications: createVerifications({ store: verificationStore, clock, newId }),
    sessions: createSessions({ store: sessionStore, users, serverKey, clock, idle, lifetime, secure }),
    bootstrap,

    async signIn(login, password, ip) {
      if (!isAccessKeyId(login)) return await users.authenticate(login, password, ip);
      signIns.check(`from ${ip}`);
      signIns.check(`${login} from ${ip}`);
      const found = await accessKeys.resolve(login).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === "access-key.refused") return undefined;
        throw error;
      });
      // Of others a key does less than their password, and shall not become one.
      if (found?.principal.role !== "operator" || !sameText(found.secret, password)) throw refuse("sign-in.failed");
      return found.principal;
    },

    async recoverOperator() {
      const first = await bootstrap();
      if (first) return first;
      const admin = await users.findByLogin(OPERATOR);
      if (admin?.accountId !== null) throw refuse("user.unknown", { id: OPERATOR });
      if (admin.disabledAt !== null) await users.update(null, admin.id, { disabled: false });
      return await transaction(db, async (tx) => {
        await makeRoom(admin.id, tx);
        return await accessKeys.create(admin.id, tx);
      });
    },
  };
};

const sameText = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};
