/**
 * The Merkle tree of RFC 6962 and RFC 9162 section 2.1 over SHA-256: hashes, proofs made from stored nodes, and their
 * verification. Sizes and positions are numbers up to 2^53 - 1. docs/protocols/log.md, section 1.
 */
import { sha256 } from "#crypto";
import { type Bytes, concat, equal } from "../../base/bytes.ts";
import { refuse } from "./errors.ts";

export const HASH_LENGTH = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** RFC 9162 2.1.1: the hash of a tree without entries. */
export const EMPTY_ROOT: Bytes = sha256(new Uint8Array(0));

/** RFC 9162 2.1.1: MTH of one entry. */
export const leafHash = (entry: Uint8Array): Bytes => sha256(concat(LEAF, entry));

/** RFC 9162 2.1.1: the hash of an inner node. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Bytes => sha256(concat(NODE, left, right));

/**
 * The stored hash of a complete subtree: the one over the leaves from `index * 2^level` (inclusive) on, `2^level` of
 * them. Called only for subtrees within the size asked about.
 */
export type Nodes = (level: number, index: number) => Uint8Array;

/** The root of the first `size` entries. */
export const rootFrom = (nodes: Nodes, size: number): Bytes => (size === 0 ? EMPTY_ROOT : rangeHash(nodes, 0, size));

/**
 * RFC 9162 2.1.3.1: the audit path of entry `index` in the tree of `size` entries, leaf's sibling first.
 * @throws Refusal log.range
 */
export const inclusionProof = (nodes: Nodes, index: number, size: number): Bytes[] => {
  if (!isPosition(index) || !isPosition(size) || index >= size) {
    throw refuse("log.range", { what: `inclusion proof of entry ${index}`, size });
  }
  const path: Bytes[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.unshift(rangeHash(nodes, middle, end));
      end = middle;
    } else {
      path.unshift(rangeHash(nodes, start, middle));
      start = middle;
    }
  }
  return path;
};

/**
 * RFC 9162 2.1.4.1: that the first `first` entries of the tree of `second` entries are those of the tree of `first`.
 * Empty when `first` is 0 or equals `second`.
 * @throws Refusal log.range
 */
export const consistencyProof = (nodes: Nodes, first: number, second: number): Bytes[] => {
  if (!isPosition(first) || !isPosition(second) || first > second) {
    throw refuse("log.range", { what: `consistency proof from size ${first}`, size: second });
  }
  if (first === 0 || first === second) return [];
  const path: Bytes[] = [];
  let [start, end] = [0, second];
  while (end !== first) {
    const middle = start + split(end - start);
    if (first <= middle) {
      path.unshift(rangeHash(nodes, middle, end));
      end = middle;
    } else {
      path.unshift(rangeHash(nodes, start, middle));
      start = middle;
    }
  }
  // The subtree the two trees share at the end is left out where the verifier has it: as the whole old tree.
  return start === 0 ? path : [rangeHash(nodes, start, end), ...path];
};

/** MTH(D[start:end]) of RFC 9162 2.1.1; `start` is a multiple of the largest power of 2 within the range. */
const rangeHash = (nodes: Nodes, start: number, end: number): Bytes => {
  const length = end - start;
  const complete = split(length + 1);
  const level = Math.log2(complete);
  if (complete === length) return nodes(level, start / complete).slice() as Bytes;
  const middle = start + complete;
  return nodeHash(nodes(level, start / complete), rangeHash(nodes, middle, end));
};

/** The largest power of 2 smaller than n, for n > 1. */
const split = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

/** What an inclusion proof is checked against. Hashes are 32 bytes. */
export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** RFC 9162 2.1.3.2. @throws Refusal log.inclusion */
export const verifyInclusion = ({ index, size, leafHash, proof, root }: Inclusion): void => {
  const no = (reason: string) => refuse("log.inclusion", { index, size, reason });
  if (!isPosition(index) || !isPosition(size) || index >= size) throw no("the entry is not within the tree");
  if (![leafHash, root, ...proof].every(isHash)) throw no("a hash is not of 32 bytes");
  let [fn, sn] = [index, size - 1];
  let hash = leafHash;
  for (const sibling of proof) {
    if (sn === 0) throw no("the proof is too long");
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw no("the proof is too short");
  if (!equal(hash, root)) throw no("the root hash is another");
};

/** What a consistency proof is checked against. Hashes are 32 bytes. */
export interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** RFC 9162 2.1.4.2; every tree extends the empty one, and itself, by an empty proof. @throws Refusal log.consistency */
export const verifyConsistency = ({ first, second, firstRoot, secondRoot, proof }: Consistency): void => {
  const no = (reason: string) => refuse("log.consistency", { first, second, reason });
  if (!isPosition(first) || !isPosition(second)) throw no("a size is not a whole number");
  if (first > second) throw no("the older tree is the larger one");
  if (![firstRoot, secondRoot, ...proof].every(isHash)) throw no("a hash is not of 32 bytes");
  if (first === 0 || first === second) {
    if (proof.length > 0) throw no("the proof is too long");
    if (first === 0 && !equal(firstRoot, EMPTY_ROOT)) throw no("the older root hash is another");
    if (first === second && !equal(firstRoot, secondRoot)) throw no("the newer root hash is another");
    return;
  }
  const [start, ...rest] = isPowerOf2(first) ? [firstRoot, ...proof] : proof;
  if (!start) throw no("the proof is too short");
  let [fn, sn] = [first - 1, second - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [oldHash, newHash] = [start, start];
  for (const hash of rest) {
    if (sn === 0) throw no("the proof is too long");
    if (isOdd(fn) || fn === sn) {
      oldHash = nodeHash(hash, oldHash);
      newHash = nodeHash(hash, newHash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      newHash = nodeHash(newHash, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw no("the proof is too short");
  if (!equal(oldHash, firstRoot)) throw no("the older root hash is another");
  if (!equal(newHash, secondRoot)) throw no("the newer root hash is another");
};

const isPosition = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_LENGTH;
const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);
const isPowerOf2 = (n: number): boolean => n === 1 || split(n) * 2 === n;
