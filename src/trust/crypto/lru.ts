/** A map that forgets what was used longest ago once it holds `limit` entries. */
export interface Lru<V> {
  /** The cached value, made and kept when absent. */
  get(key: string, make: () => V): V;
}

export const createLru = <V>(limit: number): Lru<V> => {
  const entries = new Map<string, { value: V }>();
  return {
    get(key, make) {
      const found = entries.get(key);
      if (found) {
        entries.delete(key);
        entries.set(key, found);
        return found.value;
      }
      const value = make();
      entries.set(key, { value });
      if (entries.size > limit) entries.delete(entries.keys().next().value as string);
      return value;
    },
  };
};
