/** MySQL and MariaDB: tables are read over TLS in the binary protocol, results written in one transaction. */
import type { DatabaseConnection } from "../../../rules/connection.ts";
import type { Batch, Schema } from "../../columns/batch.ts";
import { refuse as refuseFile } from "../../files/errors.ts";
import { selectFields } from "../../files/format.ts";
import type { Database } from "../database.ts";
import { refuse } from "../errors.ts";
import { connect } from "./connect.ts";
import { type Definition, typeOf } from "./definitions.ts";
import { deliver, testDestination } from "./deliver.ts";
import { LIMITS, type Limits } from "./limits.ts";
import type { Session } from "./session.ts";
import { aboutTable, countRows, describeFields, openTable, quoted, requireStructure, tableOf } from "./structure.ts";

export const createMysql = (some: Partial<Limits> = {}): Database => {
  const limits = { ...LIMITS, ...some };
  const during = async <T>(
    connection: DatabaseConnection,
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<T>,
  ): Promise<T> => {
    const session = await connect(connection, limits, signal);
    try {
      return await work(session);
    } finally {
      session.end();
    }
  };
  return {
    id: "mysql",
    label: { en: "MySQL or MariaDB", "zh-CN": "MySQL 或 MariaDB" },
    port: 3_306,
    describe: (connection, signal) =>
      during(connection, signal, async (session) => {
        const fields = await openTable(session, connection);
        const columns = await describeFields(session, connection, fields);
        return { columns, rows: await countRows(session, connection, limits.rows) };
      }),
    async *read(connection, schema, columns, signal) {
      const fields = selectFields(schema, columns);
      const session = await connect(connection, limits, signal);
      try {
        requireStructure(await openTable(session, connection), schema);
        const { estimate = 0 } = await aboutTable(session, connection);
        // The estimate of a table that changes much may be twice as high as it should.
        if (estimate > 2 * limits.rows) throw refuse("database.rows-limit", { limit: limits.rows });
        yield* rowsOfTable(session, connection, fields, limits.rows);
      } finally {
        session.end();
      }
    },
    test: (connection, signal) => during(connection, signal, (session) => testDestination(session, connection)),
    deliver: (connection, delivery, signal) =>
      during(connection, signal, (session) => deliver(session, connection, delivery)),
  };
};

async function* rowsOfTable(
  session: Session,
  connection: DatabaseConnection,
  fields: Schema,
  limit: number,
): AsyncGenerator<Batch> {
  // A table always has a column to select, even where only its rows are wanted.
  const list = fields.length > 0 ? fields.map(({ name }) => quoted(name)).join(", ") : "NULL";
  const statement = await session.prepare(`SELECT ${list} FROM ${tableOf(connection)}`, "reading rows");
  const expect = (found: readonly Definition[]) => {
    const same = fields.every(({ name, type }, i) => {
      const column = found[i];
      return column !== undefined && column.name === name && typeOf(column) === type;
    });
    if (!same || found.length !== Math.max(1, fields.length)) {
      throw refuseFile("source.columns", { difference: "they changed while they were read" });
    }
  };
  let total = 0;
  for await (const batch of session.rows(statement, [], expect)) {
    total += batch.rows;
    if (total > limit) throw refuse("database.rows-limit", { limit });
    yield fields.length > 0 ? batch : { rows: batch.rows, columns: [] };
  }
}

export const mysql: Database = createMysql();
