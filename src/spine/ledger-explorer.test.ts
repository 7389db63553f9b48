/** What the explorer shows to whom: leaves to all, kinds and signers to those who may read the stream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toBase64url, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { HOUR, iso } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import { createLedgerExplorer } from "./ledger-explorer.ts";
import type { ViewsStore } from "./views-store.ts";

const NOW = Date.parse("2026-11-21T12:30:00.000Z");
const id = (letter: string) => letter.repeat(64);
const [MINE, THEIRS, ME] = [id("a"), id("b"), id("c")];

const jwsOf = (kind: string, stream: string) => {
  const header = { alg: "ES256", typ: "entente+jws" };
  const statement = { at: iso(NOW), by: ME, kind, payload: {}, seen: stream, stream };
  return (
    [canonical(header), canonical(statement)].map((part) => toBase64url(utf8(part))).join(".") +
    `.${toBase64url(new Uint8Array(64))}`
  );
};

/** Every third statement is of a stream that the asker may not see; one an hour. */
const entries = Array.from({ length: 1_500 }, (_, index) => {
  const stream = index % 3 === 0 ? THEIRS : MINE;
  const statement = index.toString(16).padStart(64, "0");
  const kind = index === 1 ? "task.founded" : "task.described";
  return { index, seq: 0, stream, statement, time: NOW - (1_500 - index) * HOUR, jws: jwsOf(kind, stream) };
});
const ledger = {
  size: entries.length,
  world: {
    streams: new Map([
      ...[MINE, THEIRS].map((stream) => [stream, { book: "task" }] as const),
      [ME, { book: "organisation" }],
    ]),
  },
  leaves: (from: number, to: number) =>
    entries.slice(from, to).map(({ seq, statement, stream, time }) => ({ seq, statement, stream, time })),
  entry: async (index: number) => entries[index],
  positions: (stream: string) => entries.filter((entry) => entry.stream === stream).map(({ index }) => index),
} as unknown as Ledger;
const views = {
  isVisible: async (stream: string) => stream === MINE,
  members: async () => new Map([[ME, { id: ME, nickname: "研究所", appId: "1300000001" }]]),
  details: async () => new Map(),
} as unknown as ViewsStore;
const { statements, activity } = createLedgerExplorer({ ledger, views, now: () => NOW });
const me = { accountId: "A1", member: ME };
const indexes = ({ items }: { items: { index: number }[] }) => items.map(({ index }) => index);

test("newest first, page after page; of a stream that may not be read only the leaf", async () => {
  const first = await statements(me, { limit: 4 });
  assert.deepEqual([indexes(first), first.next, first.size], [[1499, 1498, 1497, 1496], 1496, 1500]);
  assert.deepEqual(
    first.items.map(({ kind, book, signer, by }) => [kind, book, signer, by?.nickname]),
    [
      ["task.described", "task", "organisation", "研究所"],
      ["task.described", "task", "organisation", "研究所"],
      [null, null, null, undefined],
      ["task.described", "task", "organisation", "研究所"],
    ],
  );
  assert.deepEqual(indexes(await statements(me, { limit: 2, before: 1496 })), [1495, 1494]);
  const last = await statements(me, { limit: 5, before: 2 });
  assert.deepEqual([indexes(last), last.next], [[1, 0], null]);
  const stranger = await statements({ accountId: null, member: null }, { limit: 3 });
  assert.ok(stranger.items.every(({ kind, book, by }) => kind === null && book === null && by === null));
});

test("by digest, by stream, by kind", async () => {
  assert.deepEqual(indexes(await statements(me, { limit: 5, hash: entries[7]?.statement ?? "" })), [7]);
  const none = await statements(me, { limit: 5, hash: id("f") });
  assert.deepEqual([none.items, none.next], [[], null]);
  const ofStream = await statements(me, { limit: 2, hash: THEIRS });
  assert.deepEqual([indexes(ofStream), ofStream.next], [[1497, 1494], 1494]);
  const before = await statements(me, { limit: 9, hash: THEIRS, before: 4 });
  assert.deepEqual([indexes(before), before.next], [[3, 0], null]);
  const looked = await statements(me, { limit: 5, kind: "task.founded" });
  assert.deepEqual([indexes(looked), looked.next], [[], 500], "it goes on where it stopped looking");
  assert.deepEqual(indexes(await statements(me, { limit: 5, kind: "task.founded", before: 500 })), [1]);
  assert.equal((await statements(me, { limit: 5, kind: "task" })).items.length, 5);
});

test("statements by hour and day, the present one last", () => {
  const hours = activity(me, { unit: "hour" }).items;
  assert.deepEqual([hours.length, hours.at(-1)], [48, { start: "2026-11-21T12:00:00.000Z", statements: 0 }]);
  assert.ok(hours.slice(0, -1).every((hour) => hour.statements === 1));
  const days = activity(me, { unit: "day" }).items;
  assert.deepEqual([days.length, days[3]?.statements], [30, 24]);
});
