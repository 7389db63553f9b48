/** What the pillar puts into the event centre (事件中心), and how it is shown there. */
import { label } from "../contract/shapes.ts";
import { keyGroup } from "../rules/key-group.ts";
import { keyRequest } from "../rules/key-request.ts";
import type { EventKind, ShownEvent } from "../spine/events.ts";
import type { Spine } from "../spine/index.ts";
import { showOne } from "../spine/show.ts";
import { showGroup } from "./group-view.ts";
import { showRequest } from "./request-view.ts";
import type { ViewDeps } from "./view-deps.ts";

const STEPS = {
  asked: label("Asked for", "发起"),
  approved: label("Approvals", "审批"),
  signed: label("The nodes sign", "节点签名"),
  agreed: label("Administrators agree", "管理员同意"),
  effective: label("In effect", "生效"),
} as const;

type Step = Awaited<ReturnType<EventKind["about"]>>["steps"][number];
type Decision = Step["decisions"][number];

const asked = ({ initiator, createdAt }: ShownEvent): Step => ({
  step: "asked",
  label: STEPS.asked,
  state: "done",
  decided: 1,
  of: 1,
  decisions: [{ member: initiator, decision: "asked", at: createdAt }],
});
const stepState = (done: boolean, failed: boolean, current: boolean): Step["state"] =>
  done ? "done" : failed ? "failed" : current ? "current" : "waiting";
const last = (step: string, name: Step["label"], state: Step["state"]): Step => ({
  ...{ step, label: name, state },
  ...{ decided: state === "done" ? 1 : 0, of: 1, decisions: [] },
});

export const keyEvents = (spine: Spine, deps: ViewDeps) =>
  ({
    signature: {
      title: (note) => label(`Request to sign: ${note || "(no note)"}`, `邀请您审批签名请求【${note || "无备注"}】`),
      async about(asker, { stream }, shown) {
        const found = await spine.access.read(asker, keyRequest, stream);
        const request = await showOne(spine, showRequest(deps), found, asker);
        const ended = ["refused", "withdrawn", "failed", "expired"].includes(request.state);
        const completed = request.state === "completed";
        const decisions: Decision[] = [
          ...request.approvedBy.map(({ member, at }) => ({ member, decision: "authorised" as const, at })),
          ...request.awaited.map((member) => ({ member, decision: ended ? ("expired" as const) : null, at: null })),
        ];
        const approved: Step = {
          ...{ step: "approved", label: STEPS.approved, state: stepState(completed, ended, true) },
          ...{ decided: request.approvedBy.length, of: decisions.length, decisions },
        };
        return {
          request,
          steps: [asked(shown), approved, last("signed", STEPS.signed, stepState(completed, ended, false))],
        };
      },
    },
    "group-change": {
      title: (name) => label(`Change of the key group ${name}`, `邀请您处理群组【${name}】的变更`),
      async about(asker, { stream }, shown) {
        const found = await spine.access.read(asker, keyGroup, stream);
        const group = await showOne(spine, showGroup(deps), found, asker);
        const proposal = group.proposals.find(({ createdAt }) => createdAt === shown.createdAt);
        const done = proposal?.state === "effective";
        const failed = proposal !== undefined && !done && proposal.state !== "open";
        const decisions: Decision[] = [
          ...(proposal?.agreed ?? []).map((member) => ({ member, decision: "authorised" as const, at: null })),
          ...(proposal?.refused ?? []).map((member) => ({ member, decision: "refused" as const, at: null })),
        ];
        const agreed: Step = {
          ...{ step: "agreed", label: STEPS.agreed, state: stepState(done, failed, true) },
          ...{ decided: proposal?.agreed.length ?? 0, of: group.approvals, decisions },
        };
        const effective = last("effective", STEPS.effective, stepState(done, failed, false));
        return { group, steps: [asked(shown), agreed, effective] };
      },
    },
  }) satisfies Record<string, EventKind>;
