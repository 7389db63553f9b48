/**
 * What server and enclave say to one another. The enclave's methods are declared here; the server's are `read` (a file
 * by its digest, as the answer's body) and `write` (keeps the body that comes with the call). The enclave believes none
 * of it: statements are verified, files are compared with digests that statements name, leaves with a checkpoint of the
 * ledger's key.
 */
import { z } from "zod";
import { DryRun } from "../../rules/dry-run.ts";
import { ReleasedDiagnostics } from "../../rules/released-diagnostics.ts";
import { StreamId } from "../../rules/shapes.ts";
import { commonMethods, type MethodsOf } from "../../tee/protocol/messages.ts";

/** The enclave's methods, by name. Those that carry statements take them as the call's body (statements.ts). */
export const enclaveMethods = {
  ...commonMethods,
  /** Structure of the table in an envelope, on its owner's signed request. */
  describe: {
    params: z.strictObject({ request: z.string() }),
    carries: "statements",
    result: z.strictObject({
      columns: z.array(z.strictObject({ name: z.string(), type: z.string(), description: z.string().optional() })),
      rows: z.int(),
      /** JWS of the enclave over names and types (rules/structure-request.ts). */
      answer: z.string(),
    }),
  },
  /** 连接测试: whether results can be written to the destination in an envelope, on its owner's signed request. */
  test: { params: z.strictObject({ request: z.string() }), carries: "statements", result: z.strictObject({}) },
  /** Runs an authorised task; answers with the enclave's statement of how it ended. */
  run: {
    params: z.strictObject({
      task: z.string(),
      /** Details by digest: column structures that the statements commit to. */
      details: z.record(z.string(), z.unknown()),
      /** In another enclave's place: what that one has handed over. */
      handed: z.strictObject({ keys: z.string().max(65_536), consistency: z.array(z.string()).max(64) }).optional(),
    }),
    carries: "statements",
    result: z.strictObject({ statement: z.string() }),
  },
  /** Has another enclave run a task, or takes it back; empty where the ledger has the statement, or there are no keys. */
  delegate: {
    params: z.strictObject({ task: z.string(), details: z.record(z.string(), z.unknown()), to: StreamId }),
    carries: "statements",
    result: z.strictObject({
      statement: z.string(),
      keys: z.string(),
      /** Leaves that this enclave had seen when it sealed the keys. */
      size: z.int().min(0),
    }),
  },
  /** Founds the newest run that is due of a scheduled task; answers with the enclave's statement. */
  recur: {
    params: z.strictObject({ task: z.string() }),
    carries: "statements",
    result: z.strictObject({ statement: z.string() }),
  },
  /** 试运行: the task's model on rows that are made up. */
  dryRun: {
    params: z.strictObject({ task: z.string(), details: z.record(z.string(), z.unknown()) }),
    carries: "statements",
    result: DryRun.extend({ answer: z.string() }),
  },
  /** Hands on, to the enclave that its owner has moved it to, what opens a model or a source; says how far it followed. */
  release: {
    params: z.strictObject({ resource: StreamId }),
    carries: "statements",
    result: z.strictObject({ to: z.string(), size: z.int(), release: z.string() }),
  },
  /** Takes what another enclave has released, with a proof that the ledger is the one that the other has seen. */
  adopt: {
    params: z.strictObject({
      resource: StreamId,
      from: StreamId,
      release: z.string().max(2 ** 20),
      consistency: z.array(z.string().max(64)).max(64),
    }),
    carries: "statements",
    result: z.strictObject({}),
  },
  /** What was adopted or released, and whether it is held now. */
  holdings: {
    params: z.strictObject({}),
    result: z.strictObject({
      holdings: z.array(z.strictObject({ resource: z.string(), envelope: z.string(), held: z.boolean() })),
    }),
  },
  /** 失败诊断: what is kept of a failed task, sealed to the key of its newest request. */
  diagnose: {
    params: z.strictObject({ task: z.string() }),
    carries: "statements",
    result: ReleasedDiagnostics,
  },
  /** Ends the runs of a task, for the ledger says that it has ended otherwise. */
  stop: { params: z.strictObject({ task: z.string() }), result: z.strictObject({ runs: z.int() }) },
} as const;
export type EnclaveMethods = MethodsOf<typeof enclaveMethods>;
