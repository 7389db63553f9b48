/** Kysely over node:sqlite: the one connection, durable before a commit is acknowledged. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

type Statements = ConstructorParameters<typeof SqliteDriver>[0]["database"];

/** How many prepared statements are kept. */
const CACHE = 256;

/**
 * @param file a path, or ":memory:"
 */
export const sqliteDialect = (file: string): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new ImmediateDriver({ database: async () => connect(file) }),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: (db) => new SqliteIntrospector(db),
});

/** Takes the write lock at the start of a transaction: one that reads first could not get it later (SQLITE_BUSY). */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

const connect = (file: string): Exclude<Statements, (...args: never) => unknown> => {
  const db = new DatabaseSync(file);
  db.exec("pragma busy_timeout = 5000");
  db.exec("pragma journal_mode = wal");
  // FULL syncs the log at every commit; the default with WAL may lose acknowledged commits at a power cut.
  db.exec("pragma synchronous = full");
  db.exec("pragma foreign_keys = on");
  // KiB, negative by SQLite's convention. The default of 2 MB is too small for indexes over digests.
  db.exec("pragma cache_size = -32768");
  const prepared = new Map<string, StatementSync>();

  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known) return known;
    const statement = db.prepare(sql);
    const oldest = prepared.size >= CACHE ? prepared.keys().next().value : undefined;
    if (oldest !== undefined) prepared.delete(oldest);
    prepared.set(sql, statement);
    return statement;
  };

  return {
    close: () => db.close(),
    prepare: (sql) => {
      const statement = prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...bind(parameters)),
        run: (parameters) => statement.run(...bind(parameters)),
        // A statement of its own: a cached one would be reset under the reader by the next use.
        iterate: (parameters) => db.prepare(sql).iterate(...bind(parameters)),
      };
    },
  };
};

const bind = (parameters: readonly unknown[]): SQLInputValue[] =>
  parameters.map((value) => {
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
      return value;
    if (value instanceof Uint8Array) return value;
    throw new TypeError(`SQLite stores no ${typeof value}`);
  });
