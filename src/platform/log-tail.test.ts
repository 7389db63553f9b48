import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { createLogTail } from "./log-tail.ts";

const numbers = (lines: readonly { number: number }[]) => lines.map(({ number }) => number);

test("the newest lines are kept, without secrets, and found by level and words", () => {
  const tail = createLogTail({ kept: 3 });
  const written: string[] = [];
  const stream = { write: (line: string) => void written.push(line) };
  const log = createLog({ level: "info", format: "pretty", stream, tail });
  log.info({ n: 0 }, "gone");
  log.info({ password: "hunter2" }, "Ready");
  log.warn({ disk: "full" }, "storage");
  log.error(new Error("it broke"));
  assert.equal(written.length, 4);
  const all = tail.list({ level: "info", limit: 10 });
  assert.deepEqual(numbers(all), [3, 2, 1]);
  assert.deepEqual(
    all.map(({ level, message }) => [level, message]),
    [
      ["error", "it broke"],
      ["warn", "storage"],
      ["info", "Ready"],
    ],
  );
  assert.equal(JSON.stringify(all).includes("hunter2"), false);
  assert.deepEqual(numbers(tail.list({ level: "warn", limit: 10 })), [3, 2]);
  assert.deepEqual(numbers(tail.list({ level: "info", search: "READY", limit: 10 })), [1]);
  assert.deepEqual(numbers(tail.list({ level: "info", limit: 1 })), [3]);
});

test("of a line that is too long the beginning is kept", () => {
  const tail = createLogTail();
  tail.add(JSON.stringify({ time: "2026-11-21T00:00:00.000Z", level: "info", msg: "m", much: "x".repeat(100_000) }));
  const [line] = tail.list({ level: "trace", limit: 1 });
  assert.ok(String(line?.details.cut).length < 10_000);
});
