/** What waits, by whom it is for: whoever has much to do waits for itself, not the others for it. */

export const createFairQueue = () => {
  // Whoever was served last stands at the end.
  const waiting = new Map<string, string[]>();
  return {
    push(owner: string, item: string): void {
      const own = waiting.get(owner);
      if (own) own.push(item);
      else waiting.set(owner, [item]);
    },
    /** Takes the first that fits, whoever's turn it is first. @param mayHave leaves out who has enough */
    take(fits: (item: string) => boolean, mayHave = (_owner: string) => true): string | undefined {
      for (const [owner, own] of waiting) {
        const at = mayHave(owner) ? own.findIndex(fits) : -1;
        if (at < 0) continue;
        const [item] = own.splice(at, 1);
        waiting.delete(owner);
        if (own.length > 0) waiting.set(owner, own);
        return item;
      }
      return undefined;
    },
  };
};
