/** Chain identities (链身份): an organisation's certificate authority on the ledger. */
import { z } from "zod";
import * as rules from "../rules/organisation.ts";
import { resourceId } from "../rules/shapes.ts";
import { act, acted, command, view } from "./endpoint.ts";
import { ById, Label, label, Member, Page, paged, streamed, Time } from "./shapes.ts";

export const Organisation = z
  .object({
    ...streamed,
    nickname: z.string(),
    appId: z.string(),
    /** Certificates of its CA (DER, base64), newest last. */
    authorities: z.array(z.string()),
    /** Its newest certificate revocation list (DER, base64). */
    crl: z.string().nullable(),
    /** The platform asks for signatures in its name: it keeps the key, or has nodes sign. */
    managed: z.boolean(),
    /** Of a managed one whose key no machine holds; null where the platform keeps it and is trusted with it. */
    managedKey: z
      .object({
        /** K…, G…. */
        key: z.string(),
        group: z.string(),
        /** Until when the platform held the key itself; null where it never did. */
        held: Time.nullable(),
      })
      .nullable(),
    createdAt: Time,
  })
  .meta({ id: "Organisation" });

/** What a managed key means; part of every answer that speaks of one. */
export const managedNotice = (key: { key: string; group: string; held: string | null } | null) =>
  key === null
    ? label(
        "The platform made this key and keeps it: its operator can sign in your name, and you trust it not to. Found your organisation with a key of your own to change that.",
        "该密钥由平台生成并保管：平台运营方能够以您的名义签名，您需要信任平台。如需避免，请使用自有密钥创建机构身份。",
      )
    : label(
        `No machine holds this key: nodes of the group ${key.group} make each signature together (key ${key.key}), by the group's policies, and every request is on the ledger. Still the platform asks them in your name: what the policies permit, its operator can have signed.${key.held === null ? "" : ` Until ${key.held} the platform held the key itself; copies from before, in backups for example, still sign.`}`,
        `没有任何机器持有该密钥：群组 ${key.group} 的节点按群组策略共同完成每次签名（密钥 ${key.key}），每次请求都记录在账本上。但请求仍由平台以您的名义提出：策略允许的内容，平台运营方都能够让节点签名。${key.held === null ? "" : `在 ${key.held} 之前，该密钥由平台自行保管；此前的副本（例如备份）仍可用于签名。`}`,
      );

const managed = {
  method: "POST" as const,
  input: z.strictObject({
    /** Whose nodes make the signatures, where the platform names none or another is wanted: G…. */
    keyGroup: resourceId("G").optional(),
  }),
  output: z.object({ organisation: Organisation, notice: Label }),
  example: {},
};
const unmade = ["managed.no-group", "managed.group", "managed.not-made", "managed.refused", "managed.unsigned"];

const output = acted(Organisation);

export const organisations = {
  found: act({
    path: "/v1/organisation",
    kind: rules.founded,
    permission: "identity.found",
    output,
    summary: {
      en: "Put your organisation's certificate authority on the ledger",
      "zh-CN": "将机构的证书颁发机构登记到账本",
    },
    errors: ["account.not-verified", "account.founded", "id.taken"],
  }),
  manage: command({
    ...managed,
    path: "/v1/organisation/managed-identity",
    permission: "identity.found",
    creates: true,
    summary: {
      en: "Keep no key yourself: the platform keeps it, or a group of key nodes signs in your name",
      "zh-CN": "不自行保管密钥：由平台保管，或由密钥节点群组以您的名义签名",
    },
    errors: ["account.not-verified", "account.founded", ...unmade],
  }),
  moveKey: command({
    ...managed,
    path: "/v1/organisation/managed-identity/key",
    permission: "identity.found",
    summary: {
      en: "Hand the key that the platform keeps for you to a group of key nodes, so that no machine holds it",
      "zh-CN": "将平台为您保管的密钥交由密钥节点群组，此后没有任何机器持有该密钥",
    },
    errors: ["organisation.required", "managed.absent", "managed.moved", ...unmade],
  }),
  find: view({
    path: "/v1/organisations",
    permission: "alliance.read",
    /** Both, exactly: members are found, not browsed. */
    input: z.object({ nickname: z.string().min(1).max(50), appId: z.string().regex(/^\d{10}$/) }),
    output: z.object({
      member: Member,
      /** The founding statement (compact JWS) and its text, for the client to verify by itself. */
      statement: z.string(),
      detail: z.record(z.string(), z.unknown()),
    }),
    summary: { en: "Find a member by its nickname and APPID", "zh-CN": "通过账号昵称和 APPID 查找成员" },
    errors: ["organisation.unknown"],
    example: { nickname: "银行组织", appId: "1300000002" },
  }),
  get: view({
    path: "/v1/organisations/:id",
    permission: "alliance.read",
    input: ById,
    output: Organisation,
    summary: { en: "Show an organisation", "zh-CN": "查看机构" },
    errors: ["stream.unknown"],
  }),
  renewAuthority: act({
    path: "/v1/organisations/:id/authorities",
    kind: rules.authorityRenewed,
    permission: "identity.issue",
    output,
    summary: { en: "Renew your certificate authority", "zh-CN": "更新证书颁发机构" },
    errors: ["stream.unknown"],
  }),
  publishCrl: act({
    path: "/v1/organisations/:id/crl",
    kind: rules.crlPublished,
    permission: "identity.issue",
    output,
    summary: { en: "Publish your certificate revocation list", "zh-CN": "发布证书吊销列表" },
    errors: ["stream.unknown"],
  }),
  authorities: view({
    path: "/v1/operator/authorities",
    permission: "platform.audit",
    input: Page,
    output: paged(
      z.object({
        organisation: Member,
        /** SHA-256 of the certificate, hex. */
        fingerprint: z.string(),
        notBefore: Time,
        notAfter: Time,
      }),
    ),
    summary: {
      en: "List certificate authorities, those that expire first at the top (operator)",
      "zh-CN": "查询证书颁发机构，最先到期者在前（平台运营方）",
    },
  }),
};
