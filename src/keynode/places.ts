/**
 * Places for the runs that a node leads (docs/protocols/peers.md section 8): so many at a time, of those with the same
 * other signers fewer, since one of them may say nothing. Which one it is that says nothing, no node can tell from what
 * it sees: so nobody is counted beside those that it signs with.
 */
import type { Led } from "./presigning.ts";

const MAX_AT_ONCE = 24;
const MAX_OF = 8;
/** Milliseconds after which a run gives way to those with other signers, and holds up nothing that is made in advance. */
const HOLDS = 5_000;

interface Taken {
  readonly run: Pick<Led, "end">;
  readonly begun: number;
  isWanted(): boolean;
}

/** `signers`: the other nodes of a run, as one text. */
export interface Places {
  /** A place, until `leave` is called. */
  take(signers: string, run: Pick<Led, "end">, isWanted: () => boolean): { leave(): void };
  count(signers: string): number;
  isFree(signers: string): boolean;
  /** Where there is none: a run that nobody wants is ended, or for signers who have no place at all one of long ago. */
  giveWay(signers: string): void;
  /** All have ended that were begun lately, but with signers who have come to no end of another. */
  isQuiet(): boolean;
  endAll(): void;
}

export const createPlaces = (): Places => {
  /** Each the oldest first. */
  const taken = new Map<string, Set<Taken>>();
  const all = (): Taken[] => [...taken.values()].flatMap((some) => [...some]);
  const of = (signers: string): Taken[] => [...(taken.get(signers) ?? [])];
  const isOld = ({ begun }: Taken): boolean => begun < performance.now() - HOLDS;
  const count = (signers: string): number => taken.get(signers)?.size ?? 0;
  return {
    count,
    take(signers, run, isWanted) {
      const place = { run, begun: performance.now(), isWanted };
      const own = taken.get(signers) ?? new Set();
      taken.set(signers, own.add(place));
      return {
        leave() {
          own.delete(place);
          if (own.size === 0 && taken.get(signers) === own) taken.delete(signers);
        },
      };
    },
    isFree: (signers) => count(signers) < MAX_OF && all().length < MAX_AT_ONCE,
    giveWay(signers) {
      const those = count(signers) < MAX_OF ? all() : of(signers);
      const unwanted = those.find(({ isWanted }) => !isWanted());
      const oldest = those.reduce((a, b) => (b.begun < a.begun ? b : a));
      if (unwanted) unwanted.run.end();
      else if (count(signers) === 0 && isOld(oldest)) oldest.run.end();
    },
    isQuiet: () => [...taken.values()].every((some) => [...some].some(isOld)),
    endAll() {
      for (const { run } of all()) run.end();
    },
  };
};
