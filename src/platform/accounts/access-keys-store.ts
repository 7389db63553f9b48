import type { AccessKeyRow, PlatformDb } from "../db/schema.ts";

export interface AccessKeyStore {
  add(row: AccessKeyRow, db?: PlatformDb): Promise<void>;
  find(id: string): Promise<AccessKeyRow | undefined>;
  /** Oldest first. */
  list(userId: string, db?: PlatformDb): Promise<AccessKeyRow[]>;
  /** Each of the following: whether the user has such a key. */
  setDisabled(userId: string, id: string, at: number | null): Promise<boolean>;
  remove(userId: string, id: string): Promise<boolean>;
  used(id: string, at: number): Promise<void>;
}

export const createAccessKeyStore = ({ db }: { db: PlatformDb }): AccessKeyStore => ({
  async add(row, on = db) {
    await on.insertInto("accessKeys").values(row).execute();
  },

  find: (id) => db.selectFrom("accessKeys").selectAll().where("id", "=", id).executeTakeFirst(),

  list: (userId, on = db) =>
    on.selectFrom("accessKeys").selectAll().where("userId", "=", userId).orderBy("createdAt").orderBy("id").execute(),

  async setDisabled(userId, id, at) {
    const { numUpdatedRows } = await db
      .updateTable("accessKeys")
      .set({ disabledAt: at })
      .where("id", "=", id)
      .where("userId", "=", userId)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  async remove(userId, id) {
    const { numDeletedRows } = await db
      .deleteFrom("accessKeys")
      .where("id", "=", id)
      .where("userId", "=", userId)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  },

  async used(id, at) {
    await db.updateTable("accessKeys").set({ lastUsedAt: at }).where("id", "=", id).execute();
  },
});
