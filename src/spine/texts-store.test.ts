/** Texts by digest: what came first stays, in memory as in the database. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { onEachDatabase, testClock } from "../../test/support/databases.ts";
import { migrate } from "../platform/db/migrate.ts";
import { platformMigrations } from "../platform/db/migrations/index.ts";
import { spineMigrations } from "./migrations/index.ts";
import { createTextsStore } from "./texts-store.ts";
import type { SpineTables } from "./views-schema.ts";

onEachDatabase("texts", (open) => {
  test("the first text under a digest is given, and none is given before there is one", async (t) => {
    const db = await open(t);
    if (!db) return;
    await migrate(db, [...platformMigrations, ...spineMigrations], { clock: testClock() });
    const texts = createTextsStore(db.$extendTables<SpineTables>());
    assert.equal((await texts.details(["a", "b"])).size, 0);
    await texts.putDetail("a", '{"n":1}');
    await texts.putDetail("a", '{"n":2}');
    const long = JSON.stringify("x".repeat(10_000));
    await texts.putDetail("b", long);
    for (let i = 0; i < 2; i++)
      assert.deepEqual(Object.fromEntries(await texts.details(["a", "b", "c"])), { a: { n: 1 }, b: JSON.parse(long) });
    await texts.putDetail("a", '{"n":3}');
    assert.deepEqual((await texts.details(["a"])).get("a"), { n: 1 });
  });
});
