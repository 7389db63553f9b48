/**
 * Remembers answers about who may see what, and who is who, until the tables they rest on move. An answer is kept only
 * if nothing moved while it was looked up: else it may be of the time before, and would stay.
 */
const MOST = 10_000;

export const createSeen = <T>() => {
  let generation = 0;
  let known = new Map<string, Promise<T>>();

  return {
    async ask(key: string, look: () => Promise<T>): Promise<T> {
      const found = known.get(key);
      if (found) return found;
      const asked = generation;
      const answer = look();
      const seen = await answer;
      if (asked === generation && known.size < MOST) known.set(key, answer);
      return seen;
    },
    /** Called before the tables move, and once they have. */
    forget(): void {
      generation++;
      known = new Map();
    },
  };
};
