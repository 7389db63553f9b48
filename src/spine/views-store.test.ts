/** Lists over the computed tables, on both databases: who sees what, and how far is counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { onEachDatabase, testClock } from "../../test/support/databases.ts";
import { migrate } from "../platform/db/migrate.ts";
import { platformMigrations } from "../platform/db/migrations/index.ts";
import type { PlatformDb } from "../platform/db/schema.ts";
import { spineMigrations } from "./migrations/index.ts";
import type { ResourceRow } from "./views-schema.ts";
import { createViewsStore, type ListQuery, type Projection } from "./views-store.ts";

const NOW = 1_000;

const rowOf = (stream: string, more: Partial<ResourceRow> = {}): ResourceRow => ({
  ...{ stream, kind: "task", id: `T-${stream}`, owner: "ann", name: stream, search: stream, permission: "private" },
  ...{ state: "running", createdAt: 1, expiresAt: null, lapsesTo: null, home: null, subject: null, ...more },
});

onEachDatabase("lists", (open) => {
  const setUp = async (db: PlatformDb, projections: Projection[]) => {
    await migrate(db, [...platformMigrations, ...spineMigrations], { clock: testClock() });
    const views = createViewsStore(db);
    await views.replace(db, [], projections);
    return (member: string, query: Partial<ListQuery> = {}) =>
      views.list({ kind: "task", member, tab: "all", now: NOW, page: 1, pageSize: 10, ...query });
  };

  test("up to ten thousand are counted; of more it is said that there are", async (t) => {
    const db = await open(t);
    if (!db) return;
    const many = Array.from({ length: 10_001 }, (_, n) => ({
      resource: rowOf(`s${n}`, { createdAt: n, state: n === 7 ? "created" : "running" }),
      parties: [],
    }));
    const list = await setUp(db, many);
    const all = await list("ann");
    assert.deepEqual([all.total, all.more, all.streams[0]], [10_000, true, "s10000"]);
    const last = await list("ann", { page: 1_001 });
    assert.deepEqual(last.streams, ["s0"], "what is not counted is listed all the same");
    const running = await list("ann", { state: "running" });
    assert.deepEqual([running.total, running.more], [10_000, false]);
    assert.deepEqual(await list("ann", { state: "created" }), { streams: ["s7"], total: 1, more: false });
    assert.deepEqual(await list("bob"), { streams: [], total: 0, more: false });
  });

  test("named ones are seen by whom they name, of those who share an alliance with the owner", async (t) => {
    const db = await open(t);
    if (!db) return;
    const party = (stream: string, member: string, relation: "member" | "named" | "task") => ({
      ...{ stream, member, relation, via: stream },
    });
    const list = await setUp(db, [
      { resource: rowOf("alliance", { kind: "alliance" }), parties: [party("alliance", "ann", "member")] },
      { parties: [party("alliance", "bob", "member")] },
      { resource: rowOf("open", { kind: "model", permission: "public" }), parties: [] },
      { resource: rowOf("told", { kind: "model", permission: "named" }), parties: [party("told", "bob", "named")] },
      // Nobody who shares no alliance with the owner, whatever the owner has written.
      { parties: [party("told", "eve", "named")] },
      // Whoever was named once sees no more than others when it is private again.
      { resource: rowOf("shut", { kind: "model" }), parties: [party("shut", "bob", "named")] },
      { resource: rowOf("used", { kind: "model" }), parties: [party("used", "eve", "task")] },
    ]);
    const seen = async (member: string) => (await list(member, { kind: "model", sort: "name" })).streams;
    assert.deepEqual(await seen("ann"), ["open", "shut", "told", "used"]);
    assert.deepEqual(await seen("bob"), ["open", "told"]);
    assert.deepEqual(await seen("eve"), ["used"]);
  });
});
