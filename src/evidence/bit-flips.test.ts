import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { runToBundle } from "../../test/support/bundle.ts";
import type { Flipped, Flips } from "../../test/support/flip-bits.ts";
import { verifyBundle } from "./verify.ts";

const WORKER = new URL("../../test/support/flip-bits.ts", import.meta.url);

const flip = (workerData: Flips) =>
  new Promise<Flipped>((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });

test("every single bit of a bundle counts: whichever is flipped, the file is refused by name", async () => {
  const { bytes, close } = await runToBundle();
  await close();
  verifyBundle(bytes);
  const step = Math.min(availableParallelism(), 8);
  const parts = await Promise.all(Array.from({ length: step }, (_, first) => flip({ bytes, first, step })));
  assert.deepEqual(
    parts.flatMap(({ accepted }) => accepted),
    [],
  );
  assert.deepEqual(
    parts.flatMap(({ crashed }) => crashed),
    [],
  );
  const refused = parts.flatMap(({ codes }) => [...codes.values()]).reduce((sum, n) => sum + n, 0);
  assert.equal(refused, bytes.length * 8);
});
