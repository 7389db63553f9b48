/** The ledger as anybody may check it, and the streams that the caller is a party of. */
import { z } from "zod";
import { download, view } from "./endpoint.ts";
import { AnyId, Member, Nothing, Time } from "./shapes.ts";

const Index = z.coerce.number<number>().int().min(0).max(Number.MAX_SAFE_INTEGER);
const Limit = z.coerce.number<number>().int().min(1).max(1_000).default(100);
const Base64 = z.string();

/** A leaf of the log: no content, only what orders it. */
const Entry = z.object({
  index: z.int(),
  /** Position in its stream, from 0. */
  seq: z.int(),
  stream: z.string(),
  /** SHA-256 (hex) of the statement. */
  statement: z.string(),
  /** Milliseconds since 1970. */
  time: z.int(),
});

/** A leaf with what the caller may know of its statement. */
const Listed = Entry.extend({
  /** Of statement and stream; null where the caller may not read the stream. */
  kind: z.string().nullable(),
  book: z.string().nullable(),
  /** Whether an `organisation` signed it, an `enclave` or a `key-node`. */
  signer: z.string().nullable(),
  /** Which organisation, where it is one. */
  by: Member.nullable(),
});

export const ledger = {
  checkpoint: download({
    path: "/v1/ledger/checkpoint",
    permission: "public",
    input: Nothing,
    media: "text/plain; charset=utf-8",
    summary: { en: "The newest signed checkpoint (C2SP tlog-checkpoint)", "zh-CN": "最新签名检查点" },
  }),
  proof: download({
    path: "/v1/ledger/proofs/:index",
    permission: "public",
    input: z.object({ index: Index }),
    media: "text/plain; charset=utf-8",
    summary: { en: "Proof that an entry is in the log (C2SP tlog-proof)", "zh-CN": "条目包含性证明" },
    errors: ["ledger.range"],
  }),
  consistency: view({
    path: "/v1/ledger/consistency",
    permission: "public",
    input: z.object({ from: Index, to: Index }),
    output: z.object({ from: z.int(), to: z.int(), hashes: z.array(Base64) }),
    summary: { en: "Proof that one tree continues another (RFC 9162, 2.1.4)", "zh-CN": "一致性证明" },
    errors: ["ledger.range"],
    example: { from: 10, to: 20 },
  }),
  entries: view({
    path: "/v1/ledger/entries",
    permission: "ledger.read",
    input: z.object({ start: Index.default(0), limit: Limit }),
    /** `next` is the `start` of the following page, null at the end. */
    output: z.object({ items: z.array(Entry), size: z.int(), next: z.int().nullable() }),
    summary: { en: "Read the leaves of the log", "zh-CN": "查询账本条目" },
  }),
  statements: view({
    path: "/v1/ledger/statements",
    permission: "ledger.read",
    input: z.object({
      /** Only statements at positions below it: `next` of the page before. */
      before: Index.optional(),
      limit: z.coerce.number<number>().int().min(1).max(100).default(10),
      /** SHA-256 (hex) of a statement, or the id of a stream. */
      hash: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
      /** `task.founded`, or all of a kind of stream: `task`. Finds what the caller may read. */
      kind: z.string().max(64).optional(),
    }),
    /** A page may be short, and even empty, although there is a `next`: a request looks through so many and no more. */
    output: z.object({ items: z.array(Listed), size: z.int(), next: z.int().nullable() }),
    summary: { en: "Read the log, newest first, with what you may know of it", "zh-CN": "按时间倒序查询账本" },
  }),
  activity: view({
    path: "/v1/ledger/activity",
    permission: "ledger.read",
    input: z.object({ unit: z.enum(["hour", "day"]).default("hour") }),
    /** The last 48 hours, or 30 days, the present one last. */
    output: z.object({ items: z.array(z.object({ start: Time, statements: z.int() })) }),
    summary: { en: "Count statements by hour or day", "zh-CN": "按小时或按天统计账本条目" },
  }),
};

/** One statement with its place on the ledger; `detail` is the text it commits to. */
const Placed = z
  .object({
    index: z.int(),
    time: Time,
    kind: z.string(),
    digest: z.string(),
    /** Compact JWS. */
    statement: z.string(),
    detail: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "PlacedStatement" });

export const streams = {
  get: view({
    path: "/v1/streams/:id",
    permission: "ledger.read",
    input: z.object({ id: AnyId, start: Index.default(0), limit: Limit }),
    output: z.object({
      id: z.string(),
      /** Kind of stream: `alliance`, `task`, … */
      book: z.string(),
      head: z.string(),
      items: z.array(Placed),
      next: z.int().nullable(),
    }),
    summary: { en: "Read the signed statements of a stream", "zh-CN": "查询流中的签名声明" },
    errors: ["stream.unknown"],
  }),
};
