/**
 * PostgreSQL's types as columns. What has a form here is sent in binary (its `typsend` function); everything else is
 * asked for as text, as `psql` prints it.
 */
import type { ColumnType } from "../../columns/batch.ts";

/** How the bytes of a value are read. `text` and `bytes` are copied as they are. */
export type Encoding =
  | "bool"
  | "int2"
  | "int4"
  | "oid"
  | "int8"
  | "float4"
  | "float8"
  | "numeric"
  | "date"
  | "timestamp"
  | "text"
  | "bytes";

export interface Mapping {
  readonly type: ColumnType;
  readonly encoding: Encoding;
  /** The SELECT asks for its text. */
  readonly asText?: true;
}

const TEXT: Mapping = { type: "utf8", encoding: "text" };

/** By object id: those of built-in types never change (src/include/catalog/pg_type.dat). */
const MAPPINGS = new Map<number, Mapping>([
  [16, { type: "bool", encoding: "bool" }],
  [17, { type: "binary", encoding: "bytes" }],
  [19, TEXT], // name
  [20, { type: "i64", encoding: "int8" }],
  [21, { type: "i32", encoding: "int2" }],
  [23, { type: "i32", encoding: "int4" }],
  [25, TEXT], // text
  [26, { type: "i64", encoding: "oid" }],
  [114, TEXT], // json
  [700, { type: "f64", encoding: "float4" }],
  [701, { type: "f64", encoding: "float8" }],
  [1042, TEXT], // character(n), with the spaces it is filled with
  [1043, TEXT], // character varying
  [1082, { type: "date", encoding: "date" }],
  [1114, { type: "timestamp", encoding: "timestamp" }],
  [1184, { type: "timestamp", encoding: "timestamp" }], // with time zone: UTC on the wire
  [1700, { type: "decimal", encoding: "numeric" }],
]);

/** @param oid of the type, of its base type where it is a domain */
export const mappingOf = (oid: number): Mapping =>
  MAPPINGS.get(oid) ?? { type: "utf8", encoding: "text", asText: true };
