/** Who did what, and how it ended: append-only, without secrets. */
import type { Clock } from "../base/clock.ts";
import type { AuditFilter, AuditStore } from "./audit-store.ts";
import type { PlatformDb } from "./db/schema.ts";
import type { NewId } from "./ids.ts";
import { type CursorPage, type CursorQuery, cursorPage, decodeCursor, pageSizeOf } from "./paging.ts";
import { scrub } from "./scrub.ts";

export interface AuditEntry {
  id: string;
  /** Milliseconds. */
  at: number;
  /** User id, `AK…` of a request that was signed, or `system`. */
  actor: string;
  accountId: string | null;
  /** The permission that was used, `task.create`; or what happened, `session.sign-in`. */
  action: string;
  /** Id of what it was done to; empty when there is none. */
  target: string;
  /** `ok`, or the code of the refusal. */
  outcome: string;
  ip: string;
  requestId: string;
  details: Record<string, unknown>;
}

export interface Audit {
  /** Notes an entry, in the caller's transaction when one is given. Secrets in details are struck out. */
  note(
    entry: Omit<AuditEntry, "id" | "at" | "details"> & { details?: Record<string, unknown> },
    db?: PlatformDb,
  ): Promise<void>;
  /** Newest first. @throws Refusal page.cursor */
  list(filter: AuditFilter, page?: CursorQuery): Promise<CursorPage<AuditEntry>>;
}

export const createAudit = ({ store, clock, newId }: { store: AuditStore; clock: Clock; newId: NewId }): Audit => ({
  async note({ details = {}, ...entry }, db) {
    const texts = { target: short(entry.target), ip: short(entry.ip), requestId: short(entry.requestId) };
    const row = { ...entry, ...texts, id: newId("L"), at: clock.now(), details: JSON.stringify(scrub(details)) };
    await store.add(row, db);
  },

  async list(filter, { limit: asked, cursor } = {}) {
    const limit = pageSizeOf(asked);
    const [beforeId] = cursor === undefined ? [] : decodeCursor(cursor, ["string"]);
    const rows = await store.list(filter, { limit: limit + 1, beforeId: beforeId as string | undefined });
    const entries = rows.map(({ details, ...row }) => ({
      ...row,
      details: JSON.parse(details) as Record<string, unknown>,
    }));
    return cursorPage(entries, limit, ({ id }) => [id]);
  },
});

/** What callers send may be anything: PostgreSQL stores no NUL, and a log needs no novel. */
const short = (text: string): string => text.replaceAll("\0", "").slice(0, 256);
