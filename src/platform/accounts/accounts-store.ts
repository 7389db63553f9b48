import { sql } from "kysely";
import type { AccountRow, PlatformDb, VerificationRow } from "../db/schema.ts";

export interface AccountStore {
  add(row: AccountRow, db?: PlatformDb): Promise<void>;
  find(
    by: { id: string } | { appId: string } | { nicknameKey: string } | { member: string },
    db?: PlatformDb,
  ): Promise<AccountRow | undefined>;
  findMany(ids: readonly string[]): Promise<AccountRow[]>;
  /** Oldest first; `search` is part of a nickname or the whole APPID, `verification` the state of the newest submission. */
  list(
    filter: { search?: string; verification?: "none" | VerificationRow["state"] },
    page: { limit: number; offset: number },
  ): Promise<{ rows: AccountRow[]; total: number }>;
  /** The largest APPID given so far. */
  lastAppId(db?: PlatformDb): Promise<string | undefined>;
  update(id: string, change: Partial<Pick<AccountRow, "nickname" | "nicknameKey" | "status">>): Promise<boolean>;
  /** Sets the chain identity where there is none. @returns whether there was none */
  setMember(id: string, member: string, db?: PlatformDb): Promise<boolean>;
  /** Keeps others from changing the account's users until the transaction ends. */
  lock(id: string, db: PlatformDb): Promise<void>;
}

export const createAccountStore = ({ db }: { db: PlatformDb }): AccountStore => ({
  async add(row, on = db) {
    await on.insertInto("accounts").values(row).execute();
  },

  async find(by, on = db) {
    let query = on.selectFrom("accounts").selectAll();
    for (const [column, value] of Object.entries(by)) query = query.where(column as keyof AccountRow, "=", value);
    return await query.executeTakeFirst();
  },

  async findMany(ids) {
    return ids.length === 0 ? [] : await db.selectFrom("accounts").selectAll().where("id", "in", ids).execute();
  },

  async list({ search, verification }, { limit, offset }) {
    let query = db.selectFrom("accounts");
    if (verification)
      query = query.where((eb) => {
        const newest = eb
          .selectFrom("verifications")
          .select("verifications.state")
          .whereRef("verifications.accountId", "=", "accounts.id")
          .orderBy("verifications.id", "desc")
          .limit(1);
        return verification === "none" ? eb.not(eb.exists(newest)) : eb(newest, "=", verification);
      });
    if (search) {
      const part = `%${search
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[\\%_]/g, "\\$&")
        .replaceAll("\0", "")}%`;
      query = query.where((eb) =>
        eb.or([
          eb("appId", "=", search.replaceAll("\0", "")),
          sql<boolean>`${eb.ref("nicknameKey")} like ${part} escape '\\'`,
        ]),
      );
    }
    const [rows, { total }] = await Promise.all([
      query.selectAll().orderBy("id").limit(limit).offset(offset).execute(),
      query.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirstOrThrow(),
    ]);
    return { rows, total };
  },

  async lastAppId(on = db) {
    const { last } = await on
      .selectFrom("accounts")
      .select((eb) => eb.fn.max<string | null>("appId").as("last"))
      .executeTakeFirstOrThrow();
    return last ?? undefined;
  },

  async update(id, change) {
    const { numUpdatedRows } = await db.updateTable("accounts").set(change).where("id", "=", id).executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  async setMember(id, member, on = db) {
    const { numUpdatedRows } = await on
      .updateTable("accounts")
      .set({ member })
      .where("id", "=", id)
      .where("member", "is", null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  async lock(id, on) {
    await on
      .updateTable("accounts")
      .set((eb) => ({ status: eb.ref("status") }))
      .where("id", "=", id)
      .execute();
  },
});

export interface VerificationStore {
  add(row: VerificationRow): Promise<void>;
  /** The newest submission of each account that has one. */
  newest(accountIds: readonly string[], db?: PlatformDb): Promise<Map<string, VerificationRow>>;
  /** Oldest first, as the operator works through them. */
  list(
    filter: { state?: VerificationRow["state"] },
    page: { limit: number; offset: number },
  ): Promise<{ rows: VerificationRow[]; total: number }>;
  /** Decides on the open submission of an account. @returns undefined when there is none */
  decide(
    accountId: string,
    decision: Pick<VerificationRow, "standing" | "state" | "reviewedAt" | "reviewedBy" | "reason">,
  ): Promise<VerificationRow | undefined>;
}

export const createVerificationStore = ({ db }: { db: PlatformDb }): VerificationStore => ({
  async add(row) {
    await db.insertInto("verifications").values(row).execute();
  },

  async newest(accountIds, on = db) {
    if (accountIds.length === 0) return new Map();
    const rows = await on
      .selectFrom("verifications")
      .selectAll()
      .where("id", "in", (eb) =>
        eb
          .selectFrom("verifications")
          .select((inner) => inner.fn.max("id").as("id"))
          .where("accountId", "in", accountIds)
          .groupBy("accountId"),
      )
      .execute();
    return new Map(rows.map((row) => [row.accountId, row]));
  },

  async list({ state }, { limit, offset }) {
    let query = db.selectFrom("verifications");
    if (state) query = query.where("state", "=", state);
    const [rows, { total }] = await Promise.all([
      query.selectAll().orderBy("id").limit(limit).offset(offset).execute(),
      query.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirstOrThrow(),
    ]);
    return { rows, total };
  },

  decide: (accountId, decision) =>
    db
      .updateTable("verifications")
      .set(decision)
      .where("accountId", "=", accountId)
      .where("state", "=", "submitted")
      .returningAll()
      .executeTakeFirst(),
});
