/** Counts by key, in few large buffers: a million keys take no more than their words and some 30 bytes each. */
import { refuse } from "./errors.ts";
import { type HashKey, halfSipHash } from "./hash.ts";

/** What all tables of a run may hold together. */
export interface Room {
  groups: number;
  /** Of 32 bits, of keys. */
  words: number;
}

/** A key: the first `length` of the words. It may be written over once the call has returned. */
export interface Key {
  readonly words: Int32Array;
  readonly length: number;
}

export interface Groups {
  /** Where the key is; -1 where it is not. */
  find(key: Key): number;
  /** Where the key is, put in with a count of 0 where it was not. @throws Refusal gate.groups */
  place(key: Key): number;
  /** @param more added to the count, which ends at 2^32 - 1 */
  count(at: number, more: number): void;
  countAt(at: number): number;
  readonly size: number;
}

const FIRST = 1_024;
/** Groups that were met lately: most tables have few, and their keys need no hash that withstands anybody. */
const RECENT = 4_096;
const MAX_COUNT = 2 ** 32 - 1;

/** @param room is taken from as the table grows */
export const createGroups = (hashKey: HashKey, room: Room): Groups => {
  const whole = { ...room };
  let size = 0;
  let slots = new Int32Array(2 * FIRST); // place + 1; 0 is free
  let hashes = new Int32Array(FIRST);
  let starts = new Int32Array(FIRST + 1);
  let counts = new Uint32Array(FIRST);
  let keys = new Int32Array(4 * FIRST);
  const recent = new Int32Array(RECENT); // place + 1

  const isAt = (at: number, words: Int32Array, length: number): boolean => {
    const start = starts[at] as number;
    if ((starts[at + 1] as number) - start !== length) return false;
    for (let i = 0; i < length; i++) if (keys[start + i] !== words[i]) return false;
    return true;
  };
  /** The slot where the key is, or would be. */
  const slotOf = (hash: number, words: Int32Array, length: number): number => {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = (slots[slot] as number) - 1;
      if (at < 0 || (hashes[at] === hash && isAt(at, words, length))) return slot;
    }
  };
  const grow = () => {
    hashes = larger(hashes, new Int32Array(2 * size));
    starts = larger(starts, new Int32Array(2 * size + 1));
    counts = larger(counts, new Uint32Array(2 * size));
    slots = new Int32Array(4 * size);
    const mask = slots.length - 1;
    for (let at = 0; at < size; at++) {
      let slot = (hashes[at] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = at + 1;
    }
  };
  const append = (words: Int32Array, length: number) => {
    const start = starts[size] as number;
    if (start + length > keys.length) keys = larger(keys, new Int32Array(2 * (start + length)));
    for (let i = 0; i < length; i++) keys[start + i] = words[i] as number;
    starts[size + 1] = start + length;
  };

  const placeAnew = (words: Int32Array, length: number): number => {
    const hash = halfSipHash(hashKey, words, length);
    const slot = slotOf(hash, words, length);
    const known = (slots[slot] as number) - 1;
    if (known >= 0) return known;
    room.groups -= 1;
    room.words -= length;
    if (room.groups < 0 || room.words < 0)
      throw refuse("gate.groups", { groups: whole.groups, bytes: 4 * whole.words });
    append(words, length);
    hashes[size] = hash;
    slots[slot] = ++size;
    if (size === hashes.length) grow();
    return size - 1;
  };

  return {
    find: ({ words, length }) => (slots[slotOf(halfSipHash(hashKey, words, length), words, length)] as number) - 1,
    place({ words, length }) {
      const near = quickHash(words, length) & (RECENT - 1);
      const guess = (recent[near] as number) - 1;
      if (guess >= 0 && isAt(guess, words, length)) return guess;
      const at = placeAnew(words, length);
      recent[near] = at + 1;
      return at;
    },
    count(at, more) {
      counts[at] = Math.min(MAX_COUNT, (counts[at] as number) + more);
    },
    countAt: (at) => counts[at] as number,
    get size() {
      return size;
    },
  };
};

const quickHash = (words: Int32Array, length: number): number => {
  let hash = length;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1);
  return hash >>> 16;
};

const larger = <T extends Int32Array | Uint32Array>(from: T, to: T): T => {
  to.set(from);
  return to;
};
