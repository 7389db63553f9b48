/** The port of a runner: a place where a model's code sees its tables and nothing else. */
import type { Batch, Schema } from "../columns/batch.ts";
import type { Manifest, ParameterValue } from "./manifest.ts";

/** What a run may use at most. */
export interface Limits {
  /** From `load` to the end of the result. */
  readonly seconds: number;
  /** Bytes the model may hold, beside those of the runtime itself. */
  readonly memory: number;
  /** Bytes of the result, as columns. */
  readonly output: number;
}

export interface Model {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Name of the exported function. */
  readonly main: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

export interface Result {
  readonly schema: Schema;
  readonly batches: readonly Batch[];
  readonly rows: number;
  /** What the model logged and printed, cut to 64 KiB. */
  readonly log: string;
}

/**
 * One model, once. `start` begins the sandbox; `load` and `table`, in any order, hand in code and data when they are
 * there; the model's main function is called when the code and every table that the manifest names are.
 */
export interface Run {
  load(model: Model): void;
  /**
   * @param schema the columns in `batches`; those that the manifest names are handed on, widened where it says so
   * @param batches taken one by one, as the model asks for them; their failure ends the run
   */
  table(name: string, schema: Schema, batches: AsyncIterable<Batch>): void;
  /** Resolves when the main function is called; never rejects. */
  readonly started: Promise<void>;
  /** Settles when nothing of the sandbox is left. @throws Refusal model.*, or what `batches` threw */
  result(): Promise<Result>;
  /** What the model has said so far, for its author alone: nothing of it is to be believed, or told to others. */
  said(): Said;
  /** Ends the run at once. Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** Cut to what fits into diagnostics (rules/released-diagnostics.ts). */
export interface Said {
  /** Where it failed, as its runtime has it: an exception with its stack. Empty where it did not say. */
  readonly trace: string;
  /** The end of what it logged and printed. */
  readonly printed: string;
}

/** What keeps models in. */
export type Isolation = "bubblewrap" | "quickjs";

export interface Runner {
  /** As manifests name the runner that they are written for, followed by the isolation where it is not the best. */
  readonly id: string;
  readonly label: { readonly en: string; readonly "zh-CN": string };
  readonly isolation: Isolation;
  /** True, or why not. */
  available(): Promise<true | string>;
  /** SHA-384 (hex) of the files that models run on; absent where these are in the enclave's own program. */
  imageDigest?(): Promise<string>;
  /** @throws Refusal runner.unavailable */
  start(limits: Limits): Promise<Run>;
}

/** Bytes of the end of a log, and characters of a trace, that are kept for diagnostics. */
export const MAX_SAID = 16 << 10;

/** Lines of a log that are kept. */
export const MAX_LOG_BYTES = 64 << 10;
