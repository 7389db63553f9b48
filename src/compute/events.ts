/** 事件中心: what waits for a member, and what became of it. */
import { iso } from "../base/clock.ts";
import type { Text } from "../contract/endpoint.ts";
import { type Event as EventAnswer, type EventDetail, eventKindLabels, eventStateLabels } from "../contract/events.ts";
import { label } from "../contract/shapes.ts";
import type { Inbox, InboxEvent } from "../platform/inbox.ts";
import { alliance } from "../rules/alliance.ts";
import { task } from "../rules/task.ts";
import type { Asker } from "./access.ts";
import { showAlliance } from "./alliances.ts";
import { type ComputeDeps, type Answer as Of, showOne } from "./deps.ts";
import { diagnosticsSteps } from "./diagnostics-view.ts";
import { refuse } from "./errors.ts";
import { loadNames, type Names } from "./names.ts";
import { showTask } from "./task-view.ts";

const STEPS = {
  sent: label("Invitation sent", "发起邀请"),
  answered: label("The invited member answers", "受邀成员确认"),
  complete: label("Joined", "加入完成"),
} as const;

const TITLES: Readonly<Record<InboxEvent["kind"], (name: string) => Text>> = {
  invitation: (name) => label(`Invitation to join the alliance ${name}`, `邀请您加入【${name}】联盟`),
  authorisation: (name) => label(`Invitation to authorise the task ${name}`, `邀请您授权【${name}】计算任务`),
  diagnostics: (name) =>
    label(`Request for diagnostics of the failed task ${name}`, `申请查看【${name}】计算任务的失败诊断`),
};

interface EventsQuery {
  readonly tab: "pending" | "handled" | "all";
  readonly kind?: InboxEvent["kind"] | undefined;
  readonly page: number;
  readonly pageSize: number;
}

export const createEvents = (deps: ComputeDeps & { inbox: Inbox }) => {
  const { inbox, ledger, access, clock, views } = deps;

  const show = (event: InboxEvent, names: Names): Of<typeof EventAnswer> => {
    const { by, name } = event.detail as { by?: string; name?: string };
    const text = String(names.detail(name ?? "").name ?? "");
    return {
      id: event.id,
      kind: event.kind,
      kindLabel: eventKindLabels[event.kind],
      title: TITLES[event.kind](text),
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

  /** The three steps of an invitation, in the form that a task's five have. */
  const invitationSteps = (
    event: Of<typeof EventAnswer>,
    member: Of<typeof EventAnswer>["initiator"],
  ): Of<typeof EventDetail>["steps"] => {
    const decided = event.state === "succeeded";
    const failed = event.state === "failed" || event.state === "expired";
    const decision = decided ? "authorised" : event.state === "failed" ? "refused" : failed ? "expired" : null;
    return [
      {
        step: "sent",
        label: STEPS.sent,
        state: "done",
        decided: 1,
        of: 1,
        decisions: [{ member: event.initiator, decision: "asked", at: event.createdAt }],
      },
      {
        step: "answered",
        label: STEPS.answered,
        state: decided ? "done" : failed ? "failed" : "current",
        decided: decided ? 1 : 0,
        of: 1,
        decisions: [{ member, decision, at: event.handledAt }],
      },
      {
        step: "complete",
        label: STEPS.complete,
        state: decided ? "done" : failed ? "failed" : "waiting",
        decided: decided ? 1 : 0,
        of: 1,
        decisions: [],
      },
    ];
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
      if (event.kind !== "invitation") {
        const found = await access.read(asker, task, event.stream);
        const detail = await showOne(
          deps,
          showTask(ledger, () => clock.now()),
          found,
          asker,
        );
        const asked = event.kind === "diagnostics" ? detail.diagnostics : null;
        return { ...shown, alliance: null, task: detail, steps: asked ? diagnosticsSteps(asked) : detail.steps };
      }
      const member = asker.member ?? "";
      const own = await loadNames(views, { members: [member], details: [] });
      // Whoever declined may not look inside any more.
      const open = await views.isVisible(event.stream, member);
      return {
        ...shown,
        alliance: open
          ? await showOne(deps, showAlliance, await access.read(asker, alliance, event.stream), asker)
          : null,
        task: null,
        steps: invitationSteps(shown, own.member(member)),
      };
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
