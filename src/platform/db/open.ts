import { join } from "node:path";
import { CamelCasePlugin, Kysely, PostgresAdapter, sql } from "kysely";
import { refuse } from "../errors.ts";
import { type PostgresOptions, postgresDialect } from "./postgres.ts";
import type { PlatformTables } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";

export type DatabaseKind = "sqlite" | "postgres";

export const databaseKind = (url: string): DatabaseKind => {
  if (url === "" || url === ":memory:") return "sqlite";
  if (/^postgres(ql)?:\/\//.test(url)) return "postgres";
  // Only what precedes the colon: the rest may hold a password.
  throw refuse("database.url", { url: `${url.split(":")[0]}:…` });
};

/**
 * Opens the database; `migrate` brings it up to date, `destroy()` closes it. Columns are snake_case in the database and
 * camelCase here. A pillar's stores take a `PlatformDb` too and see their own tables through
 * `db.$extendTables<Its>()`, so that one transaction serves the stores of both.
 * @param url empty for SQLite in `dataDir`, ":memory:" for SQLite that is forgotten, or postgres://…
 * @throws Refusal database.url
 */
export const openDatabase = (url: string, options: { dataDir: string } & PostgresOptions): Kysely<PlatformTables> =>
  new Kysely<PlatformTables>({
    dialect:
      databaseKind(url) === "postgres"
        ? postgresDialect(url, options)
        : sqliteDialect(url || join(options.dataDir, "entente.db")),
    plugins: [new CamelCasePlugin()],
  });

/** @throws Refusal database.unavailable with what the driver says: addresses and names, never a password */
export const requireReachable = async <T>(db: Kysely<T>): Promise<void> => {
  try {
    await sql`select 1`.execute(db);
  } catch (error) {
    // A name with several addresses fails with an error for each, and without words of its own.
    const failures: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const reason = failures.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
    throw refuse("database.unavailable", { reason });
  }
};

/** Which database is behind, for the few statements that differ. */
export const kindOf = <T>(db: Kysely<T>): DatabaseKind =>
  db.getExecutor().adapter instanceof PostgresAdapter ? "postgres" : "sqlite";
