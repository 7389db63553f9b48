/** 计算任务管理 */
import { z } from "zod";
import { DryRun } from "../rules/dry-run.ts";
import * as rules from "../rules/task.ts";
import { Definition, Receipt } from "../rules/task-definition.ts";
import { act, acted, command, download, view } from "./endpoint.ts";
import { ById, Label, Member, Page, paged, Search, streamed, Time } from "./shapes.ts";
import { Diagnostics, diagnosticsEndpoints } from "./task-diagnostics.ts";

export const TaskState = z.enum([
  "receiver-authorising",
  "source-authorising",
  "model-authorising",
  "authorised",
  "authorisation-failed",
  "running",
  "succeeded",
  "failed",
]);

/** One step: who decides, who has, and when. `decided` of `of` have agreed. */
export const Step = z
  .object({
    step: z.enum(["request", "receiver", "sources", "model", "complete"]),
    label: Label,
    state: z.enum(["waiting", "current", "done", "failed"]),
    decided: z.int(),
    of: z.int(),
    decisions: z.array(
      z.object({
        member: Member,
        decision: z.enum(["asked", "authorised", "refused", "revoked", "expired"]).nullable(),
        at: Time.nullable(),
      }),
    ),
  })
  .meta({ id: "Step" });

const State = { state: TaskState, stateLabel: Label };

/** A line of the list. */
export const TaskSummary = z
  .object({
    ...streamed,
    name: z.string(),
    creator: Member,
    alliance: z.object({ id: z.string(), name: z.string() }),
    ...State,
    createdAt: Time,
    expiresAt: Time,
    /** You decide next. */
    awaitsYou: z.boolean(),
    /** You created it, and it waits to be run (执行任务). */
    runnable: z.boolean(),
    /** When it runs, again and again (定时任务); null where it runs once. */
    schedule: z
      .object({
        /** Seconds. */
        every: z.int(),
        runs: z.int(),
        first: Time.nullable(),
        /** When the next run is due; null before everybody has authorised, and after the last. */
        nextAt: Time.nullable(),
      })
      .nullable(),
    /** Which run it is of which scheduled task; null where it is a task of its own. */
    occurrence: z.object({ task: z.string(), stream: z.string(), number: z.int() }).nullable(),
  })
  .meta({ id: "TaskSummary" });

export const Task = z
  .object({
    ...TaskSummary.shape,
    description: z.string(),
    type: z.literal("ordinary"),
    start: z.enum(["automatic", "manual"]),
    /** What is asked for, exactly as it was signed. */
    definition: Definition,
    /** Where the result goes; null before the receiver has said. */
    delivery: z
      .object({ key: z.string(), cipher: z.string(), sink: z.string(), destination: z.string().optional() })
      .nullable(),
    /** Stream id of the enclave that runs it, or ran it. */
    runsIn: z.string(),
    /** What the next authorisation signs; null before the receiver has authorised. */
    digest: z.string().nullable(),
    receiver: Member,
    model: z.object({
      id: z.string(),
      name: z.string(),
      version: z.string(),
      owner: Member,
      /** Its code can be downloaded and read. */
      open: z.boolean(),
    }),
    sources: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        description: z.string(),
        type: z.string(),
        typeLabel: Label,
        owner: Member,
        table: z.string(),
        columns: z.array(z.object({ name: z.string(), type: z.string(), description: z.string() })),
      }),
    ),
    steps: z.array(Step),
    /** Whoever decides now. */
    deciders: z.array(Member),
    receipt: Receipt.nullable(),
    result: z.object({ digest: z.string(), size: z.int(), rows: z.int() }).nullable(),
    /** When the receiver confirmed that it has the result; null before. */
    acknowledgedAt: Time.nullable(),
    failure: z.object({ code: z.string(), text: Label, by: Member.nullable() }).nullable(),
    endedAt: Time.nullable(),
    /** The newest request for diagnostics of its failure; null where nobody asked. */
    diagnostics: Diagnostics.nullable(),
  })
  .meta({ id: "Task" });

/** Which code a task runs, and which code of the same model the caller agreed to last. */
const TaskCode = z
  .object({
    id: z.string(),
    stream: z.string(),
    /** Stream of the model. */
    model: z.string(),
    /** The plain archive's digest and size. */
    archive: z.object({ digest: z.string(), size: z.int() }),
    /** Its author publishes the code itself. */
    open: z.boolean(),
    /** Your newest earlier authorisation, or grant, of the same model; null where there is none. */
    approved: z
      .object({
        kind: z.enum(["task", "grant"]),
        /** Of the task, or of the data source that the grant is for. */
        id: z.string(),
        stream: z.string(),
        /** Digest of the statement with which you agreed. */
        statement: z.string(),
        /** Digest of the plain archive. */
        archive: z.string(),
        at: Time,
      })
      .nullable(),
  })
  .meta({ id: "TaskCode" });

const path = "/v1/tasks";
const one = `${path}/:id` as const;
const output = acted(Task);
const authoriseErrors = ["stream.unknown", "task.party", "task.state", "task.decided", "task.digest", "task.expired"];

export const tasks = {
  create: act({
    path,
    kind: rules.created,
    permission: "task.create",
    output,
    summary: { en: "Create a compute task", "zh-CN": "新建计算任务" },
    errors: [
      "id.taken",
      "member.required",
      "resource.not-shared",
      "resource.withdrawn",
      "resource.changed",
      "enclave.mismatch",
      "enclave.unknown",
      "task.sources",
      "task.schedule",
      "account.not-verified",
    ],
  }),
  list: view({
    path,
    permission: "task.read",
    input: Page.extend({
      /** 全部, 我创建的, 我参与的. */
      tab: z.enum(["all", "mine", "participating"]).default("all"),
      state: TaskState.optional(),
      search: Search,
      /** By the time it was created, or by its name. */
      sort: z.enum(["newest", "oldest", "name"]).default("newest"),
    }),
    output: paged(TaskSummary),
    summary: { en: "List the tasks you have a part in", "zh-CN": "查询计算任务" },
    example: { tab: "participating", state: "source-authorising" },
  }),
  get: view({
    path: one,
    permission: "task.read",
    input: ById,
    output: Task,
    summary: { en: "Show a task, its steps and who has decided", "zh-CN": "查看计算任务及授权进度" },
    errors: ["stream.unknown"],
  }),
  code: view({
    path: `${one}/code`,
    permission: "task.read",
    input: ById,
    output: TaskCode,
    summary: {
      en: "Show which code a task runs, and which you approved last",
      "zh-CN": "查看任务代码及上次授权的代码",
    },
    errors: ["stream.unknown"],
  }),
  authoriseReceiver: act({
    path: `${one}/authorisations/receiver`,
    kind: rules.receiverAuthorised,
    permission: "task.authorise",
    output,
    summary: { en: "Authorise as the result receiver", "zh-CN": "结果使用方授权" },
    errors: authoriseErrors,
  }),
  authoriseSource: act({
    path: `${one}/authorisations/source`,
    kind: rules.sourceAuthorised,
    permission: "task.authorise",
    output,
    summary: { en: "Authorise as a data provider", "zh-CN": "数据源提供方授权" },
    errors: authoriseErrors,
  }),
  authoriseModel: act({
    path: `${one}/authorisations/model`,
    kind: rules.modelAuthorised,
    permission: "task.authorise",
    output,
    summary: { en: "Authorise as the model provider", "zh-CN": "模型提供方授权" },
    errors: authoriseErrors,
  }),
  acknowledge: act({
    path: `${one}/acknowledgement`,
    kind: rules.acknowledged,
    permission: "task.authorise",
    output,
    summary: { en: "Confirm that you have the result", "zh-CN": "确认已收到计算结果" },
    errors: ["stream.unknown", "task.party", "task.state", "task.decided"],
  }),
  dryRun: command({
    path: `${one}/dry-run`,
    method: "POST",
    permission: "task.authorise",
    input: ById,
    output: DryRun.extend({
      /** JWS of the enclave over definition and answer (rules/dry-run.ts). */
      answer: z.string(),
    }),
    summary: { en: "Run the task's model on made-up rows", "zh-CN": "使用合成数据试运行计算任务" },
    errors: ["stream.unknown", "enclave.unavailable"],
  }),
  refuse: act({
    path: `${one}/refusals`,
    kind: rules.refused,
    permission: "task.authorise",
    output,
    summary: { en: "Refuse to authorise", "zh-CN": "拒绝授权" },
    errors: ["stream.unknown", "task.party", "task.state", "task.expired"],
  }),
  revoke: act({
    path: `${one}/revocations`,
    kind: rules.revoked,
    permission: "task.authorise",
    output,
    summary: { en: "Take back an authorisation you gave", "zh-CN": "撤销授权" },
    errors: ["stream.unknown", "task.party", "task.state", "task.expired"],
  }),
  run: act({
    path: `${one}/runs`,
    kind: rules.runRequested,
    permission: "task.create",
    output,
    summary: { en: "Run an authorised task", "zh-CN": "执行任务" },
    errors: ["stream.unknown", "task.party", "task.state", "task.scheduled"],
  }),
  runs: view({
    path: `${one}/occurrences`,
    permission: "task.read",
    input: ById.extend(Page.shape),
    output: paged(TaskSummary),
    summary: { en: "List the runs of a scheduled task, the newest first", "zh-CN": "查询定时任务的各次执行" },
    errors: ["stream.unknown"],
  }),
  ...diagnosticsEndpoints(output),
  result: download({
    path: `${one}/result`,
    permission: "task.read",
    input: ById,
    media: "application/octet-stream",
    summary: { en: "Download the result, sealed to the receiver's key", "zh-CN": "下载加密结果" },
    errors: ["stream.unknown", "blob.unknown"],
  }),
  bundle: download({
    path: `${one}/bundle`,
    permission: "task.read",
    input: ById,
    media: "application/json",
    summary: { en: "Download the evidence bundle of a task", "zh-CN": "下载证据包" },
    errors: ["stream.unknown"],
  }),
};
