import type { AccountRow, PlatformDb, UserRow } from "../db/schema.ts";

/** Who a request is from: a user with the account it acts for. */
export interface PrincipalRow {
  user: UserRow;
  /** Null for an operator. */
  account: Pick<AccountRow, "id" | "appId" | "nickname" | "status" | "member"> | null;
}

export interface UserStore {
  add(row: UserRow, db?: PlatformDb): Promise<void>;
  find(id: string, db?: PlatformDb): Promise<UserRow | undefined>;
  findByLogin(login: string, db?: PlatformDb): Promise<UserRow | undefined>;
  findMany(ids: readonly string[]): Promise<UserRow[]>;
  principal(userId: string): Promise<PrincipalRow | undefined>;
  /** Users of an account (null: the operators), oldest first. */
  list(accountId: string | null, page: { limit: number; offset: number }): Promise<{ rows: UserRow[]; total: number }>;
  update(
    id: string,
    change: Partial<Pick<UserRow, "role" | "passwordHash" | "disabledAt">>,
    db?: PlatformDb,
  ): Promise<void>;
  /** With the user's access keys and sessions. */
  remove(id: string, db: PlatformDb): Promise<void>;
  /** Users of a role who are not disabled. */
  countActive(accountId: string | null, role: string, db?: PlatformDb): Promise<number>;
  /** Keeps others from changing what belongs to the user until the transaction ends. @returns whether there is one */
  lock(id: string, db: PlatformDb): Promise<boolean>;
}

export const createUserStore = ({ db }: { db: PlatformDb }): UserStore => ({
  async add(row, on = db) {
    await on.insertInto("users").values(row).execute();
  },

  find: (id, on = db) => on.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst(),
  findByLogin: (login, on = db) => on.selectFrom("users").selectAll().where("login", "=", login).executeTakeFirst(),

  async findMany(ids) {
    return ids.length === 0 ? [] : await db.selectFrom("users").selectAll().where("id", "in", ids).execute();
  },

  async principal(userId) {
    const row = await db
      .selectFrom("users")
      .leftJoin("accounts", "accounts.id", "users.accountId")
      .selectAll("users")
      .select(["accounts.appId", "accounts.nickname", "accounts.status", "accounts.member"])
      .where("users.id", "=", userId)
      .executeTakeFirst();
    if (!row) return undefined;
    const { appId, nickname, status, member, ...user } = row;
    const account =
      user.accountId !== null && appId !== null && nickname !== null && status !== null
        ? { id: user.accountId, appId, nickname, status, member }
        : null;
    return { user, account };
  },

  async list(accountId, { limit, offset }) {
    const query = of(db, accountId);
    const [rows, { total }] = await Promise.all([
      query.selectAll().orderBy("id").limit(limit).offset(offset).execute(),
      query.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirstOrThrow(),
    ]);
    return { rows, total };
  },

  async update(id, change, on = db) {
    await on.updateTable("users").set(change).where("id", "=", id).execute();
  },

  async remove(id, on) {
    await on.deleteFrom("users").where("id", "=", id).execute();
  },

  async countActive(accountId, role, on = db) {
    const { n } = await of(on, accountId)
      .where("role", "=", role)
      .where("disabledAt", "is", null)
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    return n;
  },

  async lock(id, on) {
    const { numUpdatedRows } = await on
      .updateTable("users")
      .set((eb) => ({ role: eb.ref("role") }))
      .where("id", "=", id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },
});

const of = (db: PlatformDb, accountId: string | null) =>
  accountId === null
    ? db.selectFrom("users").where("accountId", "is", null)
    : db.selectFrom("users").where("accountId", "=", accountId);
