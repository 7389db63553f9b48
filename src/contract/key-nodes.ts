/** 密钥节点管理 (pods): each holds one share of each of its keys. */
import { z } from "zod";
import { Tag } from "../rules/key-node.ts";
import { Evidence } from "./enclaves.ts";
import { command, view } from "./endpoint.ts";
import { ById, Label, Page, paged, Search, streamed, Time } from "./shapes.ts";

/** A node as others name it. */
export const NodeName = z
  .object({
    tag: z.string(),
    /** Id of its stream. */
    stream: z.string(),
    /** It is connected and follows the ledger. */
    running: z.boolean(),
  })
  .meta({ id: "NodeName" });

export const KeyNode = z
  .object({
    ...streamed,
    tag: z.string(),
    /** Its founding statement (compact JWS): keys, measurement and evidence. */
    statement: z.string(),
    /** SHA-384 (hex) over `components`. */
    measurement: z.string(),
    components: z.record(z.string(), z.string()),
    /** Attestation provider; `simulated` proves nothing about hardware. */
    provider: z.string(),
    hardware: z.boolean(),
    running: z.boolean(),
    /** Since when it is running, or is not; null where it was not seen since the server started. */
    since: Time.nullable(),
    /** Where other nodes reach it, `host:port`; null before it has said. */
    address: z.string().nullable(),
    /** Verifier key (C2SP vkey) of the ledger that it follows. */
    ledger: z.string(),
    /** SubjectPublicKeyInfo (DER, base64) of the key that signs its statements. */
    signingKey: z.string(),
    /** SubjectPublicKeyInfo (DER, base64) of the key that shares are sealed to. */
    encryptionKey: z.string(),
    /** SubjectPublicKeyInfo (DER, base64) of the key that it shows other nodes. */
    tlsKey: z.string(),
    proves: Label,
    doesNotProve: Label,
    createdAt: Time,
  })
  .meta({ id: "KeyNode" });

const path = "/v1/key-nodes";
const one = `${path}/:id` as const;
const unavailable = ["stream.unknown", "key-node.unavailable"];

export const keyNodes = {
  list: view({
    path,
    permission: "enclave.read",
    input: Page.extend({ search: Search }),
    output: paged(KeyNode),
    summary: { en: "List the key nodes", "zh-CN": "查询密钥节点" },
  }),
  get: view({
    path: one,
    permission: "enclave.read",
    /** `:id` is its tag, or the id of its stream. */
    input: ById,
    output: KeyNode,
    summary: { en: "Show a key node, its keys and its evidence", "zh-CN": "查看密钥节点及其密钥与证明" },
    errors: ["stream.unknown"],
  }),
  create: command({
    path,
    method: "POST",
    permission: "platform.key-nodes",
    input: z.strictObject({ tag: Tag }),
    output: KeyNode,
    creates: true,
    summary: { en: "Start one more key node with a store of its own", "zh-CN": "创建节点" },
    errors: ["id.taken"],
    example: { tag: "node-4" },
  }),
  attest: command({
    path: `${one}/attestation`,
    method: "POST",
    permission: "enclave.read",
    input: z.strictObject({
      ...ById.shape,
      /** Random, base64url, 16 to 64 bytes. */
      nonce: z.string().regex(/^[A-Za-z0-9_-]{22,86}$/),
    }),
    output: Evidence,
    summary: {
      en: "Ask a key node for fresh evidence over your nonce",
      "zh-CN": "使用随机数获取密钥节点的最新远程证明",
    },
    errors: unavailable,
    example: { nonce: "q83vEjRWeJCrze8SNFZ4kA" },
  }),
  store: view({
    path: `${one}/store`,
    permission: "key.govern",
    input: ById,
    /** Id of its store: what is given back to it is sealed for that one alone. */
    output: z.object({ store: z.string() }),
    summary: { en: "Show which store a key node has now", "zh-CN": "查看密钥节点当前的存储编号" },
    errors: unavailable,
  }),
  challenge: command({
    path: `${one}/challenge`,
    method: "POST",
    permission: "enclave.read",
    input: z.strictObject({
      ...ById.shape,
      /** Made by the verifier of its attestation provider. */
      challenge: z.string().min(1).max(16_384),
    }),
    output: z.object({ answer: z.string() }),
    summary: { en: "Ask a key node what only its machine can answer", "zh-CN": "向密钥节点发起质询" },
    errors: unavailable,
    example: { challenge: "{}" },
  }),
};
