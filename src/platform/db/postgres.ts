/** Kysely over pg: whole numbers as numbers, statements that end. */
import { type Dialect, PostgresDialect } from "kysely";
import pg from "pg";
import { MINUTE, SECOND } from "../../base/clock.ts";

const INT8 = 20;

export interface PostgresOptions {
  /** Connections kept open at most. */
  connections?: number;
  /** Milliseconds after which the database gives up on a statement. */
  statementTimeout?: number;
  /** Told of connections that break while idle; the pool replaces them by itself. */
  onConnectionLost?: (error: Error) => void;
}

export const postgresDialect = (url: string, options: PostgresOptions = {}): Dialect => {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 10,
    connectionTimeoutMillis: 10 * SECOND,
    statement_timeout: options.statementTimeout ?? 30 * SECOND,
    idle_in_transaction_session_timeout: MINUTE,
    application_name: "entente",
    types: {
      getTypeParser: (oid, format) =>
        oid === INT8 && format !== "binary" ? int8 : pg.types.getTypeParser(oid, format),
    },
  });
  pool.on("error", (error) => options.onConnectionLost?.(error));
  return new PostgresDialect({ pool });
};

const int8 = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the whole numbers of JavaScript`);
  return value;
};
