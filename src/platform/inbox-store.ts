import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { InboxRow, PlatformDb, PlatformTables } from "./db/schema.ts";

/** Tabs of the event centre: all, to be dealt with (进行中), handled (succeeded or failed), and each state by itself. */
export type InboxTab = "all" | "handled" | InboxRow["state"];

export interface InboxFilter {
  tab: InboxTab;
  kind?: InboxRow["kind"];
}

/** Rows in one insert: both databases limit the parameters of a statement. */
const ROWS = 500;

export interface InboxStore {
  /** Adds or replaces the events of the same account, stream and kind, of which each is there once. */
  upsert(rows: readonly InboxRow[], db?: PlatformDb): Promise<void>;
  /** Removes all events, to project them again. What was read is kept. */
  clear(db?: PlatformDb): Promise<void>;
  find(accountId: string, id: string): Promise<(InboxRow & { readAt: number | null }) | undefined>;
  /** Newest first. */
  list(
    accountId: string,
    filter: InboxFilter,
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
    async upsert(rows, on = db) {
      for (let at = 0; at < rows.length; at += ROWS)
        await on
          .insertInto("inbox")
          .values(rows.slice(at, at + ROWS))
          .onConflict((conflict) =>
            conflict.columns(["accountId", "stream", "kind"]).doUpdateSet((eb) => ({
              detail: eb.ref("excluded.detail"),
              state: eb.ref("excluded.state"),
              createdAt: eb.ref("excluded.createdAt"),
              expiresAt: eb.ref("excluded.expiresAt"),
              handledAt: eb.ref("excluded.handledAt"),
            })),
          )
          .execute();
    },

    async clear(on = db) {
      await on.deleteFrom("inbox").execute();
    },

    find: (accountId, id) =>
      withReads(accountId).where("inbox.id", "=", id).selectAll("inbox").select("inboxReads.readAt").executeTakeFirst(),

    async list(accountId, { tab, kind }, now, { limit, offset }) {
      let found = withReads(accountId).where((eb) => inTab(eb, tab, now));
      if (kind) found = found.where("inbox.kind", "=", kind);
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
  if (tab === "handled") return eb("inbox.state", "in", ["succeeded", "failed"]);
  if (tab === "pending") return eb.and([pending, eb("inbox.expiresAt", ">=", now)]);
  const inState = eb("inbox.state", "=", tab);
  return tab === "expired" ? eb.or([inState, eb.and([pending, eb("inbox.expiresAt", "<", now)])]) : inState;
};
