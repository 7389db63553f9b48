import type { IdempotencyRow, PlatformDb } from "./db/schema.ts";

export interface IdempotencyStore {
  /** @returns whether the row was added: false when there is one of the same scope and key */
  add(row: IdempotencyRow): Promise<boolean>;
  find(scope: string, key: string): Promise<IdempotencyRow | undefined>;
  /** Replaces a row that is over: answered and past its time, or unanswered and unlocked. @returns whether it was */
  replace(row: IdempotencyRow, now: number): Promise<boolean>;
  answer(
    scope: string,
    key: string,
    owner: string,
    answer: { status: number; body: string },
    db?: PlatformDb,
  ): Promise<boolean>;
  remove(scope: string, key: string, owner: string): Promise<void>;
  /** Removes what was begun and not answered. */
  removeUnanswered(): Promise<void>;
  /** @returns how many rows were past their time */
  purge(now: number): Promise<number>;
}

export const createIdempotencyStore = ({ db }: { db: PlatformDb }): IdempotencyStore => ({
  async add(row) {
    const added = await db
      .insertInto("idempotency")
      .values(row)
      .onConflict((conflict) => conflict.columns(["scope", "key"]).doNothing())
      .returning("key")
      .executeTakeFirst();
    return added !== undefined;
  },

  find: (scope, key) =>
    db.selectFrom("idempotency").selectAll().where("scope", "=", scope).where("key", "=", key).executeTakeFirst(),

  async replace({ scope, key, ...row }, now) {
    const { numUpdatedRows } = await db
      .updateTable("idempotency")
      .set(row)
      .where("scope", "=", scope)
      .where("key", "=", key)
      .where((eb) =>
        eb.or([eb("expiresAt", "<=", now), eb.and([eb("status", "is", null), eb("lockedUntil", "<=", now)])]),
      )
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  async answer(scope, key, owner, answer, on = db) {
    const { numUpdatedRows } = await on
      .updateTable("idempotency")
      .set(answer)
      .where("scope", "=", scope)
      .where("key", "=", key)
      .where("owner", "=", owner)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  async remove(scope, key, owner) {
    await db
      .deleteFrom("idempotency")
      .where("scope", "=", scope)
      .where("key", "=", key)
      .where("owner", "=", owner)
      .where("status", "is", null)
      .execute();
  },

  async removeUnanswered() {
    await db.deleteFrom("idempotency").where("status", "is", null).execute();
  },

  async purge(now) {
    const { numDeletedRows } = await db.deleteFrom("idempotency").where("expiresAt", "<=", now).executeTakeFirst();
    return Number(numDeletedRows);
  },
});
