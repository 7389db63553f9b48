/**
 * What a follower keeps of a log: the roots of the complete subtrees its entries fall into, largest first, which is
 * O(log n) hashes and enough to go on (docs/protocols/log.md, section 1). An immutable value: following is `appendLeaf`, keeping a state is keeping it.
 */
import type { Bytes } from "../../base/bytes.ts";
import { refuse } from "./errors.ts";
import { EMPTY_ROOT, HASH_LENGTH, nodeHash } from "./merkle.ts";

export interface Frontier {
  readonly size: number;
  /** One 32-byte hash for every 1 in the binary form of `size`, most significant first. */
  readonly hashes: readonly Uint8Array[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

/** The frontier after one more entry. */
export const appendLeaf = ({ size, hashes }: Frontier, leafHash: Uint8Array): Frontier => {
  const next = hashes.slice();
  let hash = leafHash;
  // Each trailing 1 of the size is a subtree as large as the one just completed: the two become one.
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = nodeHash(next.pop() as Uint8Array, hash);
  next.push(hash);
  return { size: size + 1, hashes: next };
};

/** RFC 9162 2.1.1 root of the entries so far. */
export const frontierRoot = ({ hashes }: Frontier): Bytes =>
  hashes.length === 0 ? EMPTY_ROOT : (hashes.reduceRight((right, left) => nodeHash(left, right)).slice() as Bytes);

/** A frontier from outside, for example from sealed state. @throws Refusal log.frontier */
export const frontierOf = (size: number, hashes: readonly Uint8Array[]): Frontier => {
  const isSize = Number.isSafeInteger(size) && size >= 0;
  if (!isSize || hashes.length !== ones(size) || hashes.some((hash) => hash.length !== HASH_LENGTH)) {
    throw refuse("log.frontier", { size });
  }
  return { size, hashes };
};

const ones = (n: number): number => n.toString(2).replaceAll("0", "").length;
