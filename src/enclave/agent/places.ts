/** Places in the sealed state, which all members share: no one of them takes more than its part. */
import { refuse } from "../errors.ts";

/** What one member may take of them, as a part of all. */
const SHARE = 10;

/** A thing that is remembered, and the member (stream id) for whom: whoever created the task. */
export interface Placed {
  readonly creator: string;
}

/** @throws Refusal enclave.host */
export const requirePlace = (others: readonly Placed[], creator: string, places: number): void => {
  if (others.length >= places) throw refuse("enclave.host", { reason: "too many tasks go on" });
  if (others.filter((one) => one.creator === creator).length >= places / SHARE)
    throw refuse("enclave.host", { reason: "too many tasks of one member go on" });
};

/** Those that are kept, where the oldest make way: of each member its part, and of all what there is room for. */
export const newest = <T extends Placed & { readonly time: number }>(
  all: readonly (readonly [string, T])[],
  places: number,
): (readonly [string, T])[] => {
  const sorted = all.toSorted(([, a], [, b]) => b.time - a.time);
  const taken = new Map<string, number>();
  return sorted
    .filter(([, { creator }]) => {
      const count = (taken.get(creator) ?? 0) + 1;
      taken.set(creator, count);
      return count <= places / SHARE;
    })
    .slice(0, places);
};
