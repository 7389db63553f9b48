/** A whole log's tree in memory: every complete node, level by level, so that any proof is a walk over stored hashes. */
import type { Bytes } from "../../base/bytes.ts";
import { refuse } from "./errors.ts";
import { consistencyProof, HASH_LENGTH, inclusionProof, type Nodes, nodeHash, rootFrom } from "./merkle.ts";

/** Takes 64 bytes an entry. All hashes are 32 bytes; what is returned is a copy. */
export interface HashTree {
  readonly size: number;
  /** Adds an entry by its leaf hash; amortised one node hash. @throws RangeError when it is not 32 bytes */
  append(leafHash: Uint8Array): void;
  /** Root of the first `size` entries, by default of all. @throws Refusal log.range */
  root(size?: number): Bytes;
  /** Audit path (RFC 9162 2.1.3.1), by default in the tree of all. @throws Refusal log.range */
  inclusion(index: number, size?: number): Bytes[];
  /** Consistency proof (RFC 9162 2.1.4.1), by default up to all. @throws Refusal log.range */
  consistency(first: number, second?: number): Bytes[];
}

export const createHashTree = (): HashTree => {
  const levels: HashList[] = [];
  const level = (n: number): HashList => {
    let list = levels[n];
    if (!list) {
      list = createHashList();
      levels.push(list);
    }
    return list;
  };
  const nodes: Nodes = (n, index) => level(n).get(index);
  const within = (size: number): number => {
    if (size > level(0).length) throw refuse("log.range", { what: `tree of size ${size}`, size: level(0).length });
    return size;
  };

  return {
    get size() {
      return level(0).length;
    },
    append(leafHash) {
      if (leafHash.length !== HASH_LENGTH) throw new RangeError("a leaf hash has 32 bytes");
      let hash = leafHash;
      for (let n = 0; ; n++) {
        const list = level(n);
        const index = list.push(hash);
        if (index % 2 === 0) return;
        hash = nodeHash(list.get(index - 1), hash);
      }
    },
    root: (size = level(0).length) => rootFrom(nodes, within(size)),
    inclusion: (index, size = level(0).length) => inclusionProof(nodes, index, within(size)),
    consistency: (first, second = level(0).length) => consistencyProof(nodes, first, within(second)),
  };
};

interface HashList {
  readonly length: number;
  /** Returns the position. */
  push(hash: Uint8Array): number;
  /** A view, valid as long as the list. */
  get(index: number): Uint8Array;
}

/** Hashes in pages, so that growing copies nothing and a small tree stays small. */
const createHashList = (): HashList => {
  const PAGE = 1024;
  const pages: Uint8Array[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(hash) {
      const index = length++;
      const offset = index % PAGE;
      if (offset === 0) pages.push(new Uint8Array(PAGE * HASH_LENGTH));
      pages.at(-1)?.set(hash, offset * HASH_LENGTH);
      return index;
    },
    get(index) {
      const page = pages[Math.floor(index / PAGE)];
      if (!page || index >= length) throw new RangeError(`no hash ${index} among ${length}`);
      const start = (index % PAGE) * HASH_LENGTH;
      return page.subarray(start, start + HASH_LENGTH);
    },
  };
};
