import { databaseConformance } from "../../../../test/conformance/database.ts";
import { startMariadb } from "../../../cli/demo/machines/mariadb.ts";
import { createMysql } from "./index.ts";
import { DESTINATION } from "./setup.ts";

databaseConformance("MariaDB", async () => {
  const server = await startMariadb();
  if ("skip" in server) return server;
  return {
    ...server,
    database: (silence, rows) => createMysql({ silence, ...(rows !== undefined && { rows }) }),
    types: {
      i32: "int",
      i64: "bigint",
      f64: "double",
      decimal: "decimal(20, 4)",
      date: "date",
      timestamp: "datetime(6)",
      utf8: "text",
      binary: "blob",
    },
    quote: "`",
    bytes: (hex) => `x'${hex}'`,
    numbers: (count) => `seq_1_to_${count}`,
    changeType: (table, column, type) => `alter table ${table} modify ${column} ${type}`,
    destinationTable: (table) =>
      DESTINATION.slice(0, DESTINATION.indexOf("CREATE USER")).replace("`<database>`.`<table>`", table),
  };
});
