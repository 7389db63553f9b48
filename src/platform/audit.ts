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
  /** User id, `system`, or `anonymous`. */
  actor: string;
  accountId: string | null;
  /** What was asked for, as the contract names it: `tasks.create`. */
  action: string;
  /** Id of what it was done to; empty when there is none. */
  target: string;
  /** `ok`, or the code of the refusal. */
  outcome: string;
  ip: string;
  requestId: string;
  details: Record<string, unknown>;
}

export interface NewAuditEntry extends Omit<AuditEntry, "id" | "at" | "details"> {
  /** Milliseconds; now unless given. */
  at?: number;
  details?: Record<string, unknown>;
}

export interface Audit {
  /** Notes an entry, in the caller's transaction when one is given. Secrets in details are struck out. */
  note(entry: NewAuditEntry, db?: PlatformDb): Promise<void>;
  /** The same for many, in one statement. */
  noteAll(entries: readonly NewAuditEntry[], db?: PlatformDb): Promise<void>;
  /** Newest first. @throws Refusal page.cursor */
  list(filter: AuditFilter, page?: CursorQuery): Promise<CursorPage<AuditEntry>>;
}

export const createAudit = ({ store, clock, newId }: { store: AuditStore; clock: Clock; newId: NewId }): Audit => {
  const rowOf = ({ details = {}, at = clock.now(), ...entry }: NewAuditEntry) => ({
    ...entry,
    target: short(entry.target),
    ip: short(entry.ip),
    requestId: short(entry.requestId),
    id: newId("L"),
    at,
    details: JSON.stringify(scrub(details)),
  });

  return {
    note: (entry, db) => store.add([rowOf(entry)], db),
    noteAll: (entries, db) => store.add(entries.map(rowOf), db),

    async list(filter, { limit: asked, cursor } = {}) {
      const limit = pageSizeOf(asked);
      const [beforeId] = cursor === undefined ? [] : decodeCursor(cursor, ["string"]);
      // No row has a NUL, and PostgreSQL does not take one to compare with.
      const possible = Object.values(filter).every((value) => typeof value !== "string" || !value.includes("\0"));
      const page = { limit: limit + 1, beforeId: beforeId as string | undefined };
      const entries = (possible ? await store.list(filter, page) : []).map(({ details, ...row }) => ({
        ...row,
        details: JSON.parse(details) as Record<string, unknown>,
      }));
      return cursorPage(entries, limit, ({ id }) => [id]);
    },
  };
};

/** What callers send may be anything: PostgreSQL stores no NUL, and a log needs no novel. */
const short = (text: string): string => text.replaceAll("\0", "").slice(0, 256);
