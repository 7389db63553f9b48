/** What a server's error means to whoever owns the connection; its own words may tell values, and are not passed on. */
import { Refusal } from "../../../base/refusal.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { refuse } from "../errors.ts";

/** What is being done, as refusals name it. */
export type Step =
  | "logging in"
  | "reading the structure"
  | "reading rows"
  | "checking the table for results"
  | "writing the result";

/** @param sqlstate five characters (PostgreSQL manual, appendix A) */
export const failureOf = (sqlstate: string, step: Step, connection: DatabaseConnection): Refusal => {
  const { host, port, database, table } = connection;
  const writing = step === "checking the table for results" || step === "writing the result";
  switch (sqlstate) {
    case "28P01": // invalid_password
    case "28000": // invalid_authorization_specification
      return refuse("database.login");
    case "53300": // too_many_connections
      return refuse("database.unreachable", { host, port, reason: "it has too many connections" });
    case "3D000": // invalid_catalog_name
      return refuse("database.unknown", { database });
    case "42P01": // undefined_table
    case "3F000": // invalid_schema_name
      return writing ? refuse("database.destination.table", { table }) : refuse("database.table", { table });
    case "42501": // insufficient_privilege
    case "25006": // read_only_sql_transaction
      if (step === "logging in") return refuse("database.unknown", { database });
      return writing
        ? refuse("database.destination.rights", { right: "SELECT, INSERT", table })
        : refuse("database.table", { table });
    case "53100": // disk_full
    case "54000": // program_limit_exceeded
      return writing ? refuse("database.destination.full", { table }) : unexplained(sqlstate, step);
    case "23505": // unique_violation
      return refuse("database.destination.taken", { found: "by another run" });
    case "22021": // character_not_in_repertoire
    case "22P05": // untranslatable_character
      return refuse("database.value", { column: "?", type: "utf8", reason: "it is not UTF-8" });
    case "57P01": // admin_shutdown
    case "57P02": // crash_shutdown
    case "57P03": // cannot_connect_now
      return refuse("database.lost", { step });
    default:
      // Classes 22 and 23: a column or a constraint that takes no results.
      if (writing && /^2[23]/.test(sqlstate))
        return refuse("database.destination.columns", { table, difference: `it takes no row (error ${sqlstate})` });
      return unexplained(sqlstate, step);
  }
};

const unexplained = (number: string, step: Step) => refuse("database.query", { step, number });

/** SQLSTATE of an ErrorResponse: fields of a letter and a text that ends with 0, of which C is the code. */
export const sqlstateOf = (fields: Uint8Array): string => {
  for (let at = 0; at < fields.length && fields[at] !== 0; ) {
    const end = fields.indexOf(0, at + 1);
    if (end < 0) break;
    const text = Buffer.from(fields.buffer, fields.byteOffset + at + 1, end - at - 1).toString("latin1");
    if (fields[at] === 0x43 && /^[0-9A-Z]{5}$/.test(text)) return text;
    at = end + 1;
  }
  throw refuse("database.protocol", { reason: "an error without a code" });
};

/** The refusal for whatever the driver threw. */
export const refusalFor = (error: unknown, step: Step, connection: DatabaseConnection): unknown => {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (/^[0-9A-Z]{5}$/.test(code) && "severity" in error) return failureOf(code, step, connection);
  if (error.message.startsWith("SASL")) return refuse("database.login");
  return refuse("database.lost", { step });
};
