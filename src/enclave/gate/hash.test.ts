import assert from "node:assert/strict";
import { test } from "node:test";
import { halfSipHash } from "./hash.ts";

/** Of the Linux kernel's lib/siphash_kunit.c (hsiphash on 32 bits): bytes 0, 1, 2, … of whole words, by their number. */
const VECTORS = [0x5814c896, 0x7e059ea6, 0x577999b1, 0x6b28096c, 0x8b31d501, 0x911bb605];

test("HalfSipHash-1-3 gives its published values", () => {
  const words = new Int32Array(Uint8Array.from({ length: 4 * VECTORS.length }, (_, i) => i).buffer);
  for (const [length, expected] of VECTORS.entries())
    assert.equal(halfSipHash([0x03020100, 0x07060504], words, length) >>> 0, expected, `${length} words`);
});
