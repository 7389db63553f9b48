import type { PlatformDb, SessionRow } from "../db/schema.ts";

export interface SessionStore {
  add(row: SessionRow): Promise<void>;
  find(tokenHash: string): Promise<SessionRow | undefined>;
  /** Newest first. */
  list(userId: string): Promise<SessionRow[]>;
  seen(tokenHash: string, at: number): Promise<void>;
  remove(tokenHash: string): Promise<void>;
  /** All of a user, but for one that stays. @returns how many */
  removeAll(userId: string, except?: string, db?: PlatformDb): Promise<number>;
  /** @returns how many were over */
  purge(now: number, idleSince: number): Promise<number>;
}

export const createSessionStore = ({ db }: { db: PlatformDb }): SessionStore => ({
  async add(row) {
    await db.insertInto("sessions").values(row).execute();
  },
  find: (tokenHash) => db.selectFrom("sessions").selectAll().where("tokenHash", "=", tokenHash).executeTakeFirst(),
  list: (userId) =>
    db.selectFrom("sessions").selectAll().where("userId", "=", userId).orderBy("createdAt", "desc").execute(),
  async seen(tokenHash, at) {
    await db.updateTable("sessions").set({ seenAt: at }).where("tokenHash", "=", tokenHash).execute();
  },
  async remove(tokenHash) {
    await db.deleteFrom("sessions").where("tokenHash", "=", tokenHash).execute();
  },
  async removeAll(userId, except = "", on = db) {
    const { numDeletedRows } = await on
      .deleteFrom("sessions")
      .where("userId", "=", userId)
      .where("tokenHash", "!=", except)
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
  async purge(now, idleSince) {
    const { numDeletedRows } = await db
      .deleteFrom("sessions")
      .where((eb) => eb.or([eb("expiresAt", "<=", now), eb("seenAt", "<=", idleSince)]))
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
});
