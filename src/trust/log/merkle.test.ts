import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../../test/vectors/rfc6962-merkle.json" with { type: "json" };
import { fromHex, toHex, utf8 } from "../../base/bytes.ts";
import { appendLeaf, EMPTY_FRONTIER, frontierOf, frontierRoot } from "./frontier.ts";
import { createHashTree } from "./hash-tree.ts";
import { EMPTY_ROOT, leafHash, nodeHash, verifyConsistency, verifyInclusion } from "./merkle.ts";

const leaves = vectors.leaves.map((leaf) => leafHash(fromHex(leaf)));

/** RFC 9162 2.1.1 word for word: the oracle for every other way to compute a root. */
const definition = (hashes: readonly Uint8Array[]): Uint8Array => {
  if (hashes.length <= 1) return hashes[0] ?? EMPTY_ROOT;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(definition(hashes.slice(0, k)), definition(hashes.slice(k)));
};

const treeOf = (hashes: readonly Uint8Array[]) => {
  const tree = createHashTree();
  for (const hash of hashes) tree.append(hash);
  return tree;
};

const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));

test("the roots of the published tree, by stored tree and by frontier", () => {
  const tree = createHashTree();
  let frontier = EMPTY_FRONTIER;
  assert.equal(toHex(tree.root()), vectors.emptyRoot);
  assert.equal(toHex(frontierRoot(frontier)), vectors.emptyRoot);
  leaves.forEach((leaf, i) => {
    tree.append(leaf);
    frontier = appendLeaf(frontier, leaf);
    assert.equal(toHex(tree.root()), vectors.roots[i]);
    assert.equal(toHex(frontierRoot(frontier)), vectors.roots[i]);
  });
});

test("the published proofs are made and accepted", () => {
  const tree = treeOf(leaves);
  for (const { index, size, proof } of vectors.inclusion) {
    assert.deepEqual(tree.inclusion(index, size).map(toHex), proof);
    const leafHash = leaves[index] as Uint8Array;
    verifyInclusion({ index, size, leafHash, proof: proof.map(fromHex), root: tree.root(size) });
  }
  for (const { first, second, proof } of vectors.consistency) {
    assert.deepEqual(tree.consistency(first, second).map(toHex), proof);
    const [firstRoot, secondRoot] = [tree.root(first), tree.root(second)];
    verifyConsistency({ first, second, firstRoot, secondRoot, proof: proof.map(fromHex) });
  }
});

test("every proof of every tree up to 70 entries verifies, at every earlier size too", () => {
  const hashes = Array.from({ length: 70 }, (_, i) => leafHash(utf8(`entry ${i}`)));
  const tree = treeOf(hashes);
  for (let size = 0; size <= hashes.length; size++) {
    const root = tree.root(size);
    assert.deepEqual(root, definition(hashes.slice(0, size)));
    for (let i = 0; i < size; i++) {
      verifyInclusion({ index: i, size, leafHash: hashes[i] as Uint8Array, proof: tree.inclusion(i, size), root });
    }
    for (let first = 0; first <= size; first++) {
      const proof = tree.consistency(first, size);
      verifyConsistency({ first, second: size, firstRoot: tree.root(first), secondRoot: root, proof });
    }
  }
});

test("an inclusion proof holds for its own entry, position, size, root and path only", () => {
  const hashes = Array.from({ length: 21 }, (_, i) => leafHash(utf8(`entry ${i}`)));
  const tree = treeOf(hashes);
  for (let index = 0; index < 21; index++) {
    const right = {
      index,
      size: 21,
      leafHash: hashes[index] as Uint8Array,
      proof: tree.inclusion(index),
      root: tree.root(),
    };
    const refused = (change: Partial<typeof right>) =>
      assert.throws(() => verifyInclusion({ ...right, ...change }), { code: "log.inclusion" }, JSON.stringify(change));
    verifyInclusion(right);
    for (let other = -1; other <= 22; other++) if (other !== index) refused({ index: other });
    for (let bit = 0; bit < 256; bit += 5) {
      refused({ root: flip(right.root, bit) as typeof right.root });
      refused({ leafHash: flip(right.leafHash, bit) });
      for (const at of right.proof.keys()) {
        refused({ proof: right.proof.map((hash, i) => (i === at ? flip(hash, bit) : hash)) as typeof right.proof });
      }
    }
    refused({ proof: right.proof.slice(1) });
    refused({ proof: right.proof.slice(0, -1) });
    refused({ proof: [...right.proof, right.root] });
    refused({ proof: right.proof.toReversed() });
    refused({ proof: right.proof.map((hash) => hash.slice(1)) });
    refused({ index: 0.5 });
    refused({ size: Number.NaN });
  }
});

test("a consistency proof holds for its own sizes, roots and path only", () => {
  const hashes = Array.from({ length: 21 }, (_, i) => leafHash(utf8(`entry ${i}`)));
  const tree = treeOf(hashes);
  const secondRoot = tree.root();
  for (let first = 1; first < 21; first++) {
    const right = { first, second: 21, firstRoot: tree.root(first), secondRoot, proof: tree.consistency(first) };
    const refused = (change: Partial<typeof right>) =>
      assert.throws(() => verifyConsistency({ ...right, ...change }), { code: "log.consistency" });
    verifyConsistency(right);
    for (let bit = 0; bit < 256; bit += 5) {
      refused({ firstRoot: flip(right.firstRoot, bit) as typeof secondRoot });
      refused({ secondRoot: flip(right.secondRoot, bit) as typeof secondRoot });
      for (const at of right.proof.keys()) {
        refused({ proof: right.proof.map((hash, i) => (i === at ? flip(hash, bit) : hash)) as typeof right.proof });
      }
    }
    refused({ first: 22 });
    refused({ first: 21 });
    refused({ first: -1 });
    refused({ first: 0 });
    refused({ proof: [] });
    refused({ proof: right.proof.slice(1) });
    refused({ proof: right.proof.slice(0, -1) });
    refused({ proof: [...right.proof, secondRoot] });
  }
  const same = { first: 21, second: 21, firstRoot: secondRoot, proof: [] };
  assert.throws(() => verifyConsistency({ ...same, secondRoot: tree.root(20) }), { code: "log.consistency" });
  const empty = { first: 0, second: 21, secondRoot, proof: [] };
  verifyConsistency({ ...empty, firstRoot: EMPTY_ROOT });
  assert.throws(() => verifyConsistency({ ...empty, firstRoot: secondRoot }), { code: "log.consistency" });
});

test("a tree refuses what it does not hold", () => {
  const tree = treeOf(leaves);
  assert.throws(() => tree.root(9), { code: "log.range" });
  assert.throws(() => tree.inclusion(8), { code: "log.range" });
  assert.throws(() => tree.inclusion(0, 9), { code: "log.range" });
  assert.throws(() => tree.inclusion(-1), { code: "log.range" });
  assert.throws(() => tree.consistency(5, 4), { code: "log.range" });
  assert.throws(() => tree.consistency(1, 9), { code: "log.range" });
  assert.throws(() => tree.append(new Uint8Array(31)), RangeError);
});

test("a follower goes on from a stored frontier, and refuses one that does not fit its size", () => {
  const hashes = Array.from({ length: 300 }, (_, i) => leafHash(utf8(`entry ${i}`)));
  const half = hashes.slice(0, 171).reduce(appendLeaf, EMPTY_FRONTIER);
  const whole = hashes.slice(171).reduce(appendLeaf, frontierOf(half.size, half.hashes));
  assert.deepEqual(frontierRoot(whole), treeOf(hashes).root());
  assert.equal(half.size, 171, "the earlier state is untouched");
  for (const size of [170, 175, -1, 0.5]) {
    assert.throws(() => frontierOf(size, half.hashes), { code: "log.frontier" });
  }
});
