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

/** A map over others' entries, which are only asked for one by one: it iterates over what was set in it alone. */
export const lazyMap = <V>(
  find: (key: string) => V | undefined,
  own: PersistentMap<V> = persistentMap(),
): PersistentMap<V> => ({
  size: own.size,
  get: (key) => own.get(key) ?? find(key),
  has: (key) => own.has(key) || find(key) !== undefined,
  set: (key, value) => lazyMap(find, own.set(key, value)),
  every: (holds) => own.every(holds),
  keys: () => own.keys(),
  values: () => own.values(),
  [Symbol.iterator]: () => own[Symbol.iterator](),
});
