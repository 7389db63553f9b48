/** Chain identities (链身份): an organisation's certificate authority on the ledger. */
import { z } from "zod";
import * as rules from "../rules/organisation.ts";
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
    /** The platform keeps its key, and is trusted with it. */
    managed: z.boolean(),
    createdAt: Time,
  })
  .meta({ id: "Organisation" });

/** What a managed key means; part of every answer that speaks of one. */
export const managedNotice = label(
  "The platform made this key and keeps it: its operator can sign in your name, and you trust it not to. Found your organisation with a key of your own to change that.",
  "该密钥由平台生成并保管：平台运营方能够以您的名义签名，您需要信任平台。如需避免，请使用自有密钥创建机构身份。",
);

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
    path: "/v1/organisation/managed-identity",
    method: "POST",
    permission: "identity.found",
    creates: true,
    input: z.strictObject({}),
    output: z.object({ organisation: Organisation, notice: Label }),
    summary: {
      en: "Let the platform make and keep your key; you trust its operator with it",
      "zh-CN": "由平台生成并保管密钥，您需要信任平台运营方",
    },
    errors: ["account.not-verified", "account.founded"],
    example: {},
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
