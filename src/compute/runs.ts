/**
 * Runs tasks whose rulebook says they are to run. The ledger itself is the queue: a task that is `running` there and
 * has not ended is taken up again after any crash, and since only the first receipt is accepted, it ends once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { replayable } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { source } from "../rules/source.ts";
import { task as taskBook } from "../rules/task.ts";
import { stateAt, type Task } from "../rules/task-state.ts";
import { streamOf } from "../rules/world.ts";
import { createFairQueue } from "../spine/fair-queue.ts";
import type { ViewsStore } from "../spine/views-store.ts";
import type { HandedKeys } from "./enclave-host.ts";
import type { Fleet } from "./fleet.ts";
import { createPlacement } from "./placement.ts";

const FIRST_RETRY = 500;
const LONGEST_RETRY = 60_000;

export interface RunsOptions {
  readonly ledger: Ledger;
  readonly fleet: Pick<Fleet, "of" | "stopRun" | "isUp" | "isLost" | "streams">;
  readonly views: Pick<ViewsStore, "details">;
  /** Tasks at a time in each enclave. */
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

export const createRuns = ({ ledger, fleet, views, concurrency, now, onProgress, onError }: RunsOptions) => {
  const waiting = createFairQueue();
  const placement = createPlacement(fleet, concurrency);
  const known = new Set<string>();
  /** Where each task runs, as far as this process had it run. */
  const places = new Map<string, string>();
  /** Keys that were handed over for tasks that run elsewhere. */
  const handed = new Map<string, HandedKeys & { readonly to: string }>();
  const active = new Set<Promise<void>>();
  let stopped = false;
  let detach: () => void = () => undefined;

  const find = (id: string): Task | undefined => streamOf(ledger.world, taskBook, id)?.state;
  const isDue = (id: string): Task | undefined => {
    const state = find(id);
    return state && stateAt(state, now()) === "running" ? state : undefined;
  };

  /** Whether what comes of a run is still asked for: it was not revoked, nor was the series that it belongs to. */
  const isWanted = (id: string): boolean => {
    const task = isDue(id);
    return task !== undefined && find(task.occurrence?.of ?? id)?.state !== "failed";
  };

  const stopping = new Set<string>();
  /** Until it has left its place, whichever that is: the first word may be there before the run is. */
  const end = async (id: string): Promise<void> => {
    if (stopping.has(id)) return;
    stopping.add(id);
    for (let place = places.get(id); place !== undefined && !stopped; place = places.get(id)) {
      await fleet.stopRun(place, id).catch((error: unknown) => onError(id, error));
      await sleep(FIRST_RETRY, undefined, { ref: false });
    }
    stopping.delete(id);
  };
  const endUnwanted = (): void => {
    for (const id of places.keys()) if (!isWanted(id)) void end(id);
  };

  /** Has the enclave that the task names first say that it runs at `to`. @returns the keys, where they are another's */
  const hand = async (id: string, task: Task, to: string): Promise<HandedKeys | undefined> => {
    const { enclave: first } = task.definition;
    if (to === task.runner && to === first) return undefined;
    const before = handed.get(id);
    if (to === task.runner && before?.to === to) return before;
    const details = await detailsOf(ledger, views, task);
    const said = await fleet.of(first).delegate(id, details, (until) => replayable(ledger, id, until), to);
    if (said.statement !== "") await ledger.submit(said.statement);
    if (to === first) return undefined;
    handed.set(id, { to, keys: said.keys, size: said.size });
    return said;
  };

  const attempt = async (id: string, task: Task, place: string): Promise<void> => {
    const keys = await hand(id, task, place);
    const details = await detailsOf(ledger, views, task);
    const { statement } = await fleet.of(place).run(id, details, (until) => replayable(ledger, id, until), keys);
    await ledger.submit(statement);
  };

  const pauses = new Map<string, number>();
  const forget = (id: string): void => {
    known.delete(id);
    pauses.delete(id);
    handed.delete(id);
    placement.forget(id);
    onProgress(id, "ended");
  };

  /** One attempt. What did not come to an end waits without a place: a receiver's database may be away for days. */
  const take = async (id: string, place: string): Promise<void> => {
    const task = isDue(id);
    if (!task) return forget(id);
    try {
      await attempt(id, task, place);
      forget(id);
    } catch (error) {
      // Refused because the task has ended meanwhile (revoked, say), or lapsed. Everything else is tried again.
      if (stopped || !isDue(id)) return forget(id);
      placement.failed(id, place, error);
      onError(id, error);
      onProgress(id, "retrying");
      const pause = pauses.get(id) ?? FIRST_RETRY;
      pauses.set(id, Math.min(pause * 2, LONGEST_RETRY));
      setTimeout(() => {
        waiting.push(task.creator, id);
        next();
      }, pause).unref();
    }
  };

  const placeOf = (id: string): string | undefined => {
    const task = isDue(id);
    // What has ended meanwhile needs no room to be forgotten.
    return task ? placement.choose(id, task) : "";
  };

  const next = () => {
    while (!stopped) {
      const id = waiting.take((one) => placeOf(one) !== undefined);
      const place = id === undefined ? undefined : placeOf(id);
      if (id === undefined || place === undefined) return;
      if (!pauses.has(id)) onProgress(id, "started");
      placement.taken(place);
      places.set(id, place);
      endUnwanted();
      const run: Promise<void> = take(id, place).finally(() => {
        placement.left(place);
        places.delete(id);
        active.delete(run);
        next();
      });
      active.add(run);
    }
  };

  const offer = (ids: Iterable<string>) => {
    for (const id of ids) {
      const task = known.has(id) ? undefined : isDue(id);
      if (!task) continue;
      known.add(id);
      waiting.push(task.creator, id);
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
        endUnwanted();
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
