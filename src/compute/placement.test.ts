import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../base/refusal.ts";
import type { Task } from "../rules/task-state.ts";
import { createFairQueue } from "../spine/fair-queue.ts";
import { createPlacement } from "./placement.ts";

const taskAt = (runner: string, workers: string[] = ["b", "c"], runners: string[] = []) =>
  ({ definition: { enclave: "a", workers }, runner, runners, delegations: runners.length }) as unknown as Task;

const ALL = ["a", "b", "c"];
const placementOf = ({ streams = ALL, up = ALL, lost = [] as string[] } = {}) =>
  createPlacement({ streams: () => streams, isUp: (id) => up.includes(id), isLost: (id) => lost.includes(id) }, 2);

test("a task runs in its first enclave while that has as much room as others", () => {
  const placement = placementOf();
  assert.equal(placement.choose("t", taskAt("a")), "a");
  placement.taken("a");
  assert.equal(placement.choose("t", taskAt("a")), "b");
  placement.taken("b");
  placement.taken("c");
  assert.equal(placement.choose("t", taskAt("a")), "a");
  for (const one of ["a", "b", "c"]) placement.taken(one);
  assert.equal(placement.choose("t", taskAt("a")), undefined);
  placement.left("c");
  assert.equal(placement.choose("t", taskAt("a")), "c");
});

test("it names where it may run, and runs where it was", () => {
  const placement = placementOf();
  placement.taken("a");
  assert.equal(placement.choose("t", taskAt("a", [])), "a");
  placement.taken("b");
  placement.taken("b");
  assert.equal(placement.choose("t", taskAt("b")), undefined, "its outcome may wait there");
  assert.equal(placementOf({ streams: ["a"] }).choose("t", taskAt("b")), "a", "unless that enclave is gone");
  assert.equal(placementOf({ streams: ["x"] }).choose("t", taskAt("a")), "a", "the task's own answer");
});

test("an enclave that dies comes back to what it had, and one that stays away does not", () => {
  assert.equal(placementOf({ up: ["c"] }).choose("t", taskAt("a")), "c");
  assert.equal(placementOf({ up: ["a", "c"] }).choose("t", taskAt("b")), "b", "its outcome may be delivered already");
  assert.equal(placementOf({ up: ["a", "c"], lost: ["b"] }).choose("t", taskAt("b")), "a");
  assert.equal(placementOf({ up: [], lost: ["a", "b", "c"] }).choose("t", taskAt("b")), "b", "there is no other");
});

test("a task goes back to no enclave that may have forgotten what came of it there", () => {
  const placement = placementOf();
  placement.taken("a");
  assert.equal(placement.choose("t", taskAt("a", ["b", "c"], ["a", "b"])), "c");
  assert.equal(placement.choose("t", taskAt("a", ["b"], ["a", "b"])), "a");
  assert.equal(placement.choose("t", taskAt("b", ["b"], ["a"])), "b");
  assert.equal(placement.choose("t", taskAt("a", ["b", "c"], ["a", "b", "a", "c"])), "a", "it goes nowhere any more");
});

test("an enclave that cannot reach what a task needs leaves it to another", () => {
  const placement = placementOf();
  const away = new Refusal("enclave.destination", 503, {});
  for (let i = 0; i < 9; i++) placement.failed("t", "b", away);
  assert.equal(placement.choose("t", taskAt("b")), "b", "the receiver's database is away from everywhere");
  const network = new Refusal("enclave.network", 409, {});
  placement.failed("t", "b", network);
  assert.equal(placement.choose("t", taskAt("b")), "a");
  assert.equal(placement.choose("other", taskAt("b")), "b");
  placement.failed("t", "a", network);
  assert.equal(placement.choose("t", taskAt("b")), "c");
  placement.failed("t", "c", network);
  assert.equal(placement.choose("t", taskAt("b")), "b", "all over again, when all have failed it");
});

test("members are served in turn, each in its own order", () => {
  const queue = createFairQueue();
  for (const item of ["a1", "a2", "a3"]) queue.push("a", item);
  for (const item of ["b1", "b2"]) queue.push("b", item);
  queue.push("c", "c1");
  const order = Array.from({ length: 7 }, () => queue.take(() => true));
  assert.deepEqual(order, ["a1", "b1", "c1", "a2", "b2", "a3", undefined]);
  queue.push("a", "big");
  queue.push("a", "small");
  assert.equal(
    queue.take((item) => item === "small"),
    "small",
  );
  assert.equal(
    queue.take((item) => item === "small"),
    undefined,
  );
  assert.equal(
    queue.take(() => true),
    "big",
  );
});
