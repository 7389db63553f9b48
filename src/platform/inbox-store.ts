import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { InboxRow, PlatformDb, PlatformTables } from "./db/schema.ts";

/** Tabs of the event centre: all, to be dealt with (进行中), succeeded, failed, expired (已过期). */
export type InboxTab = "all" | InboxRow["state"];

export interface InboxStore {
  /** Adds or replaces the event of the same account, stream and kind. */
  upsert(row: InboxRow, db?: PlatformDb): Promise<void>;
  /** Removes all events, to project them again. What was read is kept. */
  clear(db?: PlatformDb): Promise<void>;
  find(accountId: string, id: string): Promise<(InboxRow & { readAt: number | null }) | undefined>;
  /** Newest first. */
  list(
    accountId: string,
    tab: InboxTab,
    now: number,
    page: { limit: number; offset: number },
  ): Promise<{ rows: (InboxRow & { readAt: number | null })[]; total: number }>;
  /** Pending and not read. */
  unread(accountId: string, now: number): Promise<number>;
  markRead(accountId: string, ids: readonly string[], at: number): Promise<void>;
}

export const createInboxStore = ({ db }: { db: PlatformDb }): InboxStore => {
  const withReads = (accountId: string) =>
    db
      .selectFrom("inbox")
      .leftJoin("inboxReads", "inboxReads.inboxId", "inbox.id")
      .where("inbox.accountId", "=", accountId);

  return {
    async upsert(row, on = db) {
      const { id, accountId, kind, stream, ...changing } = row;
      await on
        .insertInto("inbox")
        .values(row)
        .onConflict((conflict) => conflict.columns(["accountId", "stream", "kind"]).doUpdateSet(changing))
        .execute();
    },

    async clear(on = db) {
      await on.deleteFrom("inbox").execute();
    },

    find: (accountId, id) =>
      withReads(accountId).where("inbox.id", "=", id).selectAll("inbox").select("inboxReads.readAt").executeTakeFirst(),

    async list(accountId, tab, now, { limit, offset }) {
      const found = withReads(accountId).where((eb) => inTab(eb, tab, now));
      const [rows, { total }] = await Promise.all([
        found
          .selectAll("inbox")
          .select("inboxReads.readAt")
          .orderBy("inbox.createdAt", "desc")
          .orderBy("inbox.id", "desc")
          .limit(limit)
          .offset(offset)
          .execute(),
        found.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirstOrThrow(),
      ]);
      return { rows, total };
    },

    async unread(accountId, now) {
      const { n } = await withReads(accountId)
        .where((eb) => inTab(eb, "pending", now))
        .where("inboxReads.readAt", "is", null)
        .select((eb) => eb.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
      return n;
    },

    async markRead(accountId, ids, at) {
      if (ids.length === 0) return;
      await db
        .insertInto("inboxReads")
        .columns(["inboxId", "accountId", "readAt"])
        .expression(
          db
            .selectFrom("inbox")
            .select(["id", "accountId", sql<number>`cast(${at} as bigint)`.as("readAt")])
            .where("accountId", "=", accountId)
            .where("id", "in", ids),
        )
        .onConflict((conflict) => conflict.column("inboxId").doNothing())
        .execute();
    },
  };
};

/** An event that nobody dealt with expires by itself: no row changes for it. */
const inTab = (eb: ExpressionBuilder<PlatformTables, "inbox">, tab: InboxTab, now: number): Expression<SqlBool> => {
  const pending = eb("inbox.state", "=", "pending");
  if (tab === "all") return eb.lit(true);
  if (tab === "pending") return eb.and([pending, eb("inbox.expiresAt", ">", now)]);
  const inState = eb("inbox.state", "=", tab);
  return tab === "expired" ? eb.or([inState, eb.and([pending, eb("inbox.expiresAt", "<=", now)])]) : inState;
};
