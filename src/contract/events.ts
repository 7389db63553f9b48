/** 事件中心: what waits for you, and live news. */
import { z } from "zod";
import { Alliance } from "./alliances.ts";
import { command, live, view } from "./endpoint.ts";
import { KeyGroup } from "./key-groups.ts";
import { KeyRequest } from "./key-requests.ts";
import { ById, Label, label, Member, Nothing, Page, paged, Time } from "./shapes.ts";
import { Step, Task } from "./tasks.ts";

export const eventStateLabels = {
  pending: label("In progress", "进行中"),
  succeeded: label("Succeeded", "成功"),
  failed: label("Failed", "失败"),
  expired: label("Expired", "已过期"),
} as const;

export const eventKindLabels = {
  invitation: label("Invitation to an alliance", "邀请加入联盟"),
  authorisation: label("Authorisation of a task", "授权任务"),
  diagnostics: label("Diagnostics of a failed task", "授权失败诊断"),
  signature: label("Request to sign with a key", "签名审批"),
  "group-change": label("Change of a key group", "群组变更"),
} as const;
const EventKind = z.enum(["invitation", "authorisation", "diagnostics", "signature", "group-change"]);

export const Event = z
  .object({
    id: z.string(),
    kind: EventKind,
    kindLabel: Label,
    /** 事件名称, for example 邀请您加入【可信计算联盟】网络. */
    title: Label,
    /** 发起成员. */
    initiator: Member,
    /** Stream of what it is about. */
    stream: z.string(),
    state: z.enum(["pending", "succeeded", "failed", "expired"]),
    stateLabel: Label,
    unread: z.boolean(),
    createdAt: Time,
    expiresAt: Time,
    handledAt: Time.nullable(),
  })
  .meta({ id: "Event" });

/** With what it is about: the alliance of an invitation, the task to authorise, the request to approve; and the steps so far. */
export const EventDetail = Event.extend({
  alliance: Alliance.nullable(),
  task: Task.nullable(),
  group: KeyGroup.nullable(),
  request: KeyRequest.nullable(),
  steps: z.array(Step.omit({ step: true }).extend({ step: z.string() })),
}).meta({ id: "EventDetail" });

/**
 * News of a stream, which may have brought an event; read the resource for the rest. `reset`: too much was missed, read
 * everything again.
 */
export const LiveEvent = z
  .object({
    /** For `Last-Event-ID`. */
    id: z.string(),
    /** `alliance.changed`, `task.changed`, `task.progress`, `key-request.changed`, … */
    type: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "LiveEvent" });
export type LiveEvent = z.output<typeof LiveEvent>;

export const events = {
  list: view({
    path: "/v1/events",
    permission: "event.read",
    input: Page.extend({
      tab: z.enum(["pending", "handled", "all"]).default("all"),
      kind: EventKind.optional(),
    }),
    output: paged(Event),
    summary: { en: "List what waited or waits for you", "zh-CN": "查询事件中心" },
    example: { tab: "pending" },
  }),
  get: view({
    path: "/v1/events/:id",
    permission: "event.read",
    input: ById,
    output: EventDetail,
    summary: { en: "Show an event, its steps and who has decided", "zh-CN": "查看事件详情" },
    errors: ["event.unknown"],
  }),
  unread: view({
    path: "/v1/events/unread",
    permission: "event.read",
    input: Nothing,
    output: z.object({ unread: z.int(), pending: z.int() }),
    summary: { en: "Count events not read and not handled", "zh-CN": "未读与待处理事件数量" },
  }),
  markRead: command({
    path: "/v1/events/:id/read",
    method: "POST",
    permission: "event.read",
    input: ById.strict(),
    output: z.void(),
    summary: { en: "Mark an event as read", "zh-CN": "标记事件为已读" },
    errors: ["event.unknown"],
  }),
  subscribe: live({
    path: "/v1/live",
    permission: "event.read",
    input: Nothing,
    output: LiveEvent,
    summary: { en: "Follow changes as they happen (server-sent events)", "zh-CN": "实时事件（SSE）" },
  }),
};
