/** What a table looks like: its columns as `SELECT *` gives them, their words, how many rows it has. */
import type { DatabaseConnection } from "../../../rules/connection.ts";
import type { Field, Schema, Value } from "../../columns/batch.ts";
import { refuse as refuseFile } from "../../files/errors.ts";
import { requireColumns } from "../../files/format.ts";
import type { DescribedColumn } from "../database.ts";
import { refuse } from "../errors.ts";
import { typeOf } from "./definitions.ts";
import { TOOK_TOO_LONG } from "./failures.ts";
import { ServerError, type Session } from "./session.ts";

/** Names are quoted with backticks, whatever characters they have. */
export const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
export const tableOf = ({ database, table }: DatabaseConnection): string => `${quoted(database)}.${quoted(table)}`;

/** Up to here rows are counted; above, the server's own estimate is good enough. */
const COUNTED = 1_000_000;
const COUNT_SECONDS = 20;
const MAX_WORDS = 1_000;

/**
 * Begins a transaction that can only read and sees one state of the data, and says the columns in it. As the table was
 * touched, nobody changes its structure until the session ends.
 * @throws Refusal database.table, database.type
 */
export const openTable = async (session: Session, connection: DatabaseConnection): Promise<Field[]> => {
  const step = "reading the structure";
  await session.command("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", step);
  await session.command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", step);
  const statement = await session.prepare(`SELECT * FROM ${tableOf(connection)} LIMIT 0`, step);
  let fields: Field[] = [];
  const nothing = session.rows(statement, [], (columns) => {
    fields = columns.map((column) => ({ name: column.name, type: typeOf(column) }));
  });
  for await (const { rows } of nothing)
    if (rows > 0) throw refuse("database.protocol", { reason: "rows beyond LIMIT 0" });
  return fields;
};

/** @throws Refusal source.columns saying the first difference of names or types */
export const requireStructure = (found: readonly Field[], schema: Schema): void => {
  requireColumns(
    found.map(({ name }) => name),
    schema,
  );
  for (const [i, { name, type }] of found.entries()) {
    const declared = schema[i]?.type;
    if (type !== declared) {
      throw refuseFile("source.columns", { difference: `${name} is ${type} where ${declared} was declared` });
    }
  }
};

/** The fields with what the metadata table says of them, or the columns' comments. */
export const describeFields = async (
  session: Session,
  connection: DatabaseConnection,
  fields: readonly Field[],
): Promise<DescribedColumn[]> => {
  const words = connection.metadata ? await metadataOf(session, connection) : await commentsOf(session, connection);
  return fields.map((field) => {
    const description = words.get(field.name)?.trim().slice(0, MAX_WORDS).toWellFormed();
    return description ? { ...field, description } : field;
  });
};

/** Text of an answer; some servers send names and types as bytes. */
export const textOf = (value: Value | undefined): string => {
  if (value instanceof Uint8Array) return decoder.decode(value);
  return typeof value === "string" ? value : "";
};
const decoder = new TextDecoder();

const commentsOf = async (session: Session, connection: DatabaseConnection): Promise<Map<string, string>> => {
  const rows = await session.query(`SHOW FULL COLUMNS FROM ${tableOf(connection)}`, [], "reading the structure");
  return new Map(rows.map(({ Field, Comment }) => [textOf(Field), textOf(Comment)]));
};

/** Columns of the metadata table (元数据表): `column_name`, `description`, and `table_name` where it has several tables. */
const metadataOf = async (session: Session, connection: DatabaseConnection): Promise<Map<string, string>> => {
  const { metadata, table } = connection;
  const place = tableOf({ ...connection, table: metadata });
  const step = "reading the structure";
  const found = await session.attempt([1142, 1146], () => session.prepare(`SELECT * FROM ${place} LIMIT 0`, step));
  if (found instanceof ServerError) throw refuse("database.metadata", { table: metadata });
  const names = found.columns.map(({ name }) => name.toLowerCase());
  if (!names.includes("column_name") || !names.includes("description")) {
    throw refuse("database.metadata", { table: metadata });
  }
  const several = names.includes("table_name");
  const rows = await session.query(
    `SELECT column_name AS name, description AS words FROM ${place}${several ? " WHERE table_name = ?" : ""}`,
    several ? [table] : [],
    step,
  );
  return new Map(rows.map(({ name, words }) => [textOf(name), textOf(words)]));
};

/** The server's own idea of a table; views have none of the last two. */
export const aboutTable = async (session: Session, { table }: DatabaseConnection) => {
  const [about] = await session.query(
    "SELECT t.ENGINE AS engine, t.TABLE_ROWS AS estimate, e.TRANSACTIONS AS transactions " +
      "FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE " +
      // Names may differ in nothing but case.
      "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ? ORDER BY BINARY t.TABLE_NAME = BINARY ? DESC LIMIT 1",
    [table, table],
    "reading the structure",
  );
  const estimate = about?.estimate;
  return {
    engine: textOf(about?.engine),
    transactional: textOf(about?.transactions) === "YES",
    estimate: estimate === null || estimate === undefined ? undefined : Number(estimate),
  };
};

/**
 * How many rows there are: counted up to about a million and in views, else as the server estimates.
 * @throws Refusal database.rows-limit
 */
export const countRows = async (session: Session, connection: DatabaseConnection, limit: number): Promise<number> => {
  const { estimate } = await aboutTable(session, connection);
  const counted = estimate === undefined || estimate <= COUNTED ? await count(session, connection) : undefined;
  const rows = counted ?? estimate;
  if (rows === undefined) throw refuse("database.timeout", { seconds: COUNT_SECONDS, step: "counting rows" });
  if (rows > limit) throw refuse("database.rows-limit", { limit });
  return rows;
};

/** Undefined where it takes too long. MariaDB knows the first way to limit it, MySQL the second. */
const count = async (session: Session, connection: DatabaseConnection): Promise<number | undefined> => {
  const step = "counting rows";
  const UNKNOWN_SETTING = 1193;
  const limit = await session.attempt([UNKNOWN_SETTING], () =>
    session.command(`SET max_statement_time = ${COUNT_SECONDS}`, step),
  );
  if (limit instanceof ServerError) await session.command(`SET max_execution_time = ${COUNT_SECONDS * 1_000}`, step);
  const rows = await session.attempt(TOOK_TOO_LONG, () =>
    session.query(`SELECT COUNT(*) AS n FROM ${tableOf(connection)}`, [], step),
  );
  return rows instanceof ServerError ? undefined : Number(rows[0]?.n);
};
