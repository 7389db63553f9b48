/**
 * The event centre (事件中心): what waits for an account's decision, and what became of it. A view over streams: a
 * projector puts events in, and may clear and project them again at any time; ids and what was read stay the same.
 */
import { createHash } from "node:crypto";
import { type Clock, DAY } from "../base/clock.ts";
import type { InboxRow, PlatformDb } from "./db/schema.ts";
import type { InboxFilter, InboxStore } from "./inbox-store.ts";
import { type NumberedPage, type NumberedQuery, numberedPage, rowsOf } from "./paging.ts";

export type InboxKind = InboxRow["kind"];
export type InboxState = InboxRow["state"];

/** Milliseconds in which an invitation or authorisation is to be decided. */
export const DECISION_TIME = 7 * DAY;

export interface InboxEvent {
  id: string;
  kind: InboxKind;
  /** The alliance or task it is about. */
  stream: string;
  /** What its title and detail page show; texts of the stream's own, as the projector has them. */
  detail: Record<string, unknown>;
  state: InboxState;
  createdAt: number;
  expiresAt: number;
  handledAt: number | null;
  read: boolean;
}

export interface ProjectedEvent {
  accountId: string;
  kind: InboxKind;
  stream: string;
  detail: Record<string, unknown>;
  state: InboxState;
  createdAt: number;
  /** Seven days after `createdAt` unless given. */
  expiresAt?: number;
  handledAt?: number | null;
}

export interface Inbox {
  /** For projectors, within their transaction: the same event again changes the one that is there. */
  put(event: ProjectedEvent, db?: PlatformDb): Promise<{ id: string }>;
  /** The same for many, in few statements; of one that comes twice the last counts. */
  putAll(events: readonly ProjectedEvent[], db?: PlatformDb): Promise<void>;
  clear(db?: PlatformDb): Promise<void>;
  /** Newest first. */
  list(accountId: string, query?: NumberedQuery & Partial<InboxFilter>): Promise<NumberedPage<InboxEvent>>;
  /** Undefined for an id of another account as for one that does not exist. */
  find(accountId: string, id: string): Promise<InboxEvent | undefined>;
  /** How many events to be dealt with nobody of the account has opened. */
  unread(accountId: string): Promise<number>;
  markRead(accountId: string, ids: readonly string[]): Promise<void>;
}

export const createInbox = ({ store, clock }: { store: InboxStore; clock: Clock }): Inbox => {
  const shown = ({ accountId, detail, readAt, ...row }: InboxRow & { readAt: number | null }): InboxEvent => ({
    ...row,
    detail: JSON.parse(detail) as Record<string, unknown>,
    state: row.state === "pending" && row.expiresAt < clock.now() ? "expired" : row.state,
    read: readAt !== null,
  });

  return {
    async put(event, db) {
      const row = rowOf(event);
      await store.upsert([row], db);
      return { id: row.id };
    },

    async putAll(events, db) {
      // One statement must not change a row twice.
      const rows = new Map(events.map(rowOf).map((row) => [row.id, row]));
      await store.upsert([...rows.values()], db);
    },

    clear: (db) => store.clear(db),

    async list(accountId, { tab = "all", kind, ...query } = {}) {
      const { rows, total } = await store.list(accountId, { tab, kind }, clock.now(), rowsOf(query));
      return numberedPage(rows.map(shown), total, query);
    },

    async find(accountId, id) {
      const row = await store.find(accountId, id);
      return row && shown(row);
    },

    unread: (accountId) => store.unread(accountId, clock.now()),
    markRead: (accountId, ids) => store.markRead(accountId, ids, clock.now()),
  };
};

const rowOf = ({ expiresAt, handledAt = null, detail, ...event }: ProjectedEvent): InboxRow => ({
  ...event,
  id: eventId(event),
  detail: JSON.stringify(detail),
  expiresAt: expiresAt ?? event.createdAt + DECISION_TIME,
  handledAt,
});

/** The same event has the same id whenever it is projected. */
const eventId = ({ accountId, kind, stream }: { accountId: string; kind: string; stream: string }): string =>
  `E${createHash("sha256")
    .update(JSON.stringify([accountId, kind, stream]))
    .digest("hex")
    .slice(0, 24)}`;
