/** One suite, run on every database the product supports. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext } from "node:test";
import { type Kysely, sql } from "kysely";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { migrate } from "../../src/platform/db/migrate.ts";
import { platformMigrations } from "../../src/platform/db/migrations/index.ts";
import { openDatabase } from "../../src/platform/db/open.ts";
import type { PlatformTables } from "../../src/platform/db/schema.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

/** A database of the calling test's own, migrated and empty; undefined (and the test skipped) where there is none. */
export type Open = (t: TestContext) => Promise<Kysely<PlatformTables> | undefined>;

/** Calls `suite` within a `describe` for each database. */
export const onEachDatabase = (name: string, suite: (open: Open) => void): void => {
  describe(`${name} on SQLite`, () => suite(openSqlite));
  describe(`${name} on PostgreSQL`, () => suite(postgres()));
};

/** A clock that stands still until it is moved. */
export const testClock = (start = Date.UTC(2026, 0, 1)): Clock & { advance(ms: number): void } => {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
};

const openSqlite: Open = async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "entente-db-"));
  const db = openDatabase("", { dataDir });
  t.after(async () => {
    await db.destroy();
    rmSync(dataDir, { recursive: true });
  });
  await migrate(db, platformMigrations, { clock: systemClock });
  return db;
};

/** Starts one server for the suite; each test gets a copy of a database that was migrated once. */
const postgres = (): Open => {
  let server: TestPostgres | undefined;
  let reason = "";
  let count = 0;
  before(async () => {
    const started = await startPostgres();
    if ("skip" in started) {
      reason = started.skip;
      return;
    }
    server = started;
    await run(server, "create database template_entente");
    const db = openDatabase(server.urlOf("template_entente"), { dataDir: "" });
    await migrate(db, platformMigrations, { clock: systemClock });
    await db.destroy();
  });
  after(async () => await server?.stop());

  return async (t) => {
    if (!server) {
      t.skip(reason);
      return undefined;
    }
    const name = `test_${++count}`;
    await run(server, `create database ${name} template template_entente strategy file_copy`);
    const db = openDatabase(server.urlOf(name), { dataDir: "" });
    t.after(async () => await db.destroy());
    return db;
  };
};

const run = async (server: TestPostgres, statement: string): Promise<void> => {
  const db = openDatabase(server.url, { dataDir: "", connections: 1 });
  await sql.raw(statement).execute(db);
  await db.destroy();
};
