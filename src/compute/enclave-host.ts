/**
 * The server's side of an enclave: starts the program, shows it the ledger, hands it files and takes its statements.
 * Started again when it dies; calls that were under way fail and are made again by whoever made them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { toBase64, toBase64url, utf8 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import type { Configuration } from "../enclave/protocol/configuration.ts";
import type { EnclaveMethods } from "../enclave/protocol/messages.ts";
import { type Channel, createChannel } from "../tee/protocol/channel.ts";
import type { PlacedStatement } from "../tee/protocol/messages.ts";
import { encodeStatements } from "../tee/protocol/statements.ts";
import "../enclave/protocol/refusals.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Blobs } from "../platform/blobs.ts";
import { parseStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";

/** Leaves in one call. */
const LEAVES = 65_536;
const RESTART_AFTER = 500;

export interface EnclaveHostOptions {
  readonly ledger: Ledger;
  readonly blobs: Blobs;
  /** Command that runs the program, without its own arguments: `[node, enclave.mjs]`. */
  readonly command: readonly string[];
  /** Where enclaves have their own state; the server never reads it. */
  readonly directory: string;
  readonly configuration: Omit<Configuration, "directory" | "ledger">;
  /** Bytes of a result at most. */
  readonly maxResult: number;
  readonly log: (line: string) => void;
  /** Told the founding statement of what has started, before anything else is done with it; what it throws ends it. */
  readonly onIdentified?: (founding: string) => Promise<void>;
}

/** Statements below a position of the ledger. */
type Gather = (until: number) => Promise<PlacedStatement[]>;

/** Keys from another enclave, and how much of the ledger that one had seen. */
export interface HandedKeys {
  readonly keys: string;
  readonly size: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly channel: Channel;
  readonly stream: string;
  followed: number;
}

/** The enclave's state was put aside; started again, it founds itself anew. */
class Unfounded extends Error {}

export const createEnclaveHost = (options: EnclaveHostOptions) => {
  const { ledger, blobs, directory, log } = options;
  let running: Promise<Running> | undefined;
  let stopped = false;
  /** The enclave that runs, or ran last; and since when it does not, milliseconds. */
  let known: string | undefined;
  let away: number | undefined = performance.now();
  let following: Promise<void> = Promise.resolve();

  const launch = async (): Promise<Running> => {
    const [program = "", ...args] = options.command;
    const configuration: Configuration = { ...options.configuration, directory, ledger: ledger.verifierKey };
    const child = spawn(program, [...args, toBase64url(utf8(JSON.stringify(configuration)))], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {},
    });
    child.stderr?.on("data", (text: Buffer) => log(text.toString().trimEnd()));
    child.on("error", (error) => log(String(error)));
    const channel = createChannel(
      child.stdout as NodeJS.ReadableStream as import("node:stream").Readable,
      child.stdin as import("node:stream").Writable,
      {
        async read(params) {
          const { size, content } = await blobs.get((params as { digest: string }).digest);
          return { result: { size }, body: content };
        },
        write: async (_, body) => ({ result: await blobs.put(body, { max: options.maxResult }) }),
      },
      0,
    );
    try {
      const { stream, statement } = (await channel.call("identify", {})).result as EnclaveMethods["identify"]["result"];
      await options.onIdentified?.(statement);
      if (!ledger.world.streams.has(stream)) await ledger.submit(statement).catch(setAside(statement));
      return { child, channel, stream, followed: 0 };
    } catch (error) {
      // The program ends with its channel.
      channel.close("it is of no use");
      throw error;
    }
  };

  /** A founding statement that never reached the ledger grows stale; nobody can have sealed anything to it. */
  const setAside = (statement: string) => async (error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== "statement.clock") throw error;
    const { measurement } = parseStatement(statement).statement.payload as { measurement: string };
    const state = join(directory, measurement.slice(0, 16));
    // Aside and not away: should the ledger itself have been set back, its keys are still there.
    await rename(state, `${state}.unfounded-${Date.now()}`);
    throw new Unfounded();
  };

  const launchOrRefound = (): Promise<Running> =>
    launch().catch((error: unknown) => {
      if (error instanceof Unfounded) return launch();
      throw error;
    });

  const ensure = (): Promise<Running> => {
    if (stopped) return Promise.reject(refuse("enclave.unavailable", { reason: "the server is shutting down" }));
    running ??= launchOrRefound().then(
      (started) => {
        known = started.stream;
        away = undefined;
        void started.channel.closed.then((reason) => {
          running = undefined;
          away = performance.now();
          if (stopped) return;
          log(`the enclave ended (${reason}); starting it again`);
          setTimeout(() => ensure().catch((error: unknown) => log(String(error))), RESTART_AFTER).unref();
        });
        return started;
      },
      (error: unknown) => {
        running = undefined;
        throw error;
      },
    );
    return running;
  };

  /**
   * Shows the enclave everything that the ledger has, then makes the call, with statements from that same ledger: one
   * caller at a time, so that nothing newer is shown in between.
   */
  const callCurrent = async <
    M extends "run" | "delegate" | "diagnose" | "dryRun" | "recur" | "describe" | "test" | "release" | "adopt",
  >(
    method: M,
    gather: (until: number) => Promise<EnclaveMethods[M]["params"] & { statements: readonly PlacedStatement[] }>,
  ): Promise<EnclaveMethods[M]["result"]> => {
    const enclave = await ensure();
    const turn = following.then(async () => {
      // What it is shown is gathered while it follows.
      const until = ledger.size;
      const gathering = gather(until);
      gathering.catch(() => undefined);
      while (enclave.followed < until) {
        const from = enclave.followed;
        const to = Math.min(until, from + LEAVES);
        await enclave.channel.call("follow", {
          from,
          leaves: ledger.leaves(from, to),
          checkpoint: ledger.checkpoint(to),
        });
        enclave.followed = to;
      }
      const { statements, ...params } = await gathering;
      const sent = Promise.withResolvers<void>();
      const answer = enclave.channel.call(method, params, noting(encodeStatements(statements), sent.resolve));
      // Not before the last of them is on its way may the next caller show more of the ledger.
      await Promise.race([sent.promise, answer]);
      return { answer };
    });
    following = turn.then(
      () => undefined,
      () => undefined,
    );
    const { result } = await (await turn).answer;
    return result as EnclaveMethods[M]["result"];
  };

  return {
    /** Stream id, once it is known. */
    stream: (): string | undefined => known,
    /** Milliseconds that it has not been running for; 0 while it runs. */
    awayFor: (): number => (away === undefined ? 0 : performance.now() - away),
    /** Ends the runs of a task that has ended otherwise. */
    async stopRun(task: string) {
      const { channel } = await ensure();
      await channel.call("stop", { task });
    },
    /** Stream id of the enclave; its founding statement is on the ledger when this resolves. */
    start: async () => (await ensure()).stream,
    async attest(nonce: string) {
      const { channel } = await ensure();
      return (await channel.call("attest", { nonce })).result as EnclaveMethods["attest"]["result"];
    },
    async challenge(challenge: string) {
      const { channel } = await ensure();
      return (await channel.call("challenge", { challenge })).result as EnclaveMethods["challenge"]["result"];
    },
    describe: (request: string, gather: Gather) =>
      callCurrent("describe", async (until) => ({ request, statements: await gather(until) })),
    test: (request: string, gather: Gather) =>
      callCurrent("test", async (until) => ({ request, statements: await gather(until) })),
    run: (task: string, details: Record<string, unknown>, gather: Gather, handed?: HandedKeys) =>
      callCurrent("run", async (until) => {
        const consistency = handed && ledger.consistency(handed.size, until).map(toBase64);
        return {
          ...{ task, details, statements: await gather(until) },
          ...(handed && consistency && { handed: { keys: handed.keys, consistency } }),
        };
      }),
    /** Has the enclave `to` run the task. */
    delegate: (task: string, details: Record<string, unknown>, gather: Gather, to: string) =>
      callCurrent("delegate", async (until) => ({ task, details, to, statements: await gather(until) })),
    recur: (task: string, gather: Gather) =>
      callCurrent("recur", async (until) => ({ task, statements: await gather(until) })),
    dryRun: (task: string, details: Record<string, unknown>, gather: Gather) =>
      callCurrent("dryRun", async (until) => ({ task, details, statements: await gather(until) })),
    diagnose: (task: string, gather: (until: number) => Promise<PlacedStatement[]>) =>
      callCurrent("diagnose", async (until) => ({ task, statements: await gather(until) })),
    /** What opens a model or a source that was moved away, for the enclave that has it now. */
    release: (resource: string, gather: Gather) =>
      callCurrent("release", async (until) => ({ resource, statements: await gather(until) })),
    /** @param released what another enclave has released, having seen a ledger of `size` */
    adopt: (resource: string, { size, ...released }: { from: string; release: string; size: number }, gather: Gather) =>
      callCurrent("adopt", async (until) => {
        const consistency = ledger.consistency(size, until).map(toBase64);
        return { resource, ...released, consistency, statements: await gather(until) };
      }),
    async holdings() {
      const { channel } = await ensure();
      return (await channel.call("holdings", {})).result as EnclaveMethods["holdings"]["result"];
    },
    async stop() {
      stopped = true;
      const enclave = await running?.catch(() => undefined);
      if (!enclave) return;
      const ended = new Promise((resolve) => enclave.child.once("exit", resolve));
      enclave.channel.close("the server is shutting down");
      const timer = setTimeout(() => enclave.child.kill("SIGKILL"), 2_000);
      await ended;
      clearTimeout(timer);
    },
  };
};
export type EnclaveHost = ReturnType<typeof createEnclaveHost>;

/** Passes on what comes, and calls `done` at its end. */
async function* noting<T>(pieces: Iterable<T> | AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* pieces;
  } finally {
    done();
  }
}
