/** Organisations as this platform knows them: nickname, APPID, chain identity and whether they are verified. */
import { randomInt } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { AccountRow, PlatformDb, VerificationRow } from "../db/schema.ts";
import { afterCommit, isDuplicate, transaction } from "../db/transaction.ts";
import type { NewId } from "../ids.ts";
import { type NumberedPage, type NumberedQuery, numberedPage, rowsOf } from "../paging.ts";
import type { AccountStore, VerificationStore } from "./accounts-store.ts";
import { refuse } from "./errors.ts";
import type { User, Users } from "./users.ts";

export interface Account {
  id: string;
  /** Ten digits. With the nickname it is what others invite the organisation by. */
  appId: string;
  nickname: string;
  status: AccountRow["status"];
  /** Stream id of its chain identity; null until it is founded. */
  member: string | null;
  /** Of its real-name verification. */
  verification: "none" | VerificationRow["state"];
  createdAt: number;
}

interface Registration {
  nickname: string;
  login: string;
  password: string;
}

interface RegisterOptions<R> {
  /** Also when registration is closed. */
  byOperator?: boolean;
  /** What else belongs to it, in the same transaction; may be tried again. */
  also?: (created: { account: Account; user: User }, tx: PlatformDb) => Promise<R>;
}

export interface Accounts {
  /**
   * Creates an organisation with its first administrator.
   * @throws Refusal signup.closed, account.nickname, account.nickname-taken, user.login, user.login-taken, password.weak
   */
  register<R = undefined>(
    input: Registration,
    options?: RegisterOptions<R>,
  ): Promise<{ account: Account; user: User; also: R }>;
  /** @throws Refusal account.unknown */
  get(id: string): Promise<Account>;
  /** The account with exactly this nickname and APPID, as one member invites another. */
  findInvited(nickname: string, appId: string): Promise<Account | undefined>;
  findByAppId(appId: string, db?: PlatformDb): Promise<Account | undefined>;
  /** The account behind a chain identity. */
  findByMember(member: string): Promise<Account | undefined>;
  list(
    query?: NumberedQuery & { search?: string; verification?: Account["verification"] },
  ): Promise<NumberedPage<Account>>;
  /** @throws Refusal account.unknown, account.nickname, account.nickname-taken */
  rename(id: string, nickname: string): Promise<Account>;
  /** Suspended accounts keep what they have; nobody signs in. @throws Refusal account.unknown */
  setStatus(id: string, status: Account["status"]): Promise<Account>;
  /** Notes the chain identity that the account founded. Again the same is harmless. @throws Refusal account.member-founded */
  setMember(id: string, member: string, db?: PlatformDb): Promise<void>;
}

export interface AccountsOptions {
  db: PlatformDb;
  store: AccountStore;
  verifications: VerificationStore;
  users: Users;
  clock: Clock;
  newId: NewId;
  signup: "open" | "closed";
  /** Told of accounts whose users are to be looked up again. */
  onChange?: () => void;
}

const FIRST_APP_ID = 1_300_000_001;

export const createAccounts = (options: AccountsOptions): Accounts => {
  const { db, store, verifications, users, clock, newId, signup, onChange } = options;

  const shown = async (rows: readonly AccountRow[], on: PlatformDb = db): Promise<Account[]> => {
    const newest = await verifications.newest(
      rows.map(({ id }) => id),
      on,
    );
    return rows.map(({ nicknameKey, ...row }) => ({ ...row, verification: newest.get(row.id)?.state ?? "none" }));
  };
  const one = async (row: AccountRow | undefined, on?: PlatformDb): Promise<Account | undefined> =>
    row && (await shown([row], on))[0];
  const get = async (id: string): Promise<Account> => {
    const account = isText(id) ? await one(await store.find({ id })) : undefined;
    if (!account) throw refuse("account.unknown", { id });
    return account;
  };

  const add = async (nickname: string, tx: PlatformDb): Promise<AccountRow> => {
    const nicknameKey = keyOf(nickname);
    if (await store.find({ nicknameKey }, tx)) throw refuse("account.nickname-taken", { nickname });
    const last = await store.lastAppId(tx);
    // Not simply the next: how many organisations there are is nobody's business.
    const appId = String(last === undefined ? FIRST_APP_ID : Number(last) + randomInt(1, 98));
    const row: AccountRow = {
      id: newId("A"),
      appId,
      nickname,
      nicknameKey,
      status: "active",
      member: null,
      createdAt: clock.now(),
    };
    await store.add(row, tx);
    return row;
  };

  return {
    async register<R>(
      { nickname, login, password }: Registration,
      { byOperator = false, also }: RegisterOptions<R> = {},
    ) {
      if (signup === "closed" && !byOperator) throw refuse("signup.closed");
      const name = checkedNickname(nickname);
      const administrator = await users.prepare({ login, password, role: "administrator" });
      for (let tries = 1; ; tries++) {
        try {
          return await transaction(db, async (tx) => {
            const row = await add(name, tx);
            const user = await administrator.add(row.id, tx);
            const { nicknameKey, ...rest } = row;
            const account = { ...rest, verification: "none" as const };
            return { account, user, also: (await also?.({ account, user }, tx)) as R };
          });
        } catch (error) {
          // Somebody took the same APPID, nickname or login at the same moment: the next try tells which.
          if (!isDuplicate(error) || tries === 10) throw error;
        }
      }
    },

    get,

    async findInvited(nickname, appId) {
      const row = await store.find({ nicknameKey: keyOf(nickname) });
      return row?.appId === appId && row.status === "active" ? await one(row) : undefined;
    },
    findByAppId: async (appId, on) => (isText(appId) ? await one(await store.find({ appId }, on), on) : undefined),
    findByMember: async (member) => (isText(member) ? await one(await store.find({ member })) : undefined),

    async list({ search, verification, ...query } = {}) {
      const { rows, total } = await store.list({ search, verification }, rowsOf(query));
      return numberedPage(await shown(rows), total, query);
    },

    async rename(id, nickname) {
      const name = checkedNickname(nickname);
      const taken = await store.find({ nicknameKey: keyOf(name) });
      if (taken && taken.id !== id) throw refuse("account.nickname-taken", { nickname });
      await store.update(id, { nickname: name, nicknameKey: keyOf(name) }).catch((error: unknown) => {
        throw isDuplicate(error) ? refuse("account.nickname-taken", { nickname }) : error;
      });
      onChange?.();
      return await get(id);
    },

    async setStatus(id, status) {
      await store.update(id, { status });
      onChange?.();
      return await get(id);
    },

    async setMember(id, member, on = db) {
      if (!(await store.setMember(id, member, on))) {
        const row = await store.find({ id }, on);
        if (!row) throw refuse("account.unknown", { id });
        if (row.member !== member) throw refuse("account.member-founded", { member: row.member });
      }
      if (onChange) afterCommit(on, onChange);
    },
  };
};

/** What nicknames are compared by, so that full-width or capital letters make no second Hospital. */
const keyOf = (nickname: string): string => nickname.normalize("NFKC").toLowerCase().replaceAll("\0", "");

const checkedNickname = (nickname: string): string => {
  const name = nickname.normalize("NFC");
  if (!/^[\p{Script=Han}A-Za-z0-9_-]{1,50}$/u.test(name)) throw refuse("account.nickname");
  return name;
};

/** PostgreSQL takes no NUL, which is in no id anyway. */
const isText = (text: string): boolean => !text.includes("\0");
