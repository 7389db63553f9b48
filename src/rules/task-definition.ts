/** What a task is made of: what is asked for, where the result goes, and what the enclave says it did. */
import { z } from "zod";
import { digestOf } from "../trust/digest.ts";
import { Schedule } from "./schedule.ts";
import { Columns, Digest, Registered, StreamId, StreamIds } from "./shapes.ts";

const Parameter = z.union([z.string().max(1_024), z.number(), z.boolean()]);

/** What a run may use at most. */
export const Limits = z.strictObject({
  /** Rows of the result. */
  rows: z.int().min(1).max(10_000_000).default(10_000),
  /** Wall clock of the model, seconds. */
  seconds: z.int().min(1).max(86_400).default(600),
  /** Memory of the sandbox, MiB. */
  memory: z.int().min(64).max(65_536).default(1_024),
});

/** Enclaves beside the one that a task names first: each founding statement is replayed with it. */
export const MAX_WORKERS = 15;

/** What is asked for: fixed when the task is created, signed by everybody who authorises it. */
export const definition = {
  alliance: StreamId,
  type: z.literal("ordinary"),
  receiver: StreamId,
  enclave: StreamId,
  measurement: z.string().regex(/^[0-9a-f]{96}$/),
  /**
   * Other enclaves of the same program that may run it in place of `enclave`, which holds its keys and decides; none
   * where it is absent.
   */
  workers: StreamIds.max(MAX_WORKERS).optional(),
  model: z.strictObject({
    stream: StreamId,
    archive: Digest,
    /** The sealed archive; absent where the code is published openly. */
    envelope: Digest.optional(),
    runner: Registered,
    main: z.string().max(64),
  }),
  sources: z.array(
    z.strictObject({
      stream: StreamId,
      /** Name of the model's table that this source fills. */
      table: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
      envelope: Digest,
      structure: Digest,
      /** Positions in the source's structure of the columns that the model may read; all, where it is absent. */
      columns: Columns.optional(),
      /** Grant of the source's owner that stands for its authorisation (rules/grant.ts). */
      grant: Digest.optional(),
    }),
  ),
  parameters: z.record(z.string().max(64), Parameter),
  limits: Limits,
  /** When it runs, again and again; once, where it is absent. */
  schedule: Schedule.optional(),
};
export const Definition = z.strictObject(definition);
export type Definition = z.output<typeof Definition>;

export const SEALED_FILE = "sealed-file";

/** The receiver's part: where the result goes and to which key it is sealed. */
export const Delivery = z
  .strictObject({
    /** Receiver's public key (SubjectPublicKeyInfo PEM): wherever the result goes, only its holder reads it. */
    key: z.string().max(8_192),
    /** Body cipher of the result envelope. */
    cipher: z.enum(["A256GCM", "SM4GCM"]),
    /** Kind of destination: a file beside the ledger, or a database of the receiver's (`mysql`, `postgresql`). */
    sink: Registered,
    /** Where the database is, sealed to the enclave: digest of the envelope. */
    destination: Digest.optional(),
  })
  .refine(({ sink, destination }) => (sink === SEALED_FILE) === (destination === undefined), {
    message: "a database has a destination, a sealed file has none",
    path: ["destination"],
  });
export type Delivery = z.output<typeof Delivery>;

/** What the enclave says it did. Digests are SHA-256, times ISO 8601 by the enclave's clock. */
export const Receipt = z.strictObject({
  task: Digest,
  measurement: z.string().regex(/^[0-9a-f]{96}$/),
  /** Isolation of the model's code: `bubblewrap`, `quickjs`. */
  isolation: z.string().max(32),
  model: Digest,
  sources: z.array(z.strictObject({ stream: StreamId, envelope: Digest, rows: z.int().min(0) })),
  /** The ledger as the enclave had followed it when it opened the envelopes. */
  checkpoint: z.strictObject({ size: z.int().min(1), root: Digest }),
  /** Head of every stream it replayed, by stream id. */
  heads: z.record(StreamId, Digest),
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
});
export type Receipt = z.output<typeof Receipt>;

export const Result = z.strictObject({ digest: Digest, size: z.int().min(1), rows: z.int().min(0) });

/**
 * What an authorisation signs: everything that decides what runs, on what, and for whom.
 * @param stream the task's own: two tasks that ask for the same have results of their own
 */
export const taskDigest = (stream: string, task: Definition, delivery: Delivery): string =>
  digestOf({ use: "entente/task/1", stream, task, delivery });
