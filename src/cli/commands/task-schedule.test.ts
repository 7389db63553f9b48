import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../base/refusal.ts";
import { Schedule } from "../../rules/schedule.ts";
import { say } from "../text.ts";
import { scheduleLine, scheduleOf } from "./task-schedule.ts";

const read = (flags: Record<string, unknown>) => scheduleOf({ args: {}, flags });
const refusedFor = (flags: Record<string, unknown>, code: string) =>
  assert.throws(
    () => read(flags),
    (error) => error instanceof Refusal && error.code === code && !/\{[a-z]\w*\}/.test(error.message),
    JSON.stringify(flags),
  );

test("a time, how often, and when first", () => {
  assert.equal(read({}), undefined);
  assert.deepEqual(read({ every: "30m", times: 2 }), { every: 1_800, runs: 2 });
  assert.deepEqual(
    ["90s", "6h", "1d", "1w"].map((every) => read({ every, times: 1 })?.every),
    [90, 21_600, 86_400, 604_800],
  );
  const first = read({ every: "1d", times: 30, first: "2027-01-31T09:00:00+08:00" });
  assert.deepEqual(Schedule.parse(first), { every: 86_400, runs: 30, first: "2027-01-31T01:00:00.000Z" });
});

test("what is no time, or only half of a schedule, is refused", () => {
  for (const every of ["1", "d", "1 d", "1.5d", "-1d", "1y", ""]) refusedFor({ every, times: 1 }, "usage.value");
  refusedFor({ every: "1d", times: 1, first: "tomorrow" }, "usage.value");
  refusedFor({ every: "1d" }, "usage.missing");
  refusedFor({ times: 1 }, "usage.missing");
  refusedFor({ first: "2027-01-31T01:00:00Z" }, "usage.missing");
});

test("whoever signs sees it in words", () => {
  const [atOnce, filled] = scheduleLine({ every: 86_400, runs: 30 });
  assert.match(say(atOnce, "en", filled), /every 86400 s, at most 30 times, from the last authorisation/);
  const [from, values] = scheduleLine({ every: 60, runs: 2, first: "2027-01-31T01:00:00.000Z" });
  assert.match(say(from, "zh-CN", values), /每 60 秒.*至多 2 次，自 2027-01-31T01:00:00.000Z/);
});
