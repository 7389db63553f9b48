import assert from "node:assert/strict";
import { test } from "node:test";
import { createImports } from "./imports.ts";

test("an envelope is good for one stream, as often as that asks, and durable before it is used", async () => {
  const rows = new Map<string, Uint8Array>();
  let anchored = 0;
  const imports = createImports({
    get: (name) => rows.get(name),
    put: async (name, value) => void rows.set(name, value),
    anchor: async () => {
      anchored = rows.size;
    },
  });
  const [envelope, another] = ["1".repeat(64), "2".repeat(64)];
  const taken = await Promise.all(["a", "b", "a"].map((stream) => imports.take(envelope, stream)));
  assert.deepEqual(taken, [true, false, true]);
  assert.equal(anchored, 1);
  assert.ok(await imports.take(another, "b"));
  assert.equal(anchored, 2);
});
