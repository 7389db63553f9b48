/** Enclaves (可信执行环境): what they prove of themselves, and the structure of sealed tables. */
import { z } from "zod";
import { Digest } from "../rules/shapes.ts";
import { command, STATEMENT_MAX, view } from "./endpoint.ts";
import { ById, Label, Nothing, streamed, Time } from "./shapes.ts";

export const Enclave = z
  .object({
    ...streamed,
    /** Its founding statement (compact JWS): keys, measurement and evidence. */
    statement: z.string(),
    /** SHA-384 (hex) over `components`. */
    measurement: z.string(),
    /** SHA-384 (hex) of the program, of the images that models run on, of the configuration. */
    components: z.record(z.string(), z.string()),
    /** Attestation provider; `simulated` proves nothing about hardware. */
    provider: z.string(),
    hardware: z.boolean(),
    /** What keeps models in: `bubblewrap`, `quickjs`. */
    isolation: z.string(),
    /** It runs now, and takes tasks. */
    running: z.boolean(),
    /** Verifier key (C2SP vkey) of the ledger that it follows. */
    ledger: z.string(),
    /** SubjectPublicKeyInfo (DER, base64) of the key that signs receipts. */
    signingKey: z.string(),
    /** SubjectPublicKeyInfo (DER, base64) of the key that envelopes are sealed to. */
    encryptionKey: z.string(),
    proves: Label,
    doesNotProve: Label,
    createdAt: Time,
  })
  .meta({ id: "Enclave" });

/** Fresh evidence over the enclave's keys and the caller's nonce. */
export const Evidence = z
  .object({
    provider: z.string(),
    evidence: z.string(),
    /** JWS: how far the enclave has followed the ledger. */
    followed: z.string(),
    nonce: z.string(),
    at: Time,
  })
  .meta({ id: "Evidence" });

/** First rows are never shown; names and types are. */
const Structure = z.object({
  /** `description`: what the table itself says of the column, if it does. */
  columns: z.array(z.object({ name: z.string(), type: z.string(), description: z.string().optional() })),
  rows: z.int(),
  /** JWS of the enclave over names and types: nobody else tells the owner what to sign for. */
  answer: z.string(),
});

/** What an owner asks about an envelope of its own. */
const Asked = z.strictObject({
  ...ById.shape,
  /** A request signed by the owner (rules/structure-request.ts). */
  request: z.string().min(1).max(STATEMENT_MAX).optional(),
  /** Instead of it, from a member whose key is managed: the envelope and its type, to be signed by the platform. */
  envelope: Digest.optional(),
  type: z.string().max(32).optional(),
});

export const enclaves = {
  list: view({
    path: "/v1/enclaves",
    permission: "enclave.read",
    input: Nothing,
    output: z.object({ items: z.array(Enclave) }),
    summary: { en: "List the enclaves", "zh-CN": "查询可信执行环境" },
  }),
  get: view({
    path: "/v1/enclaves/:id",
    permission: "enclave.read",
    input: ById,
    output: Enclave,
    summary: { en: "Show an enclave, its keys and its evidence", "zh-CN": "查看可信执行环境及其密钥与证明" },
    errors: ["stream.unknown"],
  }),
  attest: command({
    path: "/v1/enclaves/:id/attestation",
    method: "POST",
    permission: "enclave.read",
    input: z.strictObject({
      ...ById.shape,
      /** Random, base64url, 16 to 64 bytes. */
      nonce: z.string().regex(/^[A-Za-z0-9_-]{22,86}$/),
    }),
    output: Evidence,
    summary: { en: "Ask an enclave for fresh evidence over your nonce", "zh-CN": "使用随机数获取最新远程证明" },
    errors: ["stream.unknown", "enclave.unavailable"],
    example: { nonce: "q83vEjRWeJCrze8SNFZ4kA" },
  }),
  challenge: command({
    path: "/v1/enclaves/:id/challenge",
    method: "POST",
    permission: "enclave.read",
    input: z.strictObject({
      ...ById.shape,
      /** Made by the verifier of its attestation provider. */
      challenge: z.string().min(1).max(16_384),
    }),
    output: z.object({ answer: z.string() }),
    summary: { en: "Ask an enclave what only its machine can answer", "zh-CN": "向可信执行环境发起质询" },
    errors: ["stream.unknown", "enclave.unavailable"],
    example: { challenge: "{}" },
  }),
  test: command({
    path: "/v1/enclaves/:id/destination-test",
    method: "POST",
    permission: "task.authorise",
    input: Asked,
    output: z.object({ ok: z.literal(true) }),
    summary: { en: "Test from the enclave whether a database takes results", "zh-CN": "结果接收数据库连接测试" },
    errors: ["stream.unknown", "enclave.unavailable", "blob.unknown"],
  }),
  describe: command({
    path: "/v1/enclaves/:id/structure",
    method: "POST",
    permission: "source.register",
    input: Asked,
    output: Structure,
    summary: { en: "Read the structure of a sealed table (获取表结构)", "zh-CN": "获取表结构" },
    errors: ["stream.unknown", "enclave.unavailable", "blob.unknown"],
  }),
};
