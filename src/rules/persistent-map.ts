/** Maps whose older versions stay as they were, whatever their size: `immutable`, by the few methods that rules need. */
import { Map as HashTrie } from "immutable";

export interface PersistentMap<V> extends Iterable<[string, V]> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** A map with the entry; this one stays without. */
  set(key: string, value: V): PersistentMap<V>;
  every(holds: (value: V) => boolean): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<V>;
}

export const persistentMap = <V>(entries: Iterable<[string, V]> = []): PersistentMap<V> => HashTrie(entries);
