/** The thread that decodes one Parquet file, batch by batch on demand. */
import { parentPort, workerData } from "node:worker_threads";
import { Refusal } from "../../base/refusal.ts";
import { type Batch, type Field, hasOffsets, type Schema } from "../columns/batch.ts";
import { describeParquet, readParquet } from "./parquet-decode.ts";

export interface Job {
  readonly bytes: Uint8Array;
  /** Absent where the file is to be described. */
  readonly read?: { readonly schema: Schema; readonly columns: readonly string[] };
}
/** What the host gets for each message it sends; the last is `end`, `described` or `refused`. */
export type Answer =
  | { readonly kind: "described"; readonly columns: Field[]; readonly rows: number }
  | { readonly kind: "batch"; readonly batch: Batch }
  | { readonly kind: "end" }
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly status: number;
      readonly details: Record<string, unknown>;
      readonly message: string;
    };

const { bytes, read } = workerData as Job;
const batches = read ? readParquet(bytes, read.schema, read.columns) : undefined;

const next = async (): Promise<Answer> => {
  if (!batches) return { kind: "described", ...(await describeParquet(bytes)) };
  const { done, value } = await batches.next();
  return done ? { kind: "end" } : { kind: "batch", batch: value };
};

const buffersOf = ({ columns }: Batch): ArrayBuffer[] => {
  const views = columns.flatMap((column) => [
    ...(hasOffsets(column) ? [column.offsets, column.bytes] : [column.values]),
    column.validity,
  ]);
  return [...new Set(views.flatMap((view) => (view ? [view.buffer as ArrayBuffer] : [])))];
};

const answer = (message: Answer) =>
  parentPort?.postMessage(message, message.kind === "batch" ? buffersOf(message.batch) : []);

parentPort?.on("message", () => {
  next().then(answer, (error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    const { code, status, details, message } = error;
    answer({ kind: "refused", code, status, details, message });
  });
});
