import { type Kysely, type QueryExecutorProvider, sql } from "kysely";
import type { Clock } from "../../base/clock.ts";
import { refuse } from "../errors.ts";
import { type DatabaseKind, kindOf } from "./open.ts";
import { transaction } from "./transaction.ts";

/** A change of the tables. Written once, never edited after a release: the next change is the next migration. */
export interface Migration {
  /** Migrations run in the order of their names: `0001-platform`. */
  name: string;
  up(db: QueryExecutorProvider, kind: DatabaseKind): Promise<void>;
}

/** Of PostgreSQL's advisory lock: one server migrates, the others wait for it. */
const LOCK = 4_206_018_800;

/**
 * Runs what has not run yet, all of it or none: both databases roll table changes back.
 * @returns the names of the migrations that ran
 * @throws Refusal database.newer when the database knows a migration that this version does not
 */
export const migrate = async <T>(
  db: Kysely<T>,
  migrations: readonly Migration[],
  { clock }: { clock: Clock },
): Promise<string[]> => {
  const kind = kindOf(db);
  const ordered = migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return await transaction(db, async (tx) => {
    if (kind === "postgres") await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
    await sql`create table if not exists migrations (name text primary key, applied_at bigint not null)`.execute(tx);
    const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(tx);
    const applied = new Set(rows.map((row) => row.name));
    const unknown = rows.find((row) => !ordered.some((migration) => migration.name === row.name));
    if (unknown) throw refuse("database.newer", { migration: unknown.name });
    const ran: string[] = [];
    for (const migration of ordered.filter(({ name }) => !applied.has(name))) {
      await migration.up(tx, kind);
      await sql`insert into migrations (name, applied_at) values (${migration.name}, ${clock.now()})`.execute(tx);
      ran.push(migration.name);
    }
    return ran;
  });
};
