/** People and programs that sign in: users of an account, and the platform's operators. */
import type { Clock } from "../../base/clock.ts";
import type { AccountRow, PlatformDb, UserRow } from "../db/schema.ts";
import { isDuplicate, transaction } from "../db/transaction.ts";
import type { NewId } from "../ids.ts";
import { type NumberedPage, type NumberedQuery, numberedPage, rowsOf } from "../paging.ts";
import type { RateLimit } from "../rate-limit.ts";
import type { AccountStore } from "./accounts-store.ts";
import { refuse } from "./errors.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { ACCOUNT_ROLES, isAccountRole, type Role } from "./permissions.ts";
import type { SessionStore } from "./sessions-store.ts";
import type { UserStore } from "./users-store.ts";

export interface User {
  id: string;
  /** Null for an operator. */
  accountId: string | null;
  login: string;
  role: Role;
  /** Whether the user can sign in with a password, or with access keys only. */
  hasPassword: boolean;
  createdAt: number;
  disabledAt: number | null;
}

/** Who a request is from, whichever way it proved it. */
export interface Principal {
  userId: string;
  login: string;
  role: Role;
  /** Null for an operator. */
  account: Pick<AccountRow, "id" | "appId" | "nickname" | "member"> | null;
}

interface NewUser {
  login: string;
  role: string;
  /** Without one the user has access keys only. */
  password?: string;
}

export interface UserChanges {
  /** Operators have one role and keep it. */
  role?: string;
  password?: string;
  disabled?: boolean;
}

export interface Users {
  /** Checks a new user and hashes the password, before the transaction that adds it: hashing takes a while. */
  prepare(user: NewUser): Promise<{ add(accountId: string | null, db: PlatformDb): Promise<User> }>;
  /** Of an account, or an operator. @throws Refusal user.login, user.login-taken, user.role, password.weak */
  create(accountId: string | null, user: NewUser): Promise<User>;
  /** @throws Refusal user.unknown, also for a user of another account */
  get(accountId: string | null, id: string): Promise<User>;
  list(accountId: string | null, query?: NumberedQuery): Promise<NumberedPage<User>>;
  /** Names by id, of those that are still there. */
  logins(ids: readonly string[]): Promise<Map<string, string>>;
  findByLogin(login: string): Promise<User | undefined>;
  /**
   * All of it or nothing. A new password ends the user's sessions; being disabled does too, and keys stop working.
   * @throws Refusal user.unknown, user.role, user.last-administrator, password.weak
   */
  update(accountId: string | null, id: string, changes: UserChanges): Promise<User>;
  /** With its access keys and sessions. @throws Refusal user.unknown, user.last-administrator */
  remove(accountId: string | null, id: string): Promise<void>;
  /** A user changes its own: its other sessions end. @throws Refusal password.wrong, password.weak */
  changePassword(id: string, present: string, next: string, sessionHash?: string): Promise<void>;
  /** @throws Refusal sign-in.failed, account.suspended, rate.limited */
  authenticate(login: string, password: string, ip: string): Promise<Principal>;
  /** The user as it is now, unless it is disabled or gone. @throws Refusal account.suspended */
  principal(userId: string): Promise<Principal | undefined>;
}

export interface UsersOptions {
  db: PlatformDb;
  store: UserStore;
  accounts: AccountStore;
  sessions: SessionStore;
  clock: Clock;
  newId: NewId;
  /** Slows guessing down. */
  signIns: RateLimit;
  /** Told of users that are to be looked up again. */
  onChange?: () => void;
}

export const createUsers = (options: UsersOptions): Users => {
  const { db, store, accounts, sessions, clock, newId, signIns, onChange } = options;

  const prepare: Users["prepare"] = async ({ login, role, password }) => {
    if (!/^[a-z0-9][a-z0-9._@-]{1,63}$/.test(login)) throw refuse("user.login");
    const passwordHash = password === undefined ? null : await hashPassword(password);
    return {
      async add(accountId, tx) {
        if (accountId === null ? role !== "operator" : !isAccountRole(role))
          throw refuse("user.role", { roles: ACCOUNT_ROLES.join(", ") });
        if (await store.findByLogin(login, tx)) throw refuse("user.login-taken", { login });
        const createdAt = clock.now();
        const row = { id: newId("U"), accountId, login, role, passwordHash, createdAt, disabledAt: null };
        await store.add(row, tx);
        return shown(row);
      },
    };
  };

  const find = async (accountId: string | null, id: string, on: PlatformDb = db): Promise<UserRow> => {
    const row = id.includes("\0") ? undefined : await store.find(id, on);
    if (row?.accountId !== accountId) throw refuse("user.unknown", { id });
    return row;
  };

  /** Changes a user, unless the account would be left without an administrator (the platform without an operator). */
  const change = async <R>(
    accountId: string | null,
    id: string,
    work: (before: UserRow, tx: PlatformDb) => Promise<R>,
  ): Promise<R> => {
    const result = await transaction(db, async (tx) => {
      if (accountId === null) await store.lock(id, tx);
      else await accounts.lock(accountId, tx);
      const before = await find(accountId, id, tx);
      const done = await work(before, tx);
      const top = accountId === null ? "operator" : "administrator";
      const wasOne = before.role === top && before.disabledAt === null;
      if (wasOne && (await store.countActive(accountId, top, tx)) === 0) throw refuse("user.last-administrator");
      return done;
    });
    onChange?.();
    return result;
  };

  const principal: Users["principal"] = async (userId) => {
    const found = await store.principal(userId);
    if (!found || found.user.disabledAt !== null) return undefined;
    const { user, account } = found;
    if (account?.status === "suspended") throw refuse("account.suspended");
    const shownAccount = account && {
      id: account.id,
      appId: account.appId,
      nickname: account.nickname,
      member: account.member,
    };
    return { userId: user.id, login: user.login, role: user.role as Role, account: shownAccount };
  };

  return {
    prepare,
    principal,

    async create(accountId, user) {
      const prepared = await prepare(user);
      return await transaction(db, (tx) => prepared.add(accountId, tx)).catch((error: unknown) => {
        throw isDuplicate(error) ? refuse("user.login-taken", { login: user.login }) : error;
      });
    },

    get: async (accountId, id) => shown(await find(accountId, id)),

    async list(accountId, query = {}) {
      const { rows, total } = await store.list(accountId, rowsOf(query));
      return numberedPage(rows.map(shown), total, query);
    },

    async logins(ids) {
      return new Map((await store.findMany(ids)).map(({ id, login }) => [id, login]));
    },

    async findByLogin(login) {
      const row = login.includes("\0") ? undefined : await store.findByLogin(login);
      return row && shown(row);
    },

    async update(accountId, id, { role, password, disabled }) {
      if (role !== undefined && (accountId === null || !isAccountRole(role)))
        throw refuse("user.role", { roles: ACCOUNT_ROLES.join(", ") });
      await find(accountId, id);
      const passwordHash = password === undefined ? undefined : await hashPassword(password);
      return await change(accountId, id, async (before, tx) => {
        const changes = {
          role: role ?? before.role,
          passwordHash: passwordHash ?? before.passwordHash,
          disabledAt: disabled === undefined ? before.disabledAt : disabled ? (before.disabledAt ?? clock.now()) : null,
        };
        await store.update(id, changes, tx);
        if (passwordHash !== undefined || disabled) await sessions.removeAll(id, undefined, tx);
        return shown({ ...before, ...changes });
      });
    },

    remove: (accountId, id) => change(accountId, id, (_, tx) => store.remove(id, tx)),

    async changePassword(id, present, next, sessionHash) {
      const user = await store.find(id);
      if (!(await verifyPassword(present, user?.passwordHash))) throw refuse("password.wrong");
      const passwordHash = await hashPassword(next);
      await transaction(db, async (tx) => {
        await store.update(id, { passwordHash }, tx);
        await sessions.removeAll(id, sessionHash, tx);
      });
    },

    async authenticate(login, password, ip) {
      signIns.check(`from ${ip}`);
      signIns.check(`${login} from ${ip}`);
      const user = login.includes("\0") ? undefined : await store.findByLogin(login);
      const right = await verifyPassword(password, user?.passwordHash);
      // Only who knows the password learns that the account is suspended.
      const found = user && right ? await principal(user.id) : undefined;
      if (!found) throw refuse("sign-in.failed");
      return found;
    },
  };
};

const shown = ({ passwordHash, ...row }: UserRow): User => ({
  ...row,
  role: row.role as Role,
  hasPassword: passwordHash !== null,
});
