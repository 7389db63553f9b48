/**
 * Erases the shares of deleted keys when their time has come (docs/protocols/key-node.md 5.6). Apart from all else that
 * this node does: where a holder that is to say so cannot be asked, nobody waits.
 */
import { type Key, keyStreams } from "../rules/key-state.ts";
import type { Agreement } from "./agreement.ts";
import type { Shares } from "./shares.ts";
import type { Witness } from "./witness.ts";

export interface ErasingDeps {
  /** Stream of this node. */
  readonly node: string;
  readonly witness: Pick<Witness, "known" | "isWhole">;
  readonly shares: Pick<Shares, "settle">;
  /** Resolves when what was followed is durable. */
  readonly sealed: () => Promise<void>;
  /** By which deletion is judged, milliseconds. */
  readonly time: () => number;
  readonly agreed: (stream: string, key: Key) => Promise<Agreement>;
}

/** Milliseconds until holders that did not say the same are asked again: longer each time. */
const AGAIN = { first: 1_000, longest: 60_000 };

export const createErasing = ({ node, witness, shares, sealed, time, agreed }: ErasingDeps) => {
  /** Keys that are to be deleted; when each is looked at next (`performance.now`), and how long it waits then. */
  const scheduled = new Map<string, { next: number; wait: number }>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const erase = async (stream: string): Promise<void> => {
    const key = witness.known(keyStreams, stream);
    if (!key || key.deletion === 0) return void scheduled.delete(stream);
    const at = time();
    const turn = scheduled.get(stream);
    if (key.deletion > at || !witness.isWhole(stream) || !turn || performance.now() < turn.next) return;
    turn.next = performance.now() + turn.wait;
    turn.wait = Math.min(2 * turn.wait, AGAIN.longest);
    await sealed();
    if (witness.known(keyStreams, stream) !== key) return;
    // Whoever was in no epoch has nothing that another one needs.
    const isHolder = key.epochs.some(({ participants }) => participants.includes(node));
    if (await shares.settle(stream, key, at, async () => (isHolder ? agreed(stream, key) : "same")))
      scheduled.delete(stream);
  };

  const run = async (): Promise<void> => {
    await Promise.all([...scheduled.keys()].map(erase)).catch((error: unknown) => {
      if (!closed) process.stderr.write(`${String(error)}\n`);
    });
    if (scheduled.size === 0 || closed) return;
    const soonest = Math.min(...[...scheduled.values()].map(({ wait }) => wait));
    timer ??= setTimeout(again, soonest).unref();
  };
  let running: Promise<unknown> = Promise.resolve();
  const start = () => {
    running = Promise.all([running, run()]);
  };
  const again = () => {
    timer = undefined;
    start();
  };

  return {
    /** A key that is to be deleted. */
    add(stream: string): void {
      if (!scheduled.has(stream)) scheduled.set(stream, { next: 0, wait: AGAIN.first });
    },
    /** The ledger has come further. */
    look(): void {
      if (scheduled.size > 0) start();
    },
    /** Resolves when what is being erased is. */
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
};
