/** The server's error numbers (MySQL error reference, "Server Error Messages") as refusals. Its texts are not used. */
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { refuse } from "../errors.ts";

/** What a session is doing, for whoever reads why it could not. */
export type Step =
  | "logging in"
  | "preparing the session"
  | "reading the structure"
  | "counting rows"
  | "reading rows"
  | "checking the table for results"
  | "writing the result";

const UNREACHABLE: Readonly<Record<number, string>> = {
  1040: "it has too many connections",
  1129: "it blocks this host after errors",
  1203: "the user has too many connections",
  1226: "the user has used up its quota",
};

/** ER_ACCESS_DENIED_ERROR, ER_HOST_NOT_PRIVILEGED, …_NO_PASSWORD, password expired, account locked. */
const LOGIN = [1045, 1130, 1251, 1698, 1820, 1862, 3118, 3955, 4151];
/** ER_DBACCESS_DENIED_ERROR, ER_BAD_DB_ERROR */
const DATABASE = [1044, 1049];
/** No such table; denied on the table or a column; a view that refers to what is not there or not allowed. */
const TABLE = [1051, 1109, 1142, 1143, 1146, 1345, 1356, 1370, 1449, 1932];
/** ER_DISK_FULL, ER_RECORD_FILE_FULL, tablespace is full, undo and temporary space. */
const FULL = [1021, 1114, 1135, 1296, 1478, 1534, 1637, 1713, 3167];
/** ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR, read-only server or transaction. */
const RIGHTS = [1142, 1143, 1227, 1290, 1792, 1836];
/** ER_SERVER_SHUTDOWN, ER_QUERY_INTERRUPTED, ER_CONNECTION_KILLED, aborted, net errors */
const LOST = [1053, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 3169];
/** max_statement_time (MariaDB), max_execution_time (MySQL) */
export const TOOK_TOO_LONG = [1969, 3024];
export const DUPLICATE = 1062;
/** ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_CHECKREAD: the transaction may be tried again. */
export const CONFLICT = [1020, 1205, 1213];
/** Not null, no such column, out of range, no default, wrong value, too long. */
const MISFIT = [1048, 1054, 1136, 1264, 1292, 1364, 1366, 1406];

/** What the server refused, as a refusal. */
export const failure = (number: number, step: Step, { host, port, database, table }: DatabaseConnection) => {
  const reason = UNREACHABLE[number];
  if (reason) return refuse("database.unreachable", { host, port, reason });
  if (LOGIN.includes(number)) return refuse("database.login");
  if (DATABASE.includes(number)) return refuse("database.unknown", { database });
  if (LOST.includes(number)) return refuse("database.lost", { step });
  if (step === "writing the result" || step === "checking the table for results") {
    if (FULL.includes(number)) return refuse("database.destination.full", { table });
    if (RIGHTS.includes(number)) return refuse("database.destination.rights", { table, right: "SELECT, INSERT" });
    if (MISFIT.includes(number)) {
      return refuse("database.destination.columns", { table, difference: `it takes no row (error ${number})` });
    }
    if (TABLE.includes(number)) return refuse("database.destination.table", { table });
  }
  if (TABLE.includes(number)) return refuse("database.table", { table });
  return refuse("database.query", { step, number });
};
