import { databaseConformance } from "../../../../test/conformance/database.ts";
import { PASSWORD, startPostgresTls } from "../../../../test/support/postgres-tls.ts";
import { createPostgresql } from "./index.ts";
import { DESTINATION } from "./setup.ts";

databaseConformance("PostgreSQL", async () => {
  const server = await startPostgresTls();
  if ("skip" in server) return server;
  await server.sql(`alter default privileges grant select on tables to reader;
    create role writer login password '${PASSWORD}'`);
  return {
    ...server,
    database: (patience, rows) => createPostgresql({ patience, rows }),
    destination: (table, more = {}) => server.connection(table, { username: "writer", ...more }),
    types: {
      i32: "integer",
      i64: "bigint",
      f64: "double precision",
      decimal: "numeric(20, 4)",
      date: "date",
      timestamp: "timestamp",
      utf8: "text",
      binary: "bytea",
    },
    quote: '"',
    bytes: (hex) => `'\\x${hex}'`,
    numbers: (count) => `generate_series(1, ${count}) as seq`,
    changeType: (table, column, type) => `alter table ${table} alter column ${column} type ${type}`,
    destinationTable: (table) =>
      `${DESTINATION.slice(0, DESTINATION.indexOf("SET password"))} grant select, insert on ${table} to writer`.replace(
        '"<schema>"."<table>"',
        table,
      ),
  };
});
