import assert from "node:assert/strict";
import { test } from "node:test";
import { createLive, type LiveEvent } from "./live.ts";

const task = (n: number) => ({ type: "task", data: n });
const next = async (events: AsyncIterator<LiveEvent>) => (await events.next()).value as LiveEvent;

test("an account hears its own events, in order, and nobody else's", async () => {
  const live = createLive();
  const mine = live.subscribe("A1");
  live.publish("A2", task(0));
  live.publish("A1", task(1));
  live.publish("A1", task(2));
  assert.deepEqual([(await next(mine)).data, (await next(mine)).data], [1, 2]);
  const later = next(mine);
  live.publish("A1", task(3));
  assert.equal((await later).data, 3);
});

test("who comes back with the last id hears what was missed, and only that", async () => {
  const live = createLive({ replay: 3 });
  const start = live.position();
  for (const n of [1, 2, 3]) live.publish("A1", task(n));
  const again = live.subscribe("A1", { lastEventId: start });
  const [first] = [await next(again), await next(again), await next(again)];
  live.publish("A2", task(9));
  live.publish("A1", task(4));
  assert.equal((await next(live.subscribe("A1", { lastEventId: first.id }))).data, 2);
  assert.equal((await next(live.subscribe("A1", { lastEventId: start }))).type, "reset");
});

test("ids of another life, of nobody or of the future start over", async () => {
  const live = createLive();
  live.publish("A1", task(1));
  for (const lastEventId of ["", "x", `${createLive().position()}`, live.position().replace(/\d+$/, "99")])
    assert.equal((await next(live.subscribe("A1", { lastEventId }))).type, "reset", lastEventId);
});

test("a slow listener costs bounded memory and is told to start over", async () => {
  const live = createLive({ queue: 2 });
  const slow = live.subscribe("A1");
  for (const n of [1, 2, 3, 4]) live.publish("A1", task(n));
  assert.equal((await next(slow)).type, "reset");
  assert.equal((await next(slow)).data, 4);
});

test("the accounts remembered are bounded; those with listeners stay", async () => {
  const live = createLive({ accounts: 2 });
  const mine = live.subscribe("A1");
  live.publish("A2", task(1));
  const id = live.position();
  for (const account of ["A3", "A4", "A5"]) live.publish(account, task(0));
  live.publish("A1", task(1));
  assert.equal((await next(mine)).data, 1);
  live.publish("A2", task(2));
  assert.equal((await next(live.subscribe("A2", { lastEventId: id }))).type, "reset");
});

test("leaving, aborting and closing end a subscription", async () => {
  const live = createLive();
  const abort = new AbortController();
  const [left, aborted, closed] = [
    live.subscribe("A1"),
    live.subscribe("A1", { signal: abort.signal }),
    live.subscribe("A1"),
  ];
  const waiting = [aborted.next(), closed.next()];
  await left.return?.();
  abort.abort();
  assert.equal(live.listeners(), 1);
  live.close();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ done }) => done),
    [true, true],
  );
  assert.equal(live.listeners(), 0);
});
