/**
 * Turns of the event loop (docs/protocols/peers.md section 8): what is urgent is done at once, anything else piece by
 * piece, each in a turn of its own, so that what has come over the connections meanwhile goes between.
 */
import type { Lane } from "./peers/session.ts";

export interface Slices {
  /** @param work must not throw */
  do(lane: Lane, work: () => void): void;
}

export const createSlices = (): Slices => {
  const waiting: (() => void)[] = [];
  const next = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  };
  return {
    do(lane, work) {
      if (lane === "urgent") return work();
      waiting.push(work);
      if (waiting.length === 1) setImmediate(next);
    },
  };
};
