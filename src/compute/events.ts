/** What the pillar puts into the event centre (事件中心), and how it is shown there. */
import type { EventDetail } from "../contract/events.ts";
import { label } from "../contract/shapes.ts";
import { alliance } from "../rules/alliance.ts";
import { task } from "../rules/task.ts";
import type { EventKind, ShownEvent } from "../spine/events.ts";
import { loadNames } from "../spine/names.ts";
import { type Answer as Of, type PillarDeps, showOne } from "../spine/show.ts";
import { showAlliance } from "./alliances.ts";
import { diagnosticsSteps } from "./diagnostics-view.ts";
import { showTask } from "./task-view.ts";

const STEPS = {
  sent: label("Invitation sent", "发起邀请"),
  answered: label("The invited member answers", "受邀成员确认"),
  complete: label("Joined", "加入完成"),
} as const;

export const computeEvents = (deps: PillarDeps) => {
  const { ledger, access, clock, views } = deps;
  const taskOf: EventKind["about"] = async (asker, { stream }) => {
    const shown = showTask(ledger, () => clock.now());
    const detail = await showOne(deps, shown, await access.read(asker, task, stream), asker);
    return { task: detail, steps: detail.steps };
  };

  return {
    invitation: {
      title: (name) => label(`Invitation to join the alliance ${name}`, `邀请您加入【${name}】联盟`),
      async about(asker, { stream }, shown) {
        const member = asker.member ?? "";
        const own = await loadNames(views, { members: [member], details: [] });
        const steps = invitationSteps(shown, own.member(member));
        // Whoever declined may not look inside any more.
        if (!(await views.isVisible(stream, member))) return { steps };
        return {
          alliance: await showOne(deps, showAlliance, await access.read(asker, alliance, stream), asker),
          steps,
        };
      },
    },
    authorisation: {
      title: (name) => label(`Invitation to authorise the task ${name}`, `邀请您授权【${name}】计算任务`),
      about: taskOf,
    },
    diagnostics: {
      title: (name) =>
        label(`Request for diagnostics of the failed task ${name}`, `申请查看【${name}】计算任务的失败诊断`),
      async about(...asked) {
        const about = await taskOf(...asked);
        const { diagnostics } = about.task ?? {};
        return diagnostics ? { ...about, steps: diagnosticsSteps(diagnostics) } : about;
      },
    },
  } satisfies Record<string, EventKind>;
};

/** The three steps of an invitation, in the form that a task's five have. */
const invitationSteps = (event: ShownEvent, member: ShownEvent["initiator"]): Of<typeof EventDetail>["steps"] => {
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
