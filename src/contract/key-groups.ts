/** 群组管理, 策略管理: over which nodes keys are split, who may use them, and by which policies. */
import { z } from "zod";
import * as rules from "../rules/key-group.ts";
import { act, acted, command, type Text, view } from "./endpoint.ts";
import { NodeName } from "./key-nodes.ts";
import { ById, Label, label, Member, Page, paged, Search, streamed, Time } from "./shapes.ts";

export const proposalStateLabels = {
  open: label("Waiting for administrators", "待管理员处理"),
  effective: label("In effect", "已生效"),
  refused: label("Refused", "已拒绝"),
  withdrawn: label("Withdrawn", "已撤回"),
  superseded: label("Overtaken by another change", "已被其他变更取代"),
  expired: label("Expired", "已过期"),
} as const satisfies Readonly<Record<rules.Proposal["state"] | "expired", Text>>;

export const groupRoleLabels = {
  administrator: label("Administrator", "管理员"),
  requester: label("Requester", "请求方"),
  approver: label("Approver", "审批方"),
} as const;

const Role = z.enum(["administrator", "requester", "approver"]);

export const Proposal = z
  .object({
    /** Digest of its statement: what a decision names. */
    proposal: z.string(),
    by: Member,
    /** What would be put in place of what is there, as it was signed. */
    change: rules.GroupChange,
    state: z.enum(["open", "effective", "refused", "withdrawn", "superseded", "expired"]),
    stateLabel: Label,
    agreed: z.array(Member),
    refused: z.array(Member),
    /** You decide on it. */
    awaitsYou: z.boolean(),
    createdAt: Time,
    expiresAt: Time,
  })
  .meta({ id: "Proposal" });

/** A line of the list. */
export const KeyGroupSummary = z
  .object({
    ...streamed,
    name: z.string(),
    description: z.string(),
    creator: Member,
    nodes: z.array(NodeName),
    /** What you are in it. */
    roles: z.array(z.object({ role: Role, label: Label })),
    /** How many keys it has that were not deleted. */
    keyCount: z.int(),
    policyCount: z.int(),
    /** A proposal waits for your decision. */
    awaitsYou: z.boolean(),
    createdAt: Time,
  })
  .meta({ id: "KeyGroupSummary" });

export const KeyGroup = z
  .object({
    ...KeyGroupSummary.shape,
    administrators: z.array(Member),
    /** As many administrators have to agree to a change. */
    approvals: z.int(),
    requesters: z.array(Member),
    approvers: z.array(Member),
    /** Cedar, as written. */
    policies: z.array(rules.KeyPolicy),
    /** To whom nodes encrypt a copy of their shares. */
    backup: z.array(z.object({ node: NodeName, recipient: z.string() })),
    /** Digest of the statement at which all of this became what it is: which version a signature was decided by. */
    version: z.string(),
    changedAt: Time,
    /** Of the last seven days, the newest first. */
    proposals: z.array(Proposal),
  })
  .meta({ id: "KeyGroup" });

/** What one past request would come to. */
const Simulated = z.object({
  request: z.object({ id: z.string(), stream: z.string() }),
  key: z.object({ id: z.string(), stream: z.string(), alias: z.string().nullable() }),
  requester: Member,
  createdAt: Time,
  /** By the policies that are in effect, and by those given. */
  before: z.enum(["allowed", "denied"]),
  after: z.enum(["allowed", "denied"]),
  changed: z.boolean(),
  /** Ids of the given policies that decided; none where no policy permits. */
  decidedBy: z.array(z.string()),
  reason: Label,
});

const path = "/v1/key-groups";
const one = `${path}/:id` as const;
const output = acted(KeyGroup);
const decided = ["stream.unknown", "key.party", "key-group.proposal", "key-group.decided"];

export const keyGroups = {
  create: act({
    path,
    kind: rules.founded,
    permission: "key.govern",
    output,
    summary: { en: "Create a key group", "zh-CN": "新建群组" },
    errors: ["id.taken", "key-node.unknown", "key-group.settings", "account.not-verified"],
  }),
  list: view({
    path,
    permission: "key.read",
    input: Page.extend({
      /** 全部, 我创建的, 我管理的, 待处理. */
      tab: z.enum(["all", "mine", "administered", "awaiting"]).default("all"),
      search: Search,
    }),
    output: paged(KeyGroupSummary),
    summary: { en: "List the key groups you have a part in", "zh-CN": "查询群组" },
    example: { tab: "administered" },
  }),
  get: view({
    path: one,
    permission: "key.read",
    input: ById,
    output: KeyGroup,
    summary: { en: "Show a key group, its policies and proposals", "zh-CN": "查看群组、策略与提案" },
    errors: ["stream.unknown"],
  }),
  propose: act({
    path: `${one}/proposals`,
    kind: rules.changeProposed,
    permission: "key.govern",
    output,
    summary: {
      en: "Propose a change of a group's nodes, members or policies",
      "zh-CN": "提议变更群组节点、成员或策略",
    },
    errors: ["stream.unknown", "key.party", "key-node.unknown", "key-group.settings", "key-group.proposals"],
  }),
  approve: act({
    path: `${one}/approvals`,
    kind: rules.changeApproved,
    permission: "key.govern",
    output,
    summary: { en: "Agree to a proposed change", "zh-CN": "同意变更提案" },
    errors: decided,
  }),
  refuse: act({
    path: `${one}/refusals`,
    kind: rules.changeRefused,
    permission: "key.govern",
    output,
    summary: { en: "Refuse a proposed change, or withdraw your own", "zh-CN": "拒绝变更提案，或撤回自己的提案" },
    errors: decided,
  }),
  simulate: command({
    path: `${one}/simulations`,
    method: "POST",
    permission: "key.govern",
    input: z.strictObject({
      ...ById.shape,
      /** In place of the group's. */
      policies: z.array(rules.KeyPolicy).max(rules.MAX_POLICIES),
      /** Requests of as many days until now. */
      days: z.int().min(1).max(366).default(30),
      /** Only those whose outcome changes. */
      changed: z.boolean().default(false),
      ...Page.shape,
    }),
    output: paged(Simulated),
    summary: { en: "Try policies on past requests", "zh-CN": "使用历史请求模拟策略" },
    errors: ["stream.unknown", "key-group.settings"],
    example: { policies: [{ id: "all", text: "permit(principal, action, resource);" }], days: 7 },
  }),
};
