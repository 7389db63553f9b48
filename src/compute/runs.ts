/**
 * Runs tasks whose rulebook says they are to run. The ledger itself is the queue: a task that is `running` there and
 * has not ended is taken up again after any crash, and since only the first receipt is accepted, it ends once.
 */
import { replayable } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { source } from "../rules/source.ts";
import { task as taskBook } from "../rules/task.ts";
import { stateAt, type Task } from "../rules/task-state.ts";
import { streamOf } from "../rules/world.ts";
import type { EnclaveHost } from "./enclave-host.ts";
import type { ViewsStore } from "./views-store.ts";

const FIRST_RETRY = 500;
const LONGEST_RETRY = 60_000;

export interface RunsOptions {
  readonly ledger: Ledger;
  readonly enclave: Pick<EnclaveHost, "run" | "stopRun">;
  readonly views: Pick<ViewsStore, "details">;
  /** Tasks at a time. */
  readonly concurrency: number;
  readonly now: () => number;
  readonly onProgress: (task: string, phase: "started" | "ended" | "retrying") => void;
  readonly onError: (task: string, error: unknown) => void;
}

/** Texts that the enclave needs beside the statements: what the sources say of their columns. */
export const detailsOf = async (
  ledger: Ledger,
  views: Pick<ViewsStore, "details">,
  { definition }: Task,
): Promise<Record<string, unknown>> => {
  const digests = definition.sources.flatMap(
    ({ stream }) => streamOf(ledger.world, source, stream)?.state.detail ?? [],
  );
  return Object.fromEntries(await views.details(digests));
};

export const createRuns = ({ ledger, enclave, views, concurrency, now, onProgress, onError }: RunsOptions) => {
  const waiting: string[] = [];
  const known = new Set<string>();
  const active = new Set<Promise<void>>();
  let stopped = false;
  let detach: () => void = () => undefined;

  const isDue = (id: string): Task | undefined => {
    const state = streamOf(ledger.world, taskBook, id)?.state;
    return state && stateAt(state, now()) === "running" ? state : undefined;
  };

  const attempt = async (id: string, task: Task): Promise<void> => {
    const details = await detailsOf(ledger, views, task);
    const { statement } = await enclave.run(id, details, (until) => replayable(ledger, id, until));
    await ledger.submit(statement);
  };

  const pauses = new Map<string, number>();
  const forget = (id: string): void => {
    known.delete(id);
    pauses.delete(id);
    onProgress(id, "ended");
  };

  /** One attempt. What did not come to an end waits without a place: a receiver's database may be away for days. */
  const take = async (id: string): Promise<void> => {
    const task = isDue(id);
    if (!task) return forget(id);
    try {
      await attempt(id, task);
      forget(id);
    } catch (error) {
      // Refused because the task has ended meanwhile (revoked, say), or lapsed. Everything else is tried again.
      if (stopped || !isDue(id)) return forget(id);
      onError(id, error);
      onProgress(id, "retrying");
      const pause = pauses.get(id) ?? FIRST_RETRY;
      pauses.set(id, Math.min(pause * 2, LONGEST_RETRY));
      setTimeout(() => {
        waiting.push(id);
        next();
      }, pause).unref();
    }
  };

  const next = () => {
    while (!stopped && active.size < concurrency) {
      const id = waiting.shift();
      if (id === undefined) return;
      if (!pauses.has(id)) onProgress(id, "started");
      const run: Promise<void> = take(id).finally(() => {
        active.delete(run);
        next();
      });
      active.add(run);
    }
  };

  const offer = (ids: Iterable<string>) => {
    for (const id of ids) {
      if (known.has(id) || !isDue(id)) continue;
      known.add(id);
      waiting.push(id);
    }
    next();
  };

  return {
    start() {
      let size = ledger.size;
      offer(ledger.world.streams.keys());
      detach = ledger.onDurable((now) => {
        const moved = ledger.streamsBetween(size, now);
        size = now;
        for (const id of moved)
          if (known.has(id) && !isDue(id)) enclave.stopRun(id).catch((error: unknown) => onError(id, error));
        offer(moved);
      });
    },
    get active() {
      return active.size;
    },
    stop() {
      stopped = true;
      detach();
    },
  };
};
