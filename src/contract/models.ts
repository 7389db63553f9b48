/** 计算模型管理 */
import { z } from "zod";
import * as rules from "../rules/model.ts";
import { Digest } from "../rules/shapes.ts";
import { act, acted, download, view } from "./endpoint.ts";
import { AnyId, ById, Member, OwnershipTab, Page, paged, Search, SharedWith, streamed, Time } from "./shapes.ts";

const Blob = z.object({ digest: z.string(), size: z.int() });

export const Model = z
  .object({
    ...streamed,
    name: z.string(),
    version: z.string(),
    /** Name of the exported function that the enclave calls. */
    /** `javascript`, `python`, `sql`, `wasm`. */
    runner: z.string(),
    main: z.string(),
    creator: Member,
    permission: SharedWith,
    state: z.enum(["published", "withdrawn"]),
    /** The plain archive's digest and size. */
    archive: Blob,
    /** Its author publishes the code itself, so that it can be read before it is authorised. */
    open: z.boolean(),
    envelope: Blob.nullable(),
    description: Blob.nullable(),
    enclave: z.string(),
    /** The enclave that its envelope is sealed to; another one where it was moved since. */
    sealedTo: z.string(),
    mine: z.boolean(),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: "Model" });

const path = "/v1/models";
const one = `${path}/:id` as const;
const output = acted(Model);
const changeErrors = ["stream.unknown", "owner.required", "resource.withdrawn"];
const moveErrors = ["resource.changed", "enclave.unknown", "enclave.here", "enclave.weaker"];

export const models = {
  publish: act({
    path,
    kind: rules.published,
    permission: "model.publish",
    output,
    summary: { en: "Publish a compute model", "zh-CN": "新建计算模型" },
    errors: ["id.taken", "blob.unknown", "enclave.unknown", "account.not-verified"],
  }),
  list: view({
    path,
    permission: "model.read",
    input: Page.extend({ tab: OwnershipTab, search: Search, owner: AnyId.optional(), alliance: AnyId.optional() }),
    output: paged(Model),
    summary: { en: "List the models you may use", "zh-CN": "查询计算模型" },
    example: { tab: "public", page: 1 },
  }),
  get: view({
    path: one,
    permission: "model.read",
    input: ById,
    output: Model,
    summary: { en: "Show a model", "zh-CN": "查看计算模型" },
    errors: ["stream.unknown"],
  }),
  revise: act({
    path: `${one}/versions`,
    kind: rules.revised,
    permission: "model.publish",
    output,
    summary: { en: "Publish another version of a model", "zh-CN": "发布模型新版本" },
    errors: [...changeErrors, "blob.unknown"],
  }),
  permit: act({
    path: `${one}/permission`,
    kind: rules.permitted,
    permission: "model.publish",
    output,
    summary: { en: "Change who may apply to use a model", "zh-CN": "修改模型权限" },
    errors: changeErrors,
  }),
  move: act({
    path: `${one}/moves`,
    kind: rules.moved,
    permission: "model.publish",
    output,
    summary: { en: "Move a model to another enclave", "zh-CN": "将计算模型迁移到另一可信执行环境" },
    errors: [...changeErrors, ...moveErrors],
  }),
  withdraw: act({
    path: `${one}/withdrawal`,
    kind: rules.withdrawn,
    permission: "model.publish",
    output,
    summary: { en: "Withdraw a model", "zh-CN": "撤回计算模型" },
    errors: changeErrors,
  }),
  archive: download({
    path: `${one}/archive`,
    permission: "model.read",
    /** `digest`: of the plain archive of an earlier version; the newest, without. */
    input: ById.extend({ digest: Digest.optional() }),
    media: "application/gzip",
    summary: { en: "Download the code of a model published openly", "zh-CN": "下载公开的模型文件" },
    errors: ["stream.unknown", "blob.unknown"],
  }),
  description: download({
    path: `${one}/description`,
    permission: "model.read",
    input: ById,
    media: "text/markdown; charset=utf-8",
    summary: { en: "Download a model's description", "zh-CN": "下载模型描述" },
    errors: ["stream.unknown", "blob.unknown"],
  }),
};
