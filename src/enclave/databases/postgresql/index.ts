/** PostgreSQL 12 and later: tables and views read by binary COPY, results written in one transaction. */
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { type Database, MAX_TABLE_ROWS } from "../database.ts";
import { deliver, testDestination } from "./deliver.ts";
import type { Step } from "./failures.ts";
import { READ_ONLY, readTable } from "./read.ts";
import { openSession, type Session } from "./session.ts";
import { readMetadata, requireTable, rowsOf } from "./structure.ts";

export interface PostgresqlOptions {
  /** Milliseconds that a server may be silent; 30 seconds unless told. */
  readonly patience?: number;
  /** Rows of a table that is read. */
  readonly rows?: number | undefined;
}

export const createPostgresql = ({
  patience = 30_000,
  rows: limit = MAX_TABLE_ROWS,
}: PostgresqlOptions = {}): Database => {
  const within = async <T>(
    connection: DatabaseConnection,
    step: Step,
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<T>,
  ) => {
    const session = await openSession(connection, { step, patience, signal });
    try {
      return await work(session);
    } finally {
      session.close();
    }
  };
  return {
    id: "postgresql",
    label: { en: "PostgreSQL table", "zh-CN": "PostgreSQL 表" },
    port: 5_432,
    describe: (connection, signal) =>
      within(connection, "reading the structure", signal, async (session) => {
        await session.query(READ_ONLY);
        const columns = await requireTable(session);
        const described = await readMetadata(session);
        const rows = await rowsOf(session, limit);
        return {
          columns: columns.map(({ name, type, description: comment }) => {
            const description = described.get(name) || comment;
            return { name, type, ...(description && { description }) };
          }),
          rows,
        };
      }),
    async *read(connection, schema, columns, signal) {
      const session = await openSession(connection, { step: "reading rows", patience, signal });
      try {
        yield* readTable(session, schema, columns, { patience, limit });
      } finally {
        session.close();
      }
    },
    test: (connection, signal) => within(connection, "checking the table for results", signal, testDestination),
    deliver: (connection, delivery, signal) =>
      within(connection, "writing the result", signal, (session) => deliver(session, delivery)),
  };
};

export const postgresql: Database = createPostgresql();
