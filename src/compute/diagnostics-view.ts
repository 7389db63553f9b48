/** How a request for diagnostics is shown: in its task, and to those who decide in the event centre. */
import type { z } from "zod";
import { iso } from "../base/clock.ts";
import type { EventDetail } from "../contract/events.ts";
import { label } from "../contract/shapes.ts";
import { type Diagnostics, diagnosticsStateLabels } from "../contract/task-diagnostics.ts";
import { type DiagnosticsRequest, diagnosticsStateAt } from "../rules/task-diagnostics.ts";
import type { Names } from "../spine/names.ts";

type Shown = z.output<typeof Diagnostics>;
type Steps = z.output<typeof EventDetail>["steps"];

/** @param now milliseconds */
export const showDiagnostics = (asked: DiagnosticsRequest | undefined, names: Names, now: number): Shown | null => {
  if (!asked) return null;
  const state = diagnosticsStateAt(asked, now);
  const { refused } = asked;
  return {
    request: asked.request,
    by: names.member(asked.by),
    key: asked.key,
    state,
    stateLabel: diagnosticsStateLabels[state],
    createdAt: iso(asked.created),
    expiresAt: iso(asked.expires),
    decisions: [...asked.deciders].map(([member, time]) => ({
      member: names.member(member),
      decision: refused?.by === member ? "refused" : time ? "authorised" : null,
      at: refused?.by === member ? iso(refused.time) : time ? iso(time) : null,
    })),
  };
};

const STEPS = {
  asked: label("Diagnostics asked for", "申请失败诊断"),
  decided: label("Data providers authorise", "数据源提供方授权"),
  released: label("Diagnostics may be fetched", "可获取失败诊断"),
} as const;

/** In the form that a task's five steps have. */
export const diagnosticsSteps = ({ by, state, createdAt, decisions }: Shown): Steps => {
  const done = state === "authorised";
  const failed = state === "refused" || state === "expired";
  return [
    {
      ...{ step: "asked", label: STEPS.asked, state: "done", decided: 1, of: 1 },
      decisions: [{ member: by, decision: "asked", at: createdAt }],
    },
    {
      ...{ step: "decided", label: STEPS.decided, state: done ? "done" : failed ? "failed" : "current" },
      decided: decisions.filter(({ decision }) => decision === "authorised").length,
      of: decisions.length,
      decisions: decisions.map((one) =>
        state === "expired" && one.decision === null ? { ...one, decision: "expired" } : one,
      ),
    },
    {
      ...{ step: "released", label: STEPS.released, state: done ? "done" : failed ? "failed" : "waiting" },
      ...{ decided: done ? 1 : 0, of: 1, decisions: [] },
    },
  ];
};
