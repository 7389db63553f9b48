/** 计算联盟管理 */
import { z } from "zod";
import * as rules from "../rules/alliance.ts";
import { act, acted, download, view } from "./endpoint.ts";
import { ById, Member, Page, paged, Search, streamed, Time } from "./shapes.ts";

export const Alliance = z
  .object({
    ...streamed,
    name: z.string(),
    description: z.string(),
    /** Bound network; `evidence` is the embedded ledger. */
    network: z.string(),
    enclave: z.string(),
    creator: Member,
    createdAt: Time,
    /** When the asking member joined; null while invited. */
    joinedAt: Time.nullable(),
    memberCount: z.int(),
    members: z.array(Member.extend({ joinedAt: Time })),
    invitations: z.array(Member.extend({ expiresAt: Time })),
  })
  .meta({ id: "Alliance" });

const path = "/v1/alliances";
const one = `${path}/:id` as const;
const output = acted(Alliance);

export const alliances = {
  create: act({
    path,
    kind: rules.founded,
    permission: "alliance.create",
    output,
    summary: { en: "Create a compute alliance", "zh-CN": "新建计算联盟" },
    errors: ["enclave.unknown", "account.not-verified"],
    example: { payload: { network: "evidence" }, detail: { name: "可信联盟", description: "" } },
  }),
  list: view({
    path,
    permission: "alliance.read",
    input: Page.extend({ search: Search }),
    output: paged(Alliance),
    summary: { en: "List the alliances you belong to or are invited to", "zh-CN": "查询您加入或受邀的计算联盟" },
  }),
  get: view({
    path: one,
    permission: "alliance.read",
    input: ById,
    output: Alliance,
    summary: { en: "Show an alliance", "zh-CN": "查看计算联盟" },
  }),
  invite: act({
    path: `${one}/invitations`,
    kind: rules.invited,
    permission: "alliance.invite",
    output,
    summary: { en: "Invite a member by its nickname and APPID", "zh-CN": "通过账号昵称和 APPID 邀请成员" },
    errors: ["member.required", "member.exists", "invitation.open", "account.not-verified"],
  }),
  join: act({
    path: `${one}/members`,
    kind: rules.joined,
    permission: "event.handle",
    output,
    summary: { en: "Accept an invitation", "zh-CN": "同意加入联盟" },
    errors: ["invitation.unknown", "invitation.expired"],
  }),
  decline: act({
    path: `${one}/refusals`,
    kind: rules.declined,
    permission: "event.handle",
    output,
    summary: { en: "Decline an invitation", "zh-CN": "拒绝加入联盟" },
    errors: ["invitation.unknown", "invitation.expired"],
  }),
  move: act({
    path: `${one}/moves`,
    kind: rules.moved,
    permission: "alliance.create",
    output,
    summary: { en: "Move an alliance's new tasks to another enclave", "zh-CN": "将联盟的新任务迁移到另一可信执行环境" },
    errors: ["owner.required", "enclave.unknown", "enclave.here", "enclave.weaker"],
  }),
  encryptionKey: download({
    path: `${one}/encryption-key`,
    permission: "alliance.read",
    input: ById,
    media: "application/json",
    summary: { en: "Download the enclave's encryption key and attestation", "zh-CN": "下载加密公钥" },
  }),
  chainIdentity: download({
    path: `${one}/chain-identity`,
    permission: "alliance.read",
    input: ById,
    media: "application/x-pem-file",
    summary: { en: "Download your chain identity certificate", "zh-CN": "下载链身份" },
  }),
};
