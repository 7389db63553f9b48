/** In which order sets of signers are tried. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTries } from "./signers.ts";

const ABLE = [3, 4, 5, 1, 2];

test("the preferred are tried first, whoever is accused last, each set once, and then all of them again", () => {
  const tries = createTries();
  const tried: string[] = [];
  for (let set = tries.next(ABLE, 3); set; set = tries.next(ABLE, 3)) {
    tried.push(set.join());
    // The fourth accuses all others, and is accused by one of them.
    tries.failed(set, set.includes(4) ? set : []);
  }
  assert.deepEqual(tried.slice(0, 2), ["3,4,5", "1,2,3"]);
  assert.deepEqual([tried.length, new Set(tried).size], [10, 10]);
  assert.deepEqual(tries.next(ABLE, 3), [3, 4, 5]);
});

test("whoever is not able any more is in none of them", () => {
  const tries = createTries();
  tries.failed([3, 4], [4]);
  assert.deepEqual(tries.next([3, 4, 5], 2), [3, 5]);
  assert.deepEqual(tries.next([4, 5], 2), [4, 5]);
  assert.equal(tries.next([4], 2), undefined);
});
