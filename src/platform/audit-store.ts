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
  add(row: AuditRow, db?: PlatformDb): Promise<void>;
  /** Newest first. */
  list(filter: AuditFilter, page: { limit: number; beforeId?: string }): Promise<AuditRow[]>;
}

export const createAuditStore = ({ db }: { db: PlatformDb }): AuditStore => ({
  async add(row, on = db) {
    await on.insertInto("audit").values(row).execute();
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
