import { beyond } from "./db/keyset.ts";
import type { AuditRow, PlatformDb } from "./db/schema.ts";

export interface AuditFilter {
  /** Entries of this account only; null for those of no account (the operators' own). */
  accountId?: string | null;
  actor?: string;
  action?: string;
  target?: string;
  outcome?: string;
  /** Milliseconds, inclusive. */
  since?: number;
  /** Milliseconds, exclusive. */
  until?: number;
}

export interface AuditStore {
  add(rows: readonly AuditRow[], db?: PlatformDb): Promise<void>;
  /** Newest first. */
  list(filter: AuditFilter, page: { limit: number; beforeId?: string }): Promise<AuditRow[]>;
}

/** Rows in one insert: both databases limit the parameters of a statement. */
const ROWS = 500;

export const createAuditStore = ({ db }: { db: PlatformDb }): AuditStore => ({
  async add(rows, on = db) {
    for (let at = 0; at < rows.length; at += ROWS)
      await on
        .insertInto("audit")
        .values(rows.slice(at, at + ROWS))
        .execute();
  },

  async list({ accountId, since, until, ...equal }, { limit, beforeId }) {
    let query = db.selectFrom("audit").selectAll().orderBy("id", "desc").limit(limit);
    if (accountId === null) query = query.where("accountId", "is", null);
    else if (accountId !== undefined) query = query.where("accountId", "=", accountId);
    for (const column of ["actor", "action", "target", "outcome"] as const) {
      const value = equal[column];
      if (value !== undefined) query = query.where(column, "=", value);
    }
    if (since !== undefined) query = query.where("at", ">=", since);
    if (until !== undefined) query = query.where("at", "<", until);
    if (beforeId !== undefined) query = query.where(beyond(["id"], [beforeId], "desc"));
    return await query.execute();
  },
});
