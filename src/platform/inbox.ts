/**
 * The event centre (事件中心): what waits for an account's decision, and what became of it. A view over streams: a
 * projector puts events in, and may clear and project them again at any time; ids and what was read stay the same.
 */
import { createHash } from "node:crypto";
import { type Clock, DAY } from "../base/clock.ts";
import type { InboxRow, PlatformDb } from "./db/schema.ts";
import type { InboxStore, InboxTab } from "./inbox-store.ts";
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
  clear(db?: PlatformDb): Promise<void>;
  list(accountId: string, query?: NumberedQuery & { tab?: InboxTab }): Promise<NumberedPage<InboxEvent>>;
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
    state: row.state === "pending" && row.expiresAt <= clock.now() ? "expired" : row.state,
    read: readAt !== null,
  });

  return {
    async put({ expiresAt, handledAt = null, detail, ...event }, db) {
      const id = eventId(event);
      const times = { expiresAt: expiresAt ?? event.createdAt + DECISION_TIME, handledAt };
      await store.upsert({ ...event, ...times, id, detail: JSON.stringify(detail) }, db);
      return { id };
    },

    clear: (db) => store.clear(db),

    async list(accountId, { tab = "all", ...query } = {}) {
      const { rows, total } = await store.list(accountId, tab, clock.now(), rowsOf(query));
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

/** The same event has the same id whenever it is projected. */
const eventId = ({ accountId, kind, stream }: { accountId: string; kind: string; stream: string }): string =>
  `E${createHash("sha256")
    .update(JSON.stringify([accountId, kind, stream]))
    .digest("hex")
    .slice(0, 24)}`;
