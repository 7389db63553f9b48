/** What the page and the worker that seals say to one another. */
import type { Language } from "../../base/refusal.ts";
import type { Identity } from "../../sdk/acts.ts";
import type { ModelVersion, NewModel } from "../../sdk/workflows/publish-model.ts";
import type { ExpectedEnclave, VerifiedEnclave } from "../../sdk/workflows/verify-enclave.ts";

interface Sealed {
  /** Stream id of the organisation. */
  readonly owner: string;
  readonly enclave: VerifiedEnclave;
}
type Without<T> = Omit<T, "archive" | "enclave">;

export interface Jobs {
  publish: Sealed & { readonly archive: Blob; readonly model: Without<NewModel> };
  revise: Sealed & { readonly id: string; readonly archive: Blob; readonly version: Without<ModelVersion> };
  /** Rows in a file: sealed as they are. */
  file: Sealed & { readonly type: string; readonly file: Blob };
  /** How a table is reached. */
  connection: Sealed & { readonly type: string; readonly connection: unknown };
  /** Another way to the same table. */
  reconnect: Sealed & { readonly id: string; readonly connection: unknown };
  verify: { readonly id: string; readonly expected: ExpectedEnclave };
  /** What is in an archive, before anything is sent. */
  inspect: { readonly archive: Blob };
}
export type JobName = keyof Jobs;

export type Phase = "reading" | "sealing" | "uploading" | "checking";
/** `part`: from 0 to 1; undefined where nobody knows. */
export interface Progress {
  readonly phase: Phase;
  readonly part?: number | undefined;
}

/** Nothing of the key: what is to be signed comes to the page, and goes back signed. */
export interface Order {
  readonly name: JobName;
  readonly job: Jobs[JobName];
  readonly url: string;
  readonly csrf: string;
  readonly language: Language;
  readonly signer?: Omit<Identity, "sign"> | undefined;
}

/** A refusal as it crosses. */
export interface Refused {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly message: string;
}

export type ToWorker = { readonly order: Order } | { readonly signed: number; readonly signature: Uint8Array };
export type ToPage =
  | { readonly progress: Progress }
  | { readonly sign: number; readonly input: Uint8Array }
  | { readonly done: unknown }
  | { readonly failed: Refused };
