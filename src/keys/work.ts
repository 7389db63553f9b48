/**
 * Does what the ledger says is to be done, for as long as it says so: the ledger itself is the queue, so a restart
 * forgets nothing. What fails is tried again after a pause, and at once when its stream moves.
 */
import { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";
import { createFairQueue } from "../spine/fair-queue.ts";

export interface WorkOptions {
  readonly ledger: Ledger;
  /** Whose work a stream is, if there is something to be done for it now. */
  readonly due: (stream: string) => string | undefined;
  readonly attempt: (stream: string) => Promise<void>;
  /** Attempts at a time, of all and of one owner: where nodes let one wait, only its own work waits with it. */
  readonly concurrency: { readonly all: number; readonly each: number };
  /** Pauses between attempts, milliseconds. */
  readonly pause: { readonly first: number; readonly longest: number };
  readonly onError: (stream: string, error: unknown) => void;
  /** Why it was not done when it was tried last, by stream, for as long as it is to be done. */
  readonly reasons: Map<string, Refusal>;
  /** There is nothing to be done for it any more. */
  readonly onDone?: (stream: string) => void;
}

interface Item {
  owner: string;
  state: "waiting" | "busy" | "asleep";
  /** It moved while it was worked on. */
  moved: boolean;
  pause: number;
  timer?: NodeJS.Timeout | undefined;
}

export const createWork = (options: WorkOptions) => {
  const { ledger, due, attempt, concurrency, pause, reasons, onError, onDone } = options;
  const items = new Map<string, Item>();
  const waiting = createFairQueue();
  const active = new Set<Item>();
  const activeOf = (owner: string) => [...active].filter((one) => one.owner === owner).length;
  let stopped = false;
  let detach: () => void = () => undefined;

  const queue = (stream: string, item: Item, owner: string): void => {
    clearTimeout(item.timer);
    item.state = "waiting";
    item.owner = owner;
    waiting.push(owner, stream);
  };

  const forget = (stream: string, item: Item): void => {
    clearTimeout(item.timer);
    items.delete(stream);
    reasons.delete(stream);
    onDone?.(stream);
  };

  const sleep = (stream: string, item: Item): void => {
    item.state = "asleep";
    item.timer = setTimeout(() => offer([stream]), item.pause).unref();
    item.pause = Math.min(item.pause * 2, pause.longest);
  };

  const take = async (stream: string, item: Item): Promise<void> => {
    item.state = "busy";
    item.moved = false;
    await attempt(stream).catch((error: unknown) => {
      if (stopped || due(stream) === undefined) return;
      if (error instanceof Refusal) reasons.set(stream, error);
      onError(stream, error);
    });
    active.delete(item);
    const owner = stopped ? undefined : due(stream);
    if (owner === undefined) forget(stream, item);
    else if (item.moved) queue(stream, item, owner);
    else sleep(stream, item);
  };

  const next = (): void => {
    while (!stopped && active.size < concurrency.all) {
      const stream = waiting.take(
        () => true,
        (owner) => activeOf(owner) < concurrency.each,
      );
      const item = stream === undefined ? undefined : items.get(stream);
      if (stream === undefined || item === undefined) return;
      active.add(item);
      void take(stream, item).finally(next);
    }
  };

  const offer = (streams: Iterable<string>): void => {
    for (const stream of streams) {
      const item = items.get(stream);
      if (item?.state === "waiting") continue;
      if (item?.state === "busy") {
        item.moved = true;
        continue;
      }
      const owner = due(stream);
      if (owner !== undefined) {
        const known = item ?? { owner, state: "waiting", moved: false, pause: pause.first };
        items.set(stream, known);
        queue(stream, known, owner);
      } else if (item) forget(stream, item);
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
        offer(moved);
      });
    },
    /** Tries at once what sleeps, and once more what is tried now, should it fail. */
    wake: () => offer([...items.keys()]),
    get active() {
      return active.size;
    },
    stop() {
      stopped = true;
      detach();
      for (const { timer } of items.values()) clearTimeout(timer);
    },
  };
};
export type Work = ReturnType<typeof createWork>;
