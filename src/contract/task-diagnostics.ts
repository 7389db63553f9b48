/** 失败诊断: what a failed model said, for its author, when every data provider agrees. */
import { z } from "zod";
import { ReleasedDiagnostics } from "../rules/released-diagnostics.ts";
import * as rules from "../rules/task-diagnostics.ts";
import { act, type Text, view } from "./endpoint.ts";
import { ById, Label, label, Member, Time } from "./shapes.ts";

export const diagnosticsStateLabels: Readonly<Record<rules.DiagnosticsState, Text>> = {
  open: label("Waiting for the data providers", "数据源提供方授权中"),
  authorised: label("Authorised", "已授权"),
  refused: label("Refused", "已拒绝"),
  expired: label("Expired", "已过期"),
};

/** The newest request for diagnostics of a failed task. */
export const Diagnostics = z
  .object({
    /** Digest of the request: what an authorisation signs. */
    request: z.string(),
    /** Who reads them, if they are released. */
    by: Member,
    /** Public key (PEM) that they are sealed to. */
    key: z.string(),
    state: z.enum(["open", "authorised", "refused", "expired"]),
    stateLabel: Label,
    createdAt: Time,
    expiresAt: Time,
    decisions: z.array(
      z.object({ member: Member, decision: z.enum(["authorised", "refused"]).nullable(), at: Time.nullable() }),
    ),
  })
  .meta({ id: "Diagnostics" });

const one = "/v1/tasks/:id/diagnostics";
const decided = ["stream.unknown", "task.party", "task.decided", "diagnostics.request"];

/** @param output of the acts: the task as it is then */
export const diagnosticsEndpoints = <O extends z.ZodType>(output: O) => ({
  requestDiagnostics: act({
    path: `${one}/requests`,
    kind: rules.diagnosticsRequested,
    permission: "task.authorise",
    output,
    summary: { en: "Ask for the diagnostics of a failed task", "zh-CN": "申请查看失败诊断" },
    errors: [
      ...["stream.unknown", "task.party", "task.state"],
      ...["diagnostics.late", "diagnostics.open", "diagnostics.many"],
    ],
  }),
  authoriseDiagnostics: act({
    path: `${one}/authorisations`,
    kind: rules.diagnosticsAuthorised,
    permission: "task.authorise",
    output,
    summary: { en: "Agree that diagnostics leave the enclave", "zh-CN": "授权提供失败诊断" },
    errors: decided,
  }),
  refuseDiagnostics: act({
    path: `${one}/refusals`,
    kind: rules.diagnosticsRefused,
    permission: "task.authorise",
    output,
    summary: {
      en: "Refuse diagnostics, or take an authorisation of them back",
      "zh-CN": "拒绝提供失败诊断，或撤回相应授权",
    },
    errors: decided,
  }),
  diagnostics: view({
    path: one,
    permission: "task.read",
    input: ById,
    output: ReleasedDiagnostics,
    summary: { en: "Fetch the diagnostics, sealed to the key of the request", "zh-CN": "获取加密的失败诊断" },
    errors: ["stream.unknown", "task.party", "enclave.unavailable"],
  }),
});
