/**
 * Has the nodes of a deleted key look at it once its time has come, and again when one of them comes back: each erases
 * its share by what the ledger says, and of a key that nobody uses nobody would show it any more.
 */
import { MINUTE, SECOND } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import { key as keyBook } from "../rules/key.ts";
import { keyGroup } from "../rules/key-group.ts";
import { type Key, participantsOf } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import { answered } from "./answered.ts";
import { isSilence } from "./errors.ts";
import type { KeyNodes } from "./nodes.ts";

export interface ErasingOptions {
  readonly ledger: Ledger;
  readonly nodes: Pick<KeyNodes, "of" | "isUp">;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** A key, and the nodes that have not looked at it. */
type Doomed = readonly [stream: string, left: Set<string>];

const EVERY = MINUTE;
/** Milliseconds that a node has to look at a key. */
const WITHIN = 10 * SECOND;

export const createErasing = ({ ledger, nodes, now, onError }: ErasingOptions) => {
  /** Of each key that is to be deleted, the nodes that have not looked at it since. */
  const doomed = new Map<string, Set<string>>();
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;

  const keyAt = (stream: string): Key | undefined => streamOf(ledger.world, keyBook, stream)?.state;
  /** Also those of the group: one may keep a share of an attempt that came to nothing while it was away. */
  const holdersOf = (key: Key): Set<string> =>
    new Set([
      ...key.epochs.flatMap(({ epoch }) => participantsOf(key, epoch)),
      ...(key.attempt?.participants ?? []),
      ...(streamOf(ledger.world, keyGroup, key.group)?.state.nodes ?? []),
    ]);
  const look = (streams: Iterable<string>): void => {
    for (const stream of streams) {
      const key = keyAt(stream);
      if (key && key.deletion > 0) doomed.set(stream, holdersOf(key));
      else doomed.delete(stream);
    }
  };
  /** One after the other: a node that says nothing is shown no more this time, and keeps no other waiting. */
  const show = async (node: string, due: readonly Doomed[]): Promise<void> => {
    for (const [stream, left] of due)
      if (left.has(node))
        try {
          await answered(nodes.of(node).show(stream), WITHIN);
          left.delete(node);
        } catch (error) {
          onError(error);
          if (!isSilence(error)) continue;
          // The next time begins behind it.
          doomed.delete(stream);
          doomed.set(stream, left);
          return;
        }
  };

  return {
    look,
    /** Its time is the ledger's, too: nodes erase nothing before. */
    async erase(): Promise<void> {
      if (isBusy) return;
      isBusy = true;
      const [newest] = ledger.size > 0 ? ledger.leaves(ledger.size - 1, ledger.size) : [];
      const time = Math.min(now(), newest?.time ?? 0);
      const due = [...doomed].filter(([stream]) => (keyAt(stream)?.deletion ?? time) <= time);
      const up = new Set(due.flatMap(([, left]) => [...left]).filter((node) => nodes.isUp(node)));
      await Promise.all([...up].map((node) => show(node, due)));
      isBusy = false;
    },
    /** A node that comes back may have been shown nothing of them. */
    came(node: string): void {
      for (const [stream, left] of doomed) {
        const key = keyAt(stream);
        if (key && holdersOf(key).has(node)) left.add(node);
      }
    },
    start(): void {
      look(ledger.world.streams.keys());
      timer = setInterval(() => void this.erase(), EVERY).unref();
    },
    stop: (): void => clearInterval(timer),
  };
};
