/** Audit of operational data, and what the platform says of itself. */
import { z } from "zod";
import { download, view } from "./endpoint.ts";
import { Cursor, cursored, Label, Nothing, Search, Time } from "./shapes.ts";

const AuditEntry = z
  .object({
    id: z.string(),
    at: Time,
    /** Login of the user, or `system`. */
    actor: z.string(),
    accountId: z.string().nullable(),
    action: z.string(),
    target: z.string(),
    /** `ok`, or the code of the refusal. */
    outcome: z.string(),
    ip: z.string(),
    requestId: z.string(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEntry" });

const AuditFilter = Cursor.extend({
  action: z.string().max(64).optional(),
  actor: z.string().max(64).optional(),
});

export const audit = {
  list: view({
    path: "/v1/audit",
    permission: "audit.read",
    input: AuditFilter,
    output: cursored(AuditEntry),
    summary: { en: "Read the audit trail of your account, newest first", "zh-CN": "查询审计日志" },
    errors: ["page.cursor"],
  }),
  listAll: view({
    path: "/v1/operator/audit",
    permission: "platform.audit",
    input: AuditFilter,
    output: cursored(AuditEntry),
    summary: { en: "Read the audit trail of all accounts (operator)", "zh-CN": "查询全平台审计日志（平台运营方）" },
    errors: ["page.cursor"],
  }),
};

const Check = z.object({ ok: z.boolean(), ms: z.number(), message: z.string().optional() });

const Job = z
  .object({
    id: z.string(),
    kind: z.string(),
    /** What it is about. */
    key: z.string(),
    state: z.enum(["queued", "running", "done", "failed"]),
    /** Tries that failed. */
    attempts: z.int(),
    /** Times that a server died with it in hand. */
    interruptions: z.int(),
    /** Code of the last failure. */
    error: z.string().nullable(),
    /** Not before. */
    runAt: Time,
    createdAt: Time,
    finishedAt: Time.nullable(),
  })
  .meta({ id: "Job" });

const LogLine = z
  .object({
    /** Grows by one a line since the start. */
    number: z.int(),
    at: Time,
    level: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "LogLine" });

export const system = {
  health: view({
    path: "/health",
    permission: "public",
    input: Nothing,
    /** A failing check answers `health.failing` (503) with the same list. */
    output: z.object({ status: z.literal("ok"), version: z.string(), checks: z.record(z.string(), Check) }),
    summary: { en: "Whether the platform works", "zh-CN": "健康检查" },
    errors: ["health.failing"],
  }),
  metrics: download({
    path: "/metrics",
    /** A scraper cannot sign requests: it may send the operator's access key as HTTP Basic credentials. */
    permission: "platform.metrics",
    input: Nothing,
    media: "text/plain; version=0.0.4; charset=utf-8",
    summary: { en: "Metrics for Prometheus (operator)", "zh-CN": "Prometheus 指标（平台运营方）" },
  }),
  openapi: download({
    path: "/openapi.json",
    permission: "public",
    input: Nothing,
    media: "application/json",
    summary: { en: "This interface as an OpenAPI 3.1 document", "zh-CN": "OpenAPI 3.1 接口文档" },
  }),
  config: view({
    path: "/v1/operator/config",
    permission: "platform.settings",
    input: Nothing,
    output: z.object({
      settings: z.record(z.string(), z.unknown()),
      /** Of each what it is for and how its value is written in the file; of a secret neither more than `settings` has. */
      described: z.record(z.string(), z.object({ about: Label, written: z.string(), secret: z.boolean() })),
    }),
    summary: { en: "The settings in force, secrets left out (operator)", "zh-CN": "当前配置，不含密钥（平台运营方）" },
  }),
  jobs: view({
    path: "/v1/operator/jobs",
    permission: "platform.audit",
    input: Cursor.extend({
      state: Job.shape.state.optional(),
      kind: z.string().max(64).optional(),
    }),
    output: cursored(Job),
    summary: { en: "List work in the background, newest first (operator)", "zh-CN": "查询后台任务（平台运营方）" },
    errors: ["page.cursor"],
  }),
  logs: view({
    path: "/v1/operator/logs",
    permission: "platform.audit",
    input: z.object({
      /** This and whatever is more urgent. */
      level: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
      /** Words looked for in the whole line. */
      search: Search,
      limit: z.coerce.number<number>().int().min(1).max(1_000).default(100),
    }),
    /** Newest first, of those that are kept in memory. */
    output: z.object({ items: z.array(LogLine) }),
    summary: { en: "Read the newest lines of the log (operator)", "zh-CN": "查询最新日志（平台运营方）" },
  }),
  storage: view({
    path: "/v1/operator/storage",
    permission: "platform.audit",
    input: Nothing,
    output: z.object({
      /** Folders and files of the data directory, and the database. */
      areas: z.array(z.object({ name: z.string(), bytes: z.int(), files: z.int() })),
      /** Of the disk that the data directory is on, bytes. */
      disk: z.object({ free: z.int(), total: z.int() }),
    }),
    summary: { en: "Show what takes room on the disk (operator)", "zh-CN": "查看存储占用（平台运营方）" },
  }),
};
