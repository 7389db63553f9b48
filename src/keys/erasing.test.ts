import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import { key as keyBook } from "../rules/key.ts";
import { createErasing } from "./erasing.ts";
import type { KeyNodes } from "./nodes.ts";

const KEY = "K";
const NODES = ["a", "b"];

test("nodes look at a deleted key once its time has come by both clocks, and again when they come back", async () => {
  let [now, leafTime] = [0, 0];
  const up = new Set(["a"]);
  const shown: string[] = [];
  const epochs = [{ epoch: 1, threshold: 2, participants: NODES, verifyingShares: {}, since: 0 }];
  const state = { ...keyBook.initial, deletion: DAY, epochs };
  const ledger = {
    size: 1,
    leaves: () => [{ time: leafTime }],
    world: { streams: new Map([[KEY, { book: keyBook.name, state }]]) },
  } as unknown as Ledger;
  const of = (node: string) => ({ show: async (stream: string) => shown.push(`${node} ${stream}`) });
  const nodes = { isUp: (node: string) => up.has(node), of } as unknown as KeyNodes;
  const erasing = createErasing({ ledger, nodes, now: () => now, onError: (error) => assert.fail(String(error)) });
  erasing.look([KEY]);
  now = 2 * DAY;
  await erasing.erase();
  assert.deepEqual(shown, [], "the ledger has not come to it");
  leafTime = DAY;
  await erasing.erase();
  await erasing.erase();
  assert.deepEqual(shown, ["a K"]);
  up.add("b");
  await erasing.erase();
  erasing.came("a");
  await erasing.erase();
  assert.deepEqual(shown, ["a K", "b K", "a K"]);
});

test("a key that a node will not look at keeps no other from it", async () => {
  const epochs = [{ epoch: 1, threshold: 2, participants: ["a"], verifyingShares: {}, since: 0 }];
  const state = { ...keyBook.initial, deletion: DAY, epochs };
  const streams = new Map(["K1", "K2", "K3"].map((stream) => [stream, { book: keyBook.name, state }]));
  const ledger = { size: 1, leaves: () => [{ time: 2 * DAY }], world: { streams } } as unknown as Ledger;
  const shown: string[] = [];
  const of = () => ({
    async show(stream: string) {
      shown.push(stream);
      if (stream !== "K3") throw new Error("not that");
    },
  });
  const nodes = { isUp: () => true, of } as unknown as KeyNodes;
  const errors: unknown[] = [];
  const erasing = createErasing({ ledger, nodes, now: () => 2 * DAY, onError: (error) => errors.push(error) });
  erasing.look(streams.keys());
  await erasing.erase();
  await erasing.erase();
  assert.deepEqual(shown, ["K1", "K2", "K3", "K1", "K2"]);
  assert.equal(errors.length, 4);
});
