import assert from "node:assert/strict";
import { test } from "node:test";
import { onEachDatabase, testClock } from "../../test/support/databases.ts";
import { createAudit } from "./audit.ts";
import { createAuditStore } from "./audit-store.ts";
import type { PlatformDb } from "./db/schema.ts";
import { createIds } from "./ids.ts";

const entry = {
  actor: "U1",
  accountId: "A1",
  action: "task.create",
  target: "T1",
  outcome: "ok",
  ip: "::1",
  requestId: "r",
};
const setUp = (db: PlatformDb) => {
  const clock = testClock();
  return { clock, audit: createAudit({ store: createAuditStore({ db }), clock, newId: createIds({ clock }) }) };
};

onEachDatabase("audit", (open) => {
  test("entries are listed newest first, page by page, while more arrive", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { audit, clock } = setUp(db);
    for (let n = 1; n <= 5; n++) {
      await audit.note({ ...entry, target: `T${n}` });
      clock.advance(n % 2);
    }
    await audit.note({ ...entry, accountId: "A2", target: "foreign" });
    const first = await audit.list({ accountId: "A1" }, { limit: 3 });
    await audit.note({ ...entry, target: "T6" });
    const second = await audit.list({ accountId: "A1" }, { limit: 3, cursor: first.next ?? "" });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ target }) => target),
      ["T5", "T4", "T3", "T2", "T1"],
    );
    assert.equal(second.next, null);
  });

  test("filters narrow the list", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { audit, clock } = setUp(db);
    await audit.note(entry);
    clock.advance(1000);
    await audit.note({ ...entry, outcome: "stream.unknown" });
    await audit.note({ ...entry, accountId: null, actor: "system" });
    const count = async (filter: Parameters<typeof audit.list>[0]) => (await audit.list(filter)).items.length;
    assert.deepEqual(
      await Promise.all(
        [
          {},
          { outcome: "ok" },
          { accountId: null },
          { since: clock.now() },
          { until: clock.now() },
          { actor: "U1" },
        ].map(count),
      ),
      [3, 2, 1, 2, 1, 2],
    );
  });

  test("the database refuses to change or delete an entry, and secrets are not in it", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { audit } = setUp(db);
    await audit.note({ ...entry, details: { name: "x", dbPassword: "hunter2" } });
    assert.deepEqual((await audit.list({})).items[0]?.details, { name: "x", dbPassword: "***" });
    await assert.rejects(db.updateTable("audit").set({ outcome: "forged" }).execute(), /append-only/);
    await assert.rejects(db.deleteFrom("audit").execute(), /append-only/);
  });
});
