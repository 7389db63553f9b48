/**
 * Models in JavaScript, run by QuickJS as WebAssembly in a thread: a weaker wall than namespaces of the kernel, and some
 * thirty times slower. For machines without bubblewrap, and only where that is allowed in so many words.
 */
import { Worker } from "node:worker_threads";
import { concat } from "../../../base/bytes.ts";
import type { Batch, Schema } from "../../columns/batch.ts";
import { type BatchHeader, encodeBatch } from "../../columns/codec.ts";
import { encodeFrame, readFrames } from "../../columns/frames.ts";
import { createCollector, quote, reported, traceOf, translated } from "../collect.ts";
import { refuse } from "../errors.ts";
import { type Limits, MAX_SAID, type Model, type Result, type Run, type Runner, type Said } from "../runner.ts";
import { openTable } from "../tables.ts";
import type { Answer, Job } from "./worker.ts";

/** WebAssembly of QuickJS has 32-bit addresses; code and tables must fit beside the runtime. */
const MAX_MEMORY = 2 ** 30;

export const createQuickjsRunner = (): Runner => ({
  id: "javascript-quickjs",
  label: { en: "JavaScript (QuickJS, weaker isolation)", "zh-CN": "JavaScript（QuickJS，隔离较弱）" },
  isolation: "quickjs",
  available: async () => true,
  start: async (limits) => createRun({ ...limits, memory: Math.min(limits.memory, MAX_MEMORY) }),
});

type Given = readonly [name: string, schema: Schema, batches: AsyncIterable<Batch>];

const createRun = (limits: Limits): Run => {
  const started = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<Result>();
  outcome.promise.catch(() => undefined);
  const given: Given[] = [];
  let model: Model | undefined;
  let begun = false;
  let worker: Worker | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let said: Said = { trace: "", printed: "" };

  const end = (settle: () => void) => {
    settle();
    clearTimeout(timer);
    ended = worker?.terminate() ?? ended;
  };
  const fail = (error: unknown) => end(() => outcome.reject(translated(error, limits)));

  const begin = async (loaded: Model): Promise<void> => {
    timer = setTimeout(() => fail(refuse("model.timeout", { seconds: limits.seconds })), 1_000 * limits.seconds + 500);
    const job = await collectJob(loaded, given, limits);
    worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: job,
      env: {},
      stdout: true,
      stderr: true,
    });
    let answered = false;
    worker.on("message", (answer: Answer) => {
      answered = answer.kind !== "started";
      if (answer.kind === "started") return started.resolve();
      if (answer.kind === "stuck") return fail(refusalOf(answer, limits));
      said = { trace: "", printed: answer.log.slice(-MAX_SAID) };
      const onTrace = (trace: string) => {
        said = { ...said, trace };
      };
      readResult(loaded, answer.frames, limits, onTrace).then(
        (result) => end(() => outcome.resolve({ ...result, log: answer.log })),
        fail,
      );
    });
    worker.on("error", (error) => fail(refuse("model.threw", { message: quote(error.message) })));
    worker.on("exit", (status) => {
      if (!answered) fail(refuse("model.exited", { status }));
    });
  };
  const beginWhenComplete = () => {
    const complete = model && Object.keys(model.manifest.tables).every((name) => given.some(([one]) => one === name));
    if (!model || !complete || begun) return;
    begun = true;
    begin(model).catch(fail);
  };
  return {
    started: started.promise,
    load(loaded) {
      model = loaded;
      beginWhenComplete();
    },
    table(...table) {
      given.push(table);
      beginWhenComplete();
    },
    async result() {
      const [result] = await Promise.allSettled([outcome.promise]);
      await ended;
      if (result.status === "rejected") throw result.reason;
      return result.value;
    },
    said: () => said,
    async stop() {
      end(() => outcome.reject(refuse("model.stopped")));
      await ended;
    },
  };
};

/** Everything the thread needs: there the tables lie in memory as a whole. */
const collectJob = async (
  { manifest, main, parameters, files }: Model,
  given: readonly Given[],
  limits: Limits,
): Promise<Job> => {
  const tables: Record<string, { columns: Schema; batches: BatchHeader[] }> = {};
  const bodies: Uint8Array[] = [];
  let total = 0;
  for (const [name, schema, batches] of given) {
    const table = openTable(manifest, name, schema, batches);
    const headers: BatchHeader[] = [];
    for (let batch = await table.next(); batch; batch = await table.next()) {
      const { header, buffers } = encodeBatch(batch);
      const body = concat(...encodeFrame({}, buffers).slice(1));
      total += body.length;
      if (total > limits.memory) throw refuse("model.memory", { memory: limits.memory });
      headers.push(header);
      bodies.push(body);
    }
    tables[name] = { columns: table.schema, batches: headers };
  }
  return { limits, input: { manifest, main, parameters, tables }, bodies, files };
};

const refusalOf = ({ reason, message }: Answer & { kind: "stuck" }, limits: Limits) => {
  if (reason === "time") return refuse("model.timeout", { seconds: limits.seconds });
  if (reason === "memory") return refuse("model.memory", { memory: limits.memory });
  if (reason === "pending") return refuse("model.exited", { status: "waiting for what never comes" });
  return refuse("model.threw", { message: quote(message) });
};

const readResult = async ({ manifest }: Model, bytes: Uint8Array, limits: Limits, onTrace: (trace: string) => void) => {
  const collector = createCollector(manifest);
  const frameLimits = { headerBytes: 1 << 20, bodyBytes: limits.output, totalBytes: limits.output + (1 << 20) };
  async function* once() {
    yield bytes;
  }
  for await (const { header, body } of readFrames(once(), frameLimits)) {
    const message = header as Partial<Record<"kind" | "batch" | "code" | "message" | "trace", unknown>> | null;
    if (message?.kind === "result") collector.add(message.batch, body);
    else if (message?.kind === "done") return collector.finish();
    else if (message?.kind === "failed") {
      onTrace(traceOf(message.trace));
      throw reported(message.code, message.message, limits, manifest);
    } else throw refuse("model.protocol", { reason: "a message of no known kind" });
  }
  throw refuse("model.protocol", { reason: "it does not end" });
};
