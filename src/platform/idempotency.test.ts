import assert from "node:assert/strict";
import { test } from "node:test";
import { onEachDatabase, testClock } from "../../test/support/databases.ts";
import { DAY, MINUTE } from "../base/clock.ts";
import type { PlatformDb } from "./db/schema.ts";
import { type Begun, createIdempotency } from "./idempotency.ts";
import { createIdempotencyStore } from "./idempotency-store.ts";

const request = { scope: "AK1", key: "k1", request: ["POST", "/v1/alliances", "{}"] };
const ticketOf = (begun: Begun) => {
  assert.ok(begun.replay === undefined, "the request should be new");
  return begun.ticket;
};
const setUp = (db: PlatformDb) => {
  const clock = testClock();
  return { clock, idempotency: createIdempotency({ store: createIdempotencyStore({ db }), clock }) };
};

onEachDatabase("idempotency", (open) => {
  test("the first answer is given again for a day; another body or another key's owner does not get it", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { idempotency, clock } = setUp(db);
    await ticketOf(await idempotency.begin(request)).answer({ status: 201, body: '{"id":"x"}' });
    assert.deepEqual(await idempotency.begin(request), { replay: { status: 201, body: '{"id":"x"}' } });
    const other = { ...request, request: ["POST", "/v1/alliances{", "}"] };
    await assert.rejects(idempotency.begin(other), { code: "idempotency.mismatch", status: 409 });
    ticketOf(await idempotency.begin({ ...request, scope: "AK2" }));
    clock.advance(DAY);
    ticketOf(await idempotency.begin(other));
    assert.equal(await idempotency.purge(), 1);
  });

  test("of requests at the same time one works, the others wait", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { idempotency } = setUp(db);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => idempotency.begin(request)));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of results)
      if (result.status === "rejected")
        assert.equal((result.reason as { code: string }).code, "idempotency.in-progress");
  });

  test("a request that failed or died may be sent again", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { idempotency, clock } = setUp(db);
    await ticketOf(await idempotency.begin(request)).release();
    const died = ticketOf(await idempotency.begin(request));
    clock.advance(MINUTE);
    const second = ticketOf(await idempotency.begin(request));
    await died.answer({ status: 500, body: "late" });
    await died.release();
    await second.answer({ status: 200, body: "ok" });
    assert.deepEqual(await idempotency.begin(request), { replay: { status: 200, body: "ok" } });
  });

  test("keys are short and printable", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { idempotency } = setUp(db);
    for (const key of ["", "a b", "x".repeat(129), "键", "a\0"])
      await assert.rejects(idempotency.begin({ ...request, key }), { code: "idempotency.key" });
  });
});
