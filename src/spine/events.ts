/** 事件中心: what waits for a member, and what became of it. */
import { iso } from "../base/clock.ts";
import type { Text } from "../contract/endpoint.ts";
import { type Event as EventAnswer, type EventDetail, eventKindLabels, eventStateLabels } from "../contract/events.ts";
import type { Inbox, InboxEvent, InboxKind } from "../platform/inbox.ts";
import type { Asker } from "./access.ts";
import { refuse } from "./errors.ts";
import { loadNames, type Names } from "./names.ts";
import type { Answer as Of } from "./show.ts";
import type { ViewsStore } from "./views-store.ts";

export type ShownEvent = Of<typeof EventAnswer>;
type Detail = Of<typeof EventDetail>;

/** How a pillar shows one kind of event. */
export interface EventKind {
  title(name: string): Text;
  /** What it is about, and the steps so far. */
  about(asker: Asker, event: InboxEvent, shown: ShownEvent): Promise<Partial<Detail> & Pick<Detail, "steps">>;
}
export type EventKinds = Readonly<Record<InboxKind, EventKind>>;

interface EventsQuery {
  readonly tab: "pending" | "handled" | "all";
  readonly kind?: InboxKind | undefined;
  readonly page: number;
  readonly pageSize: number;
}

export interface EventsDeps {
  readonly inbox: Inbox;
  readonly views: ViewsStore;
  readonly kinds: EventKinds;
}

export const createEvents = ({ inbox, views, kinds }: EventsDeps) => {
  const show = (event: InboxEvent, names: Names): ShownEvent => {
    const { by, name } = event.detail as { by?: string; name?: string };
    const detail = names.detail(name ?? "");
    const text = String(detail.name ?? detail.note ?? "");
    return {
      id: event.id,
      kind: event.kind,
      kindLabel: eventKindLabels[event.kind],
      title: kinds[event.kind].title(text),
      initiator: names.member(by ?? ""),
      stream: event.stream,
      state: event.state,
      stateLabel: eventStateLabels[event.state],
      unread: !event.read,
      createdAt: iso(event.createdAt),
      expiresAt: iso(event.expiresAt),
      handledAt: event.handledAt ? iso(event.handledAt) : null,
    };
  };
  const namesOf = (events: readonly InboxEvent[]) => {
    const speaks = events.map(({ detail }) => detail as { by?: string; name?: string });
    return loadNames(views, {
      members: speaks.map(({ by }) => by ?? ""),
      details: speaks.map(({ name }) => name ?? ""),
    });
  };
  const find = async ({ accountId }: Asker, id: string) => {
    const event = accountId ? await inbox.find(accountId, id) : undefined;
    if (!accountId || !event) throw refuse("event.unknown", { id });
    return { accountId, event };
  };

  return {
    async list({ accountId }: Asker, { tab, kind, page, pageSize }: EventsQuery) {
      if (!accountId) return { items: [], total: 0, page, pageSize };
      const found = await inbox.list(accountId, { tab, page, pageSize, ...(kind && { kind }) });
      const names = await namesOf(found.items);
      return { items: found.items.map((event) => show(event, names)), total: found.total, page, pageSize };
    },
    async get(asker: Asker, { id }: { id: string }) {
      const { event } = await find(asker, id);
      const names = await namesOf([event]);
      const shown = show(event, names);
      const about = await kinds[event.kind].about(asker, event, shown);
      return { ...shown, alliance: null, task: null, group: null, request: null, ...about };
    },
    async unread({ accountId }: Asker) {
      if (!accountId) return { unread: 0, pending: 0 };
      const [unread, pending] = await Promise.all([
        inbox.unread(accountId),
        inbox.list(accountId, { tab: "pending", page: 1, pageSize: 1 }),
      ]);
      return { unread, pending: pending.total };
    },
    async markRead(asker: Asker, { id }: { id: string }) {
      const { accountId } = await find(asker, id);
      await inbox.markRead(accountId, [id]);
    },
  };
};
