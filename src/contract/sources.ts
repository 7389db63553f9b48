/** 数据源管理 */
import { z } from "zod";
import { Policy } from "../rules/policy.ts";
import * as rules from "../rules/source.ts";
import { act, acted, view } from "./endpoint.ts";
import { AnyId, ById, Label, Member, OwnershipTab, Page, paged, Search, SharedWith, streamed, Time } from "./shapes.ts";

export const Source = z
  .object({
    ...streamed,
    name: z.string(),
    description: z.string(),
    /** Which reader of the enclave opens it: `csv`, `parquet`. */
    type: z.string(),
    typeLabel: Label,
    creator: Member,
    permission: SharedWith,
    state: z.enum(["registered", "withdrawn"]),
    columns: z.array(z.object({ name: z.string(), type: z.string(), description: z.string() })),
    /** 元数据表名; empty where there is none. */
    metadata: z.string(),
    /** Digest of the names and types of its columns. */
    structure: z.string(),
    /** 结果策略: what the owner asks of every result. Columns by position. */
    policy: Policy.nullable(),
    /** Consents in advance: all of them for the owner, one's own for others. */
    grants: z.array(z.object({ grant: z.string(), ...rules.granted.payload.shape, withdrawn: z.boolean() })),
    envelope: z.object({ digest: z.string(), size: z.int() }),
    enclave: z.string(),
    /** The enclave that its envelope is sealed to; another one where it was moved since. */
    sealedTo: z.string(),
    mine: z.boolean(),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: "Source" });

const path = "/v1/sources";
const one = `${path}/:id` as const;
const output = acted(Source);
const changeErrors = ["stream.unknown", "owner.required", "resource.withdrawn"];
const moveErrors = ["resource.changed", "enclave.unknown", "enclave.here", "enclave.weaker"];

export const sources = {
  register: act({
    path,
    kind: rules.registered,
    permission: "source.register",
    output,
    summary: { en: "Register a data source", "zh-CN": "新建数据源" },
    errors: ["id.taken", "blob.unknown", "enclave.unknown", "account.not-verified"],
  }),
  list: view({
    path,
    permission: "source.read",
    input: Page.extend({ tab: OwnershipTab, search: Search, owner: AnyId.optional(), alliance: AnyId.optional() }),
    output: paged(Source),
    summary: { en: "List the data sources you may use", "zh-CN": "查询数据源" },
    example: { tab: "mine", page: 1 },
  }),
  get: view({
    path: one,
    permission: "source.read",
    input: ById,
    output: Source,
    summary: { en: "Show a data source", "zh-CN": "查看数据源" },
    errors: ["stream.unknown"],
  }),
  describe: act({
    path: `${one}/description`,
    kind: rules.described,
    permission: "source.register",
    output,
    summary: { en: "Describe the columns of a data source anew", "zh-CN": "修改数据源与字段说明" },
    errors: changeErrors,
  }),
  reconnect: act({
    path: `${one}/connection`,
    kind: rules.reconnected,
    permission: "source.register",
    output,
    summary: { en: "Change how the table of a data source is reached", "zh-CN": "修改数据源的连接信息" },
    errors: [...changeErrors, "blob.unknown"],
  }),
  govern: act({
    path: `${one}/policy`,
    kind: rules.governed,
    permission: "source.register",
    output,
    summary: { en: "Change what you ask of results", "zh-CN": "修改结果策略" },
    errors: changeErrors,
  }),
  grant: act({
    path: `${one}/grants`,
    kind: rules.granted,
    permission: "source.register",
    output,
    summary: { en: "Agree in advance to tasks of one shape", "zh-CN": "预先授权特定形式的任务" },
    errors: [...changeErrors, "grant.expires", "grant.many"],
  }),
  withdrawGrant: act({
    path: `${one}/grant-withdrawals`,
    kind: rules.grantWithdrawn,
    permission: "source.register",
    output,
    summary: { en: "Withdraw a consent in advance", "zh-CN": "撤回预先授权" },
    errors: [...changeErrors, "grant.unknown"],
  }),
  permit: act({
    path: `${one}/permission`,
    kind: rules.permitted,
    permission: "source.register",
    output,
    summary: { en: "Change who may apply to use a data source", "zh-CN": "修改数据源权限" },
    errors: changeErrors,
  }),
  move: act({
    path: `${one}/moves`,
    kind: rules.moved,
    permission: "source.register",
    output,
    summary: { en: "Move a data source to another enclave", "zh-CN": "将数据源迁移到另一可信执行环境" },
    errors: [...changeErrors, ...moveErrors],
  }),
  withdraw: act({
    path: `${one}/withdrawal`,
    kind: rules.withdrawn,
    permission: "source.register",
    output,
    summary: { en: "Withdraw a data source", "zh-CN": "撤回数据源" },
    errors: changeErrors,
  }),
};
