/**
 * Places for the runs that a node leads (docs/protocols/peers.md section 8): so many at a time, and of those that wait for
 * any one other node fewer, since it may say nothing. What nobody waits for any more goes on while there is room.
 */
import type { Led } from "./presigning.ts";

const MAX_AT_ONCE = 24;
const MAX_WITH = 8;
/** Milliseconds after which a run no longer holds up what is done when nobody waits. */
const HOLDS = 5_000;

interface Taken {
  readonly run: Led;
  readonly begun: number;
  isWanted(): boolean;
}

export interface Places {
  /** A place, until `leave` is called. */
  take(run: Led, isWanted: () => boolean): { leave(): void };
  /**
   * A look at what is free now. What it returns says whether there is a place for a run with these nodes, which is taken
   * then; if there is none, it ends a run that nobody wants, where that helps.
   */
  look(): (nodes: readonly string[]) => boolean;
  /** All that were begun lately have ended. */
  isQuiet(): boolean;
  endAll(): void;
}

export const createPlaces = (): Places => {
  const taken = new Set<Taken>();
  const endUnwanted = (among: Iterable<Taken>) => {
    for (const { isWanted, run } of among) if (!isWanted()) return run.end();
  };
  return {
    take(run, isWanted) {
      const place = { run, begun: performance.now(), isWanted };
      taken.add(place);
      return { leave: () => taken.delete(place) };
    },
    look() {
      let free = MAX_AT_ONCE - taken.size;
      const waiting = new Map<string, { count: number; readonly places: Taken[] }>();
      const waitingFor = (node: string) => {
        const known = waiting.get(node) ?? { count: 0, places: [] };
        waiting.set(node, known);
        return known;
      };
      for (const place of taken)
        for (const node of place.run.waitsFor()) {
          const known = waitingFor(node);
          known.count++;
          known.places.push(place);
        }
      return (nodes) => {
        const full = free <= 0 ? taken : nodes.map(waitingFor).find(({ count }) => count >= MAX_WITH)?.places;
        if (full) endUnwanted(full);
        else {
          free--;
          for (const node of nodes) waitingFor(node).count++;
        }
        return !full;
      };
    },
    isQuiet: () => [...taken].every(({ begun }) => begun < performance.now() - HOLDS),
    endAll() {
      for (const { run } of taken) run.end();
    },
  };
};
