/**
 * Which signers a request is tried with. Where a try fails and none of them has said no for itself, one accuses another
 * and either may lie: so nobody is left out for it, and one set after another is tried until there is none left.
 */

export interface Tries {
  /**
   * Places that grow: the first `threshold` of those that are able, as long as they were not tried in vain; then those
   * who are accused the least.
   * @param able in the order in which they are preferred
   * @returns undefined when all sets were tried; the next call begins anew
   */
  next(able: readonly number[], threshold: number): readonly number[] | undefined;
  failed(signers: readonly number[], accused: readonly number[]): void;
}

/** Of one request, for as long as it is not done. */
export const createTries = (): Tries => {
  const tried = new Set<string>();
  const accusations = new Map<number, number>();
  const accusationsOf = (set: readonly number[]) => set.reduce((sum, one) => sum + (accusations.get(one) ?? 0), 0);
  return {
    next(able, threshold) {
      let best: readonly number[] | undefined;
      for (const set of setsOf(able, threshold)) {
        const isBetter = best === undefined || accusationsOf(set) < accusationsOf(best);
        if (!isBetter || tried.has(nameOf(set))) continue;
        best = set;
        if (accusationsOf(set) === 0) break;
      }
      if (best === undefined) {
        tried.clear();
        accusations.clear();
      }
      return best?.toSorted((a, b) => a - b);
    },
    failed(signers, accused) {
      tried.add(nameOf(signers));
      for (const one of accused) accusations.set(one, (accusations.get(one) ?? 0) + 1);
    },
  };
};

const nameOf = (set: readonly number[]): string => set.toSorted((a, b) => a - b).join();

/** Every choice of `size` of them, in their order: at most 12,870, as a key has at most 16 nodes. */
function* setsOf(all: readonly number[], size: number): Generator<readonly number[]> {
  if (size === 0) return yield [];
  for (const [i, one] of all.entries()) for (const rest of setsOf(all.slice(i + 1), size - 1)) yield [one, ...rest];
}
