/**
 * Places for the runs that a node leads (docs/protocols/peers.md section 8): so many at a time, of those with the same
 * other signers fewer, since one of them may say nothing. Which one it is that says nothing, no node can tell from what
 * it sees: so nobody is counted beside those that it signs with.
 */
import type { Led } from "./presigning.ts";

const MAX_AT_ONCE = 24;
const MAX_OF = 8;
/** Milliseconds after which a run may have to give way, and holds up nothing that is made in advance. */
const HOLDS = 5_000;

interface Taken {
  readonly run: Pick<Led, "end">;
  readonly begun: number;
  isWanted(): boolean;
  gaveWay: boolean;
}

export interface Place {
  /** It was ended for another's sake: who waits for it may wait on. */
  readonly gaveWay: boolean;
  leave(): void;
}

/** `signers`: the other nodes of a run, as one text. */
export interface Places {
  /** A place, until it is left. */
  take(signers: string, run: Pick<Led, "end">, isWanted: () => boolean): Place;
  count(signers: string): number;
  isFree(signers: string): boolean;
  /**
   * Where there is none: a run that nobody wants is ended, or one of long ago, of signers who have at least two more.
   * @param mayOust whoever has none at all may end the only one of others: if it has not given way to them before
   */
  giveWay(signers: string, mayOust: boolean): void;
  /** All have ended that were begun lately, but with signers who have come to no end of another. */
  isQuiet(): boolean;
  endAll(): void;
}

export const createPlaces = (): Places => {
  /** Each the oldest first. */
  const taken = new Map<string, Set<Taken>>();
  let total = 0;
  const isOld = ({ begun }: Taken): boolean => begun < performance.now() - HOLDS;
  const count = (signers: string): number => taken.get(signers)?.size ?? 0;
  const all = () => [...taken.values()].flatMap((some) => [...some]);
  const end = (one: Taken | undefined): void => {
    if (!one) return;
    one.gaveWay = true;
    one.run.end();
  };
  return {
    count,
    take(signers, run, isWanted) {
      const place = { run, begun: performance.now(), isWanted, gaveWay: false };
      const own = taken.get(signers) ?? new Set();
      taken.set(signers, own.add(place));
      total++;
      const leave = () => {
        if (own.delete(place)) total--;
        if (own.size === 0 && taken.get(signers) === own) taken.delete(signers);
      };
      return Object.assign(place, { leave });
    },
    isFree: (signers) => count(signers) < MAX_OF && total < MAX_AT_ONCE,
    giveWay(signers, mayOust) {
      const isFull = count(signers) >= MAX_OF;
      const those = isFull ? [...(taken.get(signers) ?? [])] : all();
      const unwanted = those.find(({ isWanted }) => !isWanted());
      if (unwanted || isFull) return end(unwanted);
      const own = count(signers);
      const more = [...taken.values()]
        .filter(({ size }) => own + 1 < size || (own === 0 && mayOust))
        .sort((a, b) => b.size - a.size);
      end(more.flatMap((some) => [...some]).find(isOld));
    },
    isQuiet: () => [...taken.values()].every((some) => [...some].some(isOld)),
    endAll() {
      for (const { run } of all()) run.end();
    },
  };
};
