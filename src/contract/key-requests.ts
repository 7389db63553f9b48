/** 签名请求: what keys are asked to sign, and who has approved. */
import { z } from "zod";
import { KeyMessage } from "../rules/key-messages.ts";
import * as rules from "../rules/key-request.ts";
import { KeyScheme } from "../rules/key-schemes.ts";
import { act, acted, download, view } from "./endpoint.ts";
import { NodeName } from "./key-nodes.ts";
import { KeyName } from "./keys.ts";
import { AnyId, ById, Label, Member, Page, paged, Reason, Search, streamed, Time } from "./shapes.ts";

export const RequestState = z.enum(["pending", "completed", "refused", "withdrawn", "failed", "expired"]);

/** A line of the list. */
export const KeyRequestSummary = z
  .object({
    ...streamed,
    key: KeyName.extend({ scheme: KeyScheme }),
    group: z.object({ id: z.string(), stream: z.string(), name: z.string() }),
    requester: Member,
    action: z.enum(["sign", "export"]),
    actionLabel: Label,
    /** Messages. */
    count: z.int(),
    note: z.string(),
    state: RequestState,
    stateLabel: Label,
    /** How many approvals count as the group is now. */
    approvals: z.int(),
    /** You may approve it, and have not. */
    awaitsYou: z.boolean(),
    createdAt: Time,
    expiresAt: Time,
  })
  .meta({ id: "KeyRequestSummary" });

export const KeyRequest = z
  .object({
    ...KeyRequestSummary.shape,
    /** BIP 32 path of the child key; empty for the key itself. */
    path: z.array(z.int()),
    messages: z.array(
      z.object({
        /** As it was signed for. */
        message: KeyMessage,
        /** What the key signs, hex; null where it cannot be read. */
        digest: z.string().nullable(),
        /** What the nodes' policies are asked about it. */
        reading: z.record(z.string(), z.json()).nullable(),
      }),
    ),
    approvedBy: z.array(
      z.object({
        member: Member,
        at: Time,
        /** It is an approver of the group still. */
        counts: z.boolean(),
      }),
    ),
    /** Approvers that have said nothing. */
    awaited: z.array(Member),
    /** Nodes that take no part in it, and why. */
    failures: z.array(z.object({ node: NodeName, code: z.string(), text: Label, at: Time })),
    /** Why nothing was signed yet where nobody is waited for, as the nodes said last. */
    reason: Reason.nullable(),
    /** Who ended it before it was completed. */
    ended: z.object({ by: z.string(), code: z.string(), at: Time }).nullable(),
    /** What was done: by which shares, of which epoch, and by which version of the group's policies. */
    completed: z
      .object({
        by: NodeName,
        epoch: z.int(),
        signers: z.array(z.int()),
        version: z.string(),
        checkpoint: z.object({ size: z.int(), root: z.string() }),
        at: Time,
      })
      .nullable(),
    /** One a message, hex: r || s, R || s. Null before, and where the key was exported. */
    signatures: z.array(z.string()).nullable(),
    /** Encoded point (hex) that they verify under. */
    publicKey: z.string().nullable(),
    /** SubjectPublicKeyInfo (DER, base64) of the key that exported shares are sealed to. */
    recipient: z.string().nullable(),
    shares: z.array(z.object({ index: z.int(), envelope: z.string() })).nullable(),
  })
  .meta({ id: "KeyRequest" });

const path = "/v1/key-requests";
const one = `${path}/:id` as const;
const output = acted(KeyRequest);
const decided = ["stream.unknown", "key.party", "key-request.state", "key.said"];

export const keyRequests = {
  create: act({
    path,
    kind: rules.founded,
    permission: "key.request",
    output,
    summary: { en: "Ask for signatures of a key, or for the key itself", "zh-CN": "请求签名或导出密钥" },
    errors: ["id.taken", "key.party", "key.state", "key-request.expires", "account.not-verified"],
  }),
  list: view({
    path,
    permission: "key.read",
    input: Page.extend({
      /** 全部, 我发起的, 待审批. */
      tab: z.enum(["all", "mine", "awaiting"]).default("all"),
      state: RequestState.optional(),
      key: AnyId.optional(),
      group: AnyId.optional(),
      search: Search,
    }),
    output: paged(KeyRequestSummary),
    summary: { en: "List the requests to keys of your groups", "zh-CN": "查询签名请求" },
    example: { tab: "awaiting" },
  }),
  get: view({
    path: one,
    permission: "key.read",
    input: ById,
    output: KeyRequest,
    summary: { en: "Show a request, who has approved, and its signatures", "zh-CN": "查看签名请求、审批与签名" },
    errors: ["stream.unknown"],
  }),
  approve: act({
    path: `${one}/approvals`,
    kind: rules.approved,
    permission: "key.approve",
    output,
    summary: { en: "Approve a request", "zh-CN": "批准签名请求" },
    errors: decided,
  }),
  refuse: act({
    path: `${one}/refusals`,
    kind: rules.refused,
    permission: "key.approve",
    output,
    summary: { en: "Refuse a request, which ends it", "zh-CN": "拒绝签名请求" },
    errors: ["stream.unknown", "key.party", "key-request.state"],
  }),
  withdraw: act({
    path: `${one}/withdrawal`,
    kind: rules.withdrawn,
    permission: "key.request",
    output,
    summary: { en: "Withdraw your request", "zh-CN": "撤回签名请求" },
    errors: ["stream.unknown", "key.party", "key-request.state"],
  }),
  bundle: download({
    path: `${one}/bundle`,
    permission: "key.read",
    input: ById,
    media: "application/json",
    summary: { en: "Download the evidence bundle of a request", "zh-CN": "下载签名请求的证据包" },
    errors: ["stream.unknown"],
  }),
};
