/** Structure of a table, as the catalogue has it: what is compared before a row is read. */

import type { Schema } from "../../columns/batch.ts";
import { refuse as refuseSource } from "../../files/errors.ts";
import type { DescribedColumn } from "../database.ts";
import { refuse } from "../errors.ts";
import type { Session } from "./session.ts";
import { type Mapping, mappingOf } from "./types.ts";

export interface TableColumn extends DescribedColumn, Mapping {
  /** Name of the type, as PostgreSQL writes it. */
  readonly native: string;
}

export const DEFAULT_SCHEMA = "public";
/** Longest description that a source's structure has. */
const MAX_DESCRIPTION = 200;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Schema and name, quoted for SQL. */
export const qualified = (schema: string | undefined, table: string): string =>
  `${quoted(schema ?? DEFAULT_SCHEMA)}.${quoted(table)}`;

/** Tables, partitioned tables, views, materialised views and foreign tables. */
const RELATION = `
  select c.oid from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')`;

/** A domain has the form of the type it is made of. */
const COLUMNS = `
  with recursive attribute as (
    select attnum, attname, atttypid, atttypmod, left(pg_catalog.col_description(attrelid, attnum), ${MAX_DESCRIPTION}) as description
    from pg_catalog.pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped
  ), base (attnum, oid) as (
    select attnum, atttypid from attribute
    union all
    select base.attnum, t.typbasetype from base join pg_catalog.pg_type t on t.oid = base.oid where t.typtype = 'd'
  )
  select attname as name, t.oid as type, pg_catalog.format_type(atttypid, atttypmod) as native, description
  from attribute join base using (attnum) join pg_catalog.pg_type t on t.oid = base.oid
  where t.typtype <> 'd' order by attnum`;

/** @returns every column in order; undefined where there is no such table */
export const columnsOf = async (
  { query, connection }: Session,
  table = connection.table,
): Promise<TableColumn[] | undefined> => {
  const [relation] = await query(RELATION, [connection.schema ?? DEFAULT_SCHEMA, table]);
  if (!relation) return undefined;
  const rows = await query(COLUMNS, [relation.oid]);
  return rows.map(({ name, type, native, description }) => ({
    ...mappingOf(Number(type)),
    name: name ?? "",
    native: native ?? "",
    ...(description && { description }),
  }));
};

/** @throws Refusal database.table */
export const requireTable = async (session: Session): Promise<TableColumn[]> => {
  const columns = await columnsOf(session);
  if (!columns) throw refuse("database.table", { table: session.connection.table });
  return columns;
};

/** @throws Refusal source.columns saying the first difference in names or types */
export const requireStructure = (found: readonly TableColumn[], declared: Schema): void => {
  for (let i = 0; i < Math.max(found.length, declared.length); i++) {
    const [is, was] = [found[i], declared[i]];
    if (is?.name === was?.name && is?.type === was?.type) continue;
    const difference = `${is ? `${is.name} (${is.type})` : "nothing"} where ${was ? `${was.name} (${was.type})` : "nothing"} was declared`;
    throw refuseSource("source.columns", { difference });
  }
};

/** Descriptions of columns by name. @throws Refusal database.metadata */
export const readMetadata = async (session: Session): Promise<Map<string, string>> => {
  const { metadata, schema } = session.connection;
  if (metadata === "") return new Map();
  const columns = await columnsOf(session, metadata);
  const complete = ["column_name", "description"].every((name) => columns?.some((column) => column.name === name));
  if (!complete) throw refuse("database.metadata", { table: metadata });
  const rows = await session.query(
    `select left(column_name::text, 128) as name, left(description::text, ${MAX_DESCRIPTION}) as description from ${qualified(schema, metadata)} limit 4096`,
  );
  return new Map(rows.map(({ name, description }) => [name ?? "", description ?? ""]));
};

/** Rows are counted up to here; of larger tables the planner's estimate is good enough. */
const COUNTED = 100_000;

/** As of the last time that the table was analysed: less than nothing before, and always of a view. */
const ESTIMATE = "select reltuples as estimate from pg_catalog.pg_class where oid = pg_catalog.to_regclass($1)";

/** Where an estimate tells that a table has too many rows: it may be twice as high as it should. @throws Refusal database.rows-limit */
export const requireFew = async ({ query, connection: { schema, table } }: Session, limit: number): Promise<void> => {
  const [known] = await query(ESTIMATE, [qualified(schema, table)]);
  if (Number(known?.estimate) > 2 * limit) throw refuse("database.rows-limit", { limit });
};

/** @throws Refusal database.rows-limit */
export const rowsOf = async (session: Session, limit: number): Promise<number> => {
  await requireFew(session, limit);
  const rows = await aboutRowsOf(session);
  if (rows.counted > limit) throw refuse("database.rows-limit", { limit });
  return rows.about;
};

const aboutRowsOf = async ({ query, connection: { schema, table } }: Session) => {
  const name = qualified(schema, table);
  const [counted] = await query(`select count(*) as rows from (select from ${name} limit ${COUNTED + 1}) as first`);
  const rows = Number(counted?.rows);
  if (rows <= COUNTED) return { counted: rows, about: rows };
  const [plan] = await query(`explain (format json) select from ${name}`);
  const [{ Plan: estimate }] = JSON.parse(plan?.["QUERY PLAN"] ?? "") as [{ Plan: { "Plan Rows": number } }];
  return { counted: rows, about: Math.max(rows, estimate["Plan Rows"]) };
};

/**
 * The text that `psql` prints: of the type's output function, which a cast to text is not for every type. A row of
 * which every field is NULL is not NULL itself, though `is null` says so.
 */
const textOf = (column: string): string =>
  `case when ${column} is distinct from null then pg_catalog.format('%s', ${column}) end`;

/** The rows of these columns as a stream of binary rows. */
export const copyStatement = ({ schema, table }: Session["connection"], columns: readonly TableColumn[]): string => {
  const list = columns.map(({ name, asText }) => (asText ? textOf(quoted(name)) : quoted(name))).join(", ");
  return `copy (select ${list} from ${qualified(schema, table)}) to stdout (format binary)`;
};
