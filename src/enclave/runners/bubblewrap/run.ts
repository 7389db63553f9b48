/** The host's side of a run inside bubblewrap: the same whatever language the guest speaks. */
import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Refusal } from "../../../base/refusal.ts";
import { encodeBatch } from "../../columns/codec.ts";
import { encodeFrame, type Frame, readFrames } from "../../columns/frames.ts";
import { type Collector, createCollector, quote, reported, traceOf, translated } from "../collect.ts";
import { refuse } from "../errors.ts";
import { type Limits, MAX_LOG_BYTES, MAX_SAID, type Model, type Result, type Run } from "../runner.ts";
import { type OpenTable, openTable } from "../tables.ts";
import type { FromGuest, ToGuest } from "./messages.ts";
import type { Started } from "./sandbox.ts";

/** Bytes a model may print before it is stopped. */
const MAX_PRINTED = 1 << 20;
/** Batches that a sandbox may have asked for and not yet got, in all tables. */
const MAX_WANTED = 1_024;

/** What differs between guests. */
interface Guest {
  /** Id of the runner. */
  readonly runner: string;
  readonly outOfMemory: RegExp;
}

export const createRun = ({ child, group }: Started, limits: Limits, guest: Guest): Run => {
  const started = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<Omit<Result, "log">>();
  outcome.promise.catch(() => undefined);
  const tables = new Map<string, OpenTable>();
  const announced: [name: string, ...rest: [Parameters<Run["table"]>[1], Parameters<Run["table"]>[2]]][] = [];
  let model: Model | undefined;
  let collector: Collector | undefined;
  let timer: NodeJS.Timeout | undefined;
  let trace = "";

  /** The first to say how it ended is believed; then nothing of the sandbox is needed. */
  const end = (settle: () => void) => {
    settle();
    clearTimeout(timer);
    // The namespace's first process dies with bwrap, and with it everything in the namespace.
    killGroup(child);
    // Unread, what is left in the pipes would keep the child from being told as closed.
    child.stdin?.destroy();
    (child.stdio[3] as Readable).destroy();
  };
  const fail = (error: unknown) => end(() => outcome.reject(translated(error, limits)));

  const printed = collectPrinted([child.stdout as Readable, child.stderr as Readable], () =>
    fail(refuse("model.output-too-large", { limit: MAX_PRINTED })),
  );
  const input = createInput(child.stdin as Writable);
  const closed = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      fail(refuse("runner.unavailable", { runner: guest.runner, reason: error.message }));
      resolve();
    });
    child.once("close", (status, signal) => {
      fail(
        group?.ranOut()
          ? refuse("model.memory", { memory: limits.memory })
          : exitRefusal(status ?? 0, signal, printed.errors(), limits, guest),
      );
      resolve(group?.remove());
    });
  });

  const pump = createPump(tables, input, fail);
  const onFrame = ({ header, body }: Frame) => {
    const message = header as Partial<FromGuest> | null;
    if (!model || !collector) throw refuse("model.protocol", { reason: "it spoke before it was loaded" });
    if (message?.kind === "started") started.resolve();
    else if (message?.kind === "want") pump(String(message.table));
    else if (message?.kind === "result") collector.add(message.batch, body);
    else if (message?.kind === "failed") {
      trace = traceOf(message.trace);
      fail(reported(message.code, message.message, limits, model.manifest));
    } else if (message?.kind === "done") {
      const result = collector.finish();
      end(() => outcome.resolve(result));
    } else throw refuse("model.protocol", { reason: "a message of no known kind" });
  };
  const listen = async () => {
    const frameLimits = { headerBytes: 1 << 20, bodyBytes: limits.output, totalBytes: limits.output + (4 << 20) };
    for await (const frame of readFrames(child.stdio[3] as Readable, frameLimits)) onFrame(frame);
  };
  listen().catch(fail);

  const openAnnounced = () => {
    if (!model) return;
    for (const [name, schema, batches] of announced.splice(0)) {
      const table = openTable(model.manifest, name, schema, batches);
      tables.set(name, table);
      void input.send({ kind: "table", table: name, columns: table.schema });
    }
  };
  const guarded = (run: () => void) => {
    try {
      run();
    } catch (error) {
      fail(error);
    }
  };
  return {
    started: started.promise,
    load(loaded) {
      model = loaded;
      collector = createCollector(loaded.manifest);
      timer = setTimeout(() => fail(refuse("model.timeout", { seconds: limits.seconds })), limits.seconds * 1_000);
      const { manifest, main, parameters, files } = loaded;
      const listed = [...files].map(([path, bytes]) => [path, bytes.length] as const);
      void input.send({ kind: "load", manifest, main, parameters, files: listed }, [joined(files)]);
      guarded(openAnnounced);
    },
    table(name, schema, batches) {
      announced.push([name, schema, batches]);
      guarded(openAnnounced);
    },
    async result() {
      const [result] = await Promise.allSettled([outcome.promise, closed]);
      // Not waited for: a source may be waiting for its peer.
      for (const table of tables.values()) table.close().catch(() => undefined);
      if (result.status === "rejected") throw result.reason;
      return { ...result.value, log: printed.log() };
    },
    said: () => ({ trace, printed: printed.end() }),
    async stop() {
      end(() => outcome.reject(refuse("model.stopped")));
      await closed;
    },
  };
};

const joined = (files: ReadonlyMap<string, Uint8Array>): Uint8Array => Buffer.concat([...files.values()]);

/** Writes frames one after the other; resolves when the pipe takes more. A pipe that breaks is told by the exit. */
const createInput = (pipe: Writable) => {
  return {
    async send(header: ToGuest, buffers: readonly Uint8Array[] = []): Promise<void> {
      if (pipe.destroyed) return;
      let flows = true;
      for (const piece of encodeFrame(header, buffers)) flows = pipe.write(piece);
      if (flows) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          pipe.off("drain", done).off("close", done);
          resolve();
        };
        pipe.on("drain", done).on("close", done);
      });
    },
  };
};
type Input = ReturnType<typeof createInput>;

/** Answers each wish for a batch, one at a time: the pipe is the only buffer. */
const createPump = (tables: ReadonlyMap<string, OpenTable>, input: Input, fail: (error: unknown) => void) => {
  let queue: Promise<void> = Promise.resolve();
  let wanted = 0;
  const answer = async (name: string): Promise<void> => {
    const batch = await tables.get(name)?.next();
    wanted--;
    if (!batch) return input.send({ kind: "end", table: name });
    const { header, buffers } = encodeBatch(batch);
    await input.send({ kind: "batch", table: name, batch: header }, buffers);
  };
  return (name: string): void => {
    if (++wanted > MAX_WANTED) throw refuse("model.protocol", { reason: "it asks for more than it takes" });
    queue = queue.then(() => answer(name)).catch(fail);
  };
};

/** Keeps the beginning of what is printed, and its end. */
const collectPrinted = (streams: readonly Readable[], tooMuch: () => void) => {
  const kept: Buffer[] = [];
  const errors: Buffer[] = [];
  let last = Buffer.alloc(0);
  let total = 0;
  streams.forEach((stream, i) => {
    stream.on("data", (chunk: Buffer) => {
      if (total < MAX_LOG_BYTES) kept.push(chunk.subarray(0, MAX_LOG_BYTES - total));
      if (i === 1 && errors.length < 64) errors.push(chunk.subarray(0, 4_096));
      last = Buffer.concat([last, chunk]).subarray(-MAX_SAID);
      total += chunk.length;
      if (total > MAX_PRINTED) tooMuch();
    });
  });
  return {
    log: () => Buffer.concat(kept).toString("utf8"),
    end: () => last.toString("utf8"),
    errors: () => Buffer.concat(errors).toString("utf8"),
  };
};

const SIGXCPU = 24;
/** Why the process ended without a word: bwrap gives 128 + signal. */
const exitRefusal = (
  status: number,
  signal: string | null,
  errors: string,
  limits: Limits,
  { runner, outOfMemory }: Guest,
): Refusal => {
  if (status === 128 + SIGXCPU) return refuse("model.timeout", { seconds: limits.seconds });
  if (outOfMemory.test(errors)) return refuse("model.memory", { memory: limits.memory });
  if (/^(bwrap|cgroup): /.test(errors)) return refuse("runner.unavailable", { runner, reason: quote(errors) });
  return refuse("model.exited", { status: signal ?? status });
};

/** All of its process group: until the inner process of bwrap has asked to die with the outer one, it would stay. */
const killGroup = ({ pid, exitCode, signalCode }: ChildProcess): void => {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};
