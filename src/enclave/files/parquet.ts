/**
 * Parquet. The index of such a file is at its end, so the whole file is held in memory. Its lengths and counts are the
 * writer's word, and decoders loop over them: the work is done in a thread of limited memory that is ended when it is
 * silent for too long.
 */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { concat } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import type { Batch, Field, Schema } from "../columns/batch.ts";
import { refuse } from "./errors.ts";
import type { FileBytes, FileFormat } from "./format.ts";
import type { Answer, Job } from "./parquet-worker.ts";

/** The largest file that is taken into memory. */
export const MAX_PARQUET_BYTES = 512 << 20;
const MAX_HEAP_MEGABYTES = 2_048;

export interface ParquetOptions {
  /** Milliseconds until a batch must be there; 30 seconds unless told. */
  readonly patience?: number;
  /** Starts the decoder's thread. */
  readonly thread?: (options: WorkerOptions) => Worker;
}

const startThread = (options: WorkerOptions): Worker =>
  new Worker(new URL("./parquet-worker.ts", import.meta.url), { ...options });

export const createParquet = ({ patience = 30_000, thread = startThread }: ParquetOptions = {}): FileFormat => {
  const open = (job: Job) => openThread(thread, job, patience);
  return {
    id: "parquet",
    label: { en: "Parquet file", "zh-CN": "Parquet 文件" },
    async describe(input): Promise<{ columns: Field[]; rows: number }> {
      const thread = open({ bytes: await collect(input) });
      try {
        const answer = await thread.ask();
        if (answer.kind !== "described") throw refuse("source.parquet", { reason: "it was not described" });
        return { columns: answer.columns, rows: answer.rows };
      } finally {
        await thread.end();
      }
    },
    async *read(input: FileBytes, schema: Schema, columns: readonly string[]): AsyncGenerator<Batch> {
      const thread = open({ bytes: await collect(input), read: { schema, columns } });
      try {
        for (let answer = await thread.ask(); answer.kind === "batch"; answer = await thread.ask()) yield answer.batch;
      } finally {
        await thread.end();
      }
    },
  };
};

const collect = async (input: FileBytes): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of input) {
    length += part.length;
    if (length > MAX_PARQUET_BYTES) throw refuse("source.too-large", { limit: MAX_PARQUET_BYTES, format: "Parquet" });
    parts.push(part);
  }
  return concat(...parts);
};

const openThread = (thread: (options: WorkerOptions) => Worker, job: Job, patience: number) => {
  const worker = thread({
    workerData: job,
    transferList: [job.bytes.buffer as ArrayBuffer],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
    env: {},
  });
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  worker.on("error", (error) => failure.reject(refuse("source.parquet", { reason: error.message.slice(0, 200) })));
  worker.on("exit", () => failure.reject(refuse("source.parquet", { reason: "its decoder ended" })));
  return {
    /** The next answer. @throws Refusal */
    async ask(): Promise<Answer> {
      const late = refuse("source.parquet", { reason: `it is not decoded within ${patience / 1_000} seconds` });
      const timer = setTimeout(() => failure.reject(late), patience);
      const answered = new Promise<Answer>((resolve) => worker.once("message", resolve));
      worker.postMessage("next");
      try {
        const answer = await Promise.race([answered, failure.promise]);
        if (answer.kind === "refused") throw new Refusal(answer.code, answer.status, answer.details, answer.message);
        return answer;
      } finally {
        clearTimeout(timer);
      }
    },
    end: () => worker.terminate(),
  };
};

export const parquet: FileFormat = createParquet();
