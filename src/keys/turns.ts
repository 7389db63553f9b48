import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds after which others have their turn. */
const SLICE = 10;

/** Awaited between the steps of long work: lets others have their turn where it has taken a while. */
export const takeTurns = (): (() => Promise<void>) => {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE) return;
    await nextTurn();
    since = performance.now();
  };
};
