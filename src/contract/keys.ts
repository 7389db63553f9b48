/** 密钥管理: keys that nobody holds. */
import { z } from "zod";
import * as rules from "../rules/key.ts";
import * as resharing from "../rules/key-reshare.ts";
import { KeyScheme } from "../rules/key-schemes.ts";
import { StreamId } from "../rules/shapes.ts";
import { act, acted, command, view } from "./endpoint.ts";
import { NodeName } from "./key-nodes.ts";
import { AnyId, ById, Label, label, Member, Page, paged, Reason, Search, streamed, Time } from "./shapes.ts";

export const KeyState = z.enum(["pending", "enabled", "disabled", "deletion-scheduled", "deleted", "failed"]);

/** A key as others name it. */
export const KeyName = z
  .object({ id: z.string(), stream: z.string(), alias: z.string().nullable() })
  .meta({ id: "KeyName" });

const AttemptKind = z.enum(["generate", "import", "refresh", "recover", "reshare"]);

/** Shares that are being made. */
const Attempt = z.object({
  /** Digest of the statement that asked: what an approval names. */
  request: z.string(),
  kind: AttemptKind,
  kindLabel: Label,
  epoch: z.int(),
  threshold: z.int(),
  participants: z.array(NodeName),
  /** Indices of the nodes whose share is recovered. */
  lost: z.array(z.int()),
  /** Administrators that have agreed, and how many it takes; 0: nobody needs to. */
  agreed: z.array(Member),
  needed: z.int(),
  /** Indices of the nodes that have made theirs. */
  done: z.array(z.int()),
  /** Why the others have not yet, as they said last. */
  reason: Reason.nullable(),
  awaitsYou: z.boolean(),
  createdAt: Time,
  expiresAt: Time,
});

/** A line of the list. */
export const KeySummary = z
  .object({
    ...streamed,
    alias: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    description: z.string(),
    scheme: KeyScheme,
    schemeLabel: Label,
    group: z.object({ id: z.string(), stream: z.string(), name: z.string() }),
    creator: Member,
    /** 门限: as many of the shares sign. */
    threshold: z.int(),
    /** 分片. */
    shares: z.int(),
    state: KeyState,
    stateLabel: Label,
    /** Encoded point, hex; null before the nodes have made it. */
    publicKey: z.string().nullable(),
    /** You may ask it to sign. */
    requestable: z.boolean(),
    createdAt: Time,
    /** When it is deleted; null where that is not scheduled. */
    deletionAt: Time.nullable(),
  })
  .meta({ id: "KeySummary" });

export const Key = z
  .object({
    ...KeySummary.shape,
    /** Who holds the shares, by index. */
    participants: z.array(NodeName.extend({ index: z.int(), verifyingShare: z.string().nullable() })),
    origin: z.enum(["generated", "imported"]),
    originLabel: Label,
    /** SubjectPublicKeyInfo, PEM. */
    publicKeyPem: z.string().nullable(),
    /** Ethereum's, of keys on secp256k1. */
    address: z.string().nullable(),
    /** BIP 32, hex. */
    chainCode: z.string().nullable(),
    /** Of the shares; grows with each refresh, recovery or resharing. */
    epoch: z.int().nullable(),
    attempt: Attempt.nullable(),
    /** The newest attempt that failed. */
    failure: z
      .object({ code: z.string(), text: Label, by: NodeName, culprits: z.array(NodeName), at: Time })
      .nullable(),
    /** The key that it takes the place of, and the one that takes its. */
    rotates: KeyName.nullable(),
    rotatedBy: KeyName.nullable(),
    /** You are an administrator of its group. */
    administrable: z.boolean(),
  })
  .meta({ id: "Key" });

export const originLabels = {
  generated: label("Made by its nodes", "生成"),
  imported: label("Imported", "导入"),
} as const;

const EXAMPLE_NODE = "5f".repeat(32);
const path = "/v1/keys";
const one = `${path}/:id` as const;
const output = acted(Key);
const changed = ["stream.unknown", "key.party", "key.state"];

export const keys = {
  create: act({
    path,
    kind: rules.founded,
    permission: "key.request",
    output,
    summary: { en: "Have nodes of a group make a key, or take one that is imported", "zh-CN": "生成密钥或导入密钥" },
    errors: ["id.taken", "key.party", "key.nodes", "key.import", "account.not-verified"],
  }),
  list: view({
    path,
    permission: "key.read",
    input: Page.extend({
      /** 全部, 我创建的, 可签名的. */
      tab: z.enum(["all", "mine", "requestable"]).default("all"),
      state: KeyState.optional(),
      scheme: KeyScheme.optional(),
      group: AnyId.optional(),
      search: Search,
    }),
    output: paged(KeySummary),
    summary: { en: "List the keys of your groups", "zh-CN": "查询密钥" },
    example: { tab: "requestable", scheme: "ECDSA_K1" },
  }),
  get: view({
    path: one,
    permission: "key.read",
    input: ById,
    output: Key,
    summary: { en: "Show a key and who holds its shares", "zh-CN": "查看密钥及其分片" },
    errors: ["stream.unknown"],
  }),
  describe: act({
    path: `${one}/description`,
    kind: rules.described,
    permission: "key.govern",
    output,
    summary: { en: "Change a key's alias, tags and description", "zh-CN": "修改密钥别名、标签与描述" },
    errors: changed,
  }),
  enable: act({
    path: `${one}/enabling`,
    kind: rules.enabled,
    permission: "key.govern",
    output,
    summary: { en: "Have a key sign again", "zh-CN": "启用密钥" },
    errors: changed,
  }),
  disable: act({
    path: `${one}/disabling`,
    kind: rules.disabled,
    permission: "key.govern",
    output,
    summary: { en: "Have a key sign nothing for now", "zh-CN": "停用密钥" },
    errors: changed,
  }),
  scheduleDeletion: act({
    path: `${one}/deletion`,
    kind: rules.deletionScheduled,
    permission: "key.govern",
    output,
    summary: { en: "Have a key deleted in 7 to 30 days", "zh-CN": "计划删除密钥" },
    errors: changed,
  }),
  cancelDeletion: act({
    path: `${one}/deletion-cancellation`,
    kind: rules.deletionCancelled,
    permission: "key.govern",
    output,
    summary: { en: "Keep a key that was to be deleted", "zh-CN": "取消删除密钥" },
    errors: changed,
  }),
  reshare: act({
    path: `${one}/resharing`,
    kind: resharing.reshareRequested,
    permission: "key.govern",
    output,
    summary: { en: "Refresh, recover or hand over the shares of a key", "zh-CN": "更新、恢复或重新分配密钥分片" },
    errors: [...changed, "key.busy", "key.attempt", "key.nodes"],
  }),
  backup: command({
    path: `${one}/backups`,
    method: "POST",
    permission: "key.govern",
    input: z.strictObject({ ...ById.shape, node: StreamId }),
    output: z.object({
      /** Of the share. */
      epoch: z.int(),
      /** SubjectPublicKeyInfo (DER, base64) of the key that opens it: the group names it for this node. */
      recipient: z.string(),
      /** Sealed to it, base64. */
      envelope: z.string(),
    }),
    summary: { en: "Have a node seal its share to the recipient of its backups", "zh-CN": "备份节点的密钥分片" },
    errors: ["stream.unknown", "key.party", "key-node.unavailable"],
    example: { node: EXAMPLE_NODE },
  }),
  restore: command({
    path: `${one}/restorations`,
    method: "POST",
    permission: "key.govern",
    input: z.strictObject({
      ...ById.shape,
      node: StreamId,
      /** The share, sealed to the node (base64). */
      envelope: z.base64().min(1).max(65_536),
    }),
    output: z.object({ epoch: z.int() }),
    summary: { en: "Give a node back a share that it has lost", "zh-CN": "恢复节点丢失的密钥分片" },
    errors: ["stream.unknown", "key.party", "key-node.unavailable"],
    example: { node: EXAMPLE_NODE, envelope: "ZW50ZW50ZQ==" },
  }),
  approveReshare: act({
    path: `${one}/resharing-approvals`,
    kind: resharing.reshareApproved,
    permission: "key.govern",
    output,
    summary: { en: "Agree to other holders or another threshold", "zh-CN": "同意重新分片" },
    errors: ["stream.unknown", "key.party", "key.attempt", "key.said"],
  }),
};
