/** Audit of operational data, and what the platform says of itself. */
import { z } from "zod";
import { download, view } from "./endpoint.ts";
import { Cursor, cursored, Nothing, Time } from "./shapes.ts";

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
    output: z.object({ settings: z.record(z.string(), z.unknown()) }),
    summary: { en: "The settings in force, secrets left out (operator)", "zh-CN": "当前配置，不含密钥（平台运营方）" },
  }),
};
