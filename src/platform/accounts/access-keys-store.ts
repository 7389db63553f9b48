import type { AccessKeyRow, PlatformDb } from "../db/schema.ts";

export interface AccessKeyStore {
  add(row: AccessKeyRow, db?: PlatformDb): Promise<void>;
  find(id: string): Promise<AccessKeyRow | undefined>;
  /** Oldest first. */
  list(userId: string, db?: PlatformDb): Promise<AccessKeyRow[]>;
  /** The key as it is now; undefined when the user has no such key. A key that is off keeps the date. */
  setDisabled(userId: string, id: string, at: number | null): Promise<AccessKeyRow | undefined>;
  /** @returns whether the user had such a key */
  remove(userId: string, id: string, db?: PlatformDb): Promise<boolean>;
  used(id: string, at: number): Promise<void>;
}

export const createAccessKeyStore = ({ db }: { db: PlatformDb }): AccessKeyStore => ({
  async add(row, on = db) {
    await on.insertInto("accessKeys").values(row).execute();
  },

  find: (id) => db.selectFrom("accessKeys").selectAll().where("id", "=", id).executeTakeFirst(),

  list: (userId, on = db) =>
    on.selectFrom("accessKeys").selectAll().where("userId", "=", userId).orderBy("createdAt").orderBy("id").execute(),

  setDisabled: (userId, id, at) =>
    db
      .updateTable("accessKeys")
      .set((eb) => ({
        disabledAt: at === null ? null : eb.fn.coalesce("disabledAt", eb.cast<number>(eb.val(at), "bigint")),
      }))
      .where("id", "=", id)
      .where("userId", "=", userId)
      .returningAll()
      .executeTakeFirst(),

  async remove(userId, id, on = db) {
    const { numDeletedRows } = await on
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
