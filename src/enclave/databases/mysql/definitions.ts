/** What the server says of a column (Protocol::ColumnDefinition41), and which type it is here. */
import { isUtf8 } from "node:buffer";
import { fromUtf8 } from "../../../base/bytes.ts";
import type { ColumnType } from "../../columns/batch.ts";
import { refuse } from "../errors.ts";
import { malformed } from "./packets.ts";

/** enum_field_types */
export const WIRE = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newdate: 14,
  varchar: 15,
  bit: 16,
  vector: 242,
  json: 245,
  newdecimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const;

const UNSIGNED = 0x20;
/** The character set that bytes have. */
const BINARY = 63;
/** Characters of a column's name; MySQL itself has 64, aliases 256. */
const MAX_NAME = 256;

export interface Definition {
  readonly name: string;
  readonly wire: number;
  readonly unsigned: boolean;
  readonly charset: number;
  /** Bytes, or bits of a BIT column. */
  readonly length: number;
  /** Digits behind the point, of seconds in times. */
  readonly decimals: number;
}

/** @throws Refusal database.protocol */
export const parseDefinition = (packet: Uint8Array): Definition => {
  // Five lengths and texts: catalog, schema, table, original table, name. The fixed part is the last 13 bytes,
  // whatever an extension of MariaDB puts before it.
  let at = 0;
  let name: Uint8Array = packet.subarray(0, 0);
  const fixed = packet.length - 13;
  for (let i = 0; i < 5; i++) {
    const first = packet[at] ?? 0xff;
    const long = first === 0xfc;
    const length = long ? (packet[at + 1] ?? 0) | ((packet[at + 2] ?? 0) << 8) : first;
    at += long ? 3 : 1;
    if ((!long && first > 0xfa) || at + length > fixed) throw malformed("a column's definition has wrong lengths");
    name = packet.subarray(at, at + length);
    at += length;
  }
  if (packet[fixed] !== 12) throw malformed("a column's definition has no fixed part");
  if (!isUtf8(name) || name.length > 4 * MAX_NAME) throw malformed("a column's name is not a name");
  const view = new DataView(packet.buffer, packet.byteOffset + fixed + 1, 12);
  return {
    name: fromUtf8(name),
    charset: view.getUint16(0, true),
    length: view.getUint32(2, true),
    wire: view.getUint8(6),
    unsigned: (view.getUint16(7, true) & UNSIGNED) !== 0,
    decimals: view.getUint8(9),
  };
};

/**
 * The column's type. Nothing is lost: BIGINT UNSIGNED is `decimal`; FLOAT is the number that is stored, as f64 (0.1 is
 * 0.10000000149011612); BOOLEAN, which is TINYINT(1) and may hold 2, is `i32`, as is YEAR; BIT(1) is `bool`, BIT(2) to
 * BIT(63) are `i64`, BIT(64) is `decimal`; TIME, which may be longer than a day, is text; DATETIME has no time zone
 * and is taken for UTC, as TIMESTAMP is sent; GEOMETRY is bytes as MySQL stores it (SRID and WKB).
 * @throws Refusal database.type
 */
export const typeOf = ({ name, wire, unsigned, charset, length }: Definition): ColumnType => {
  switch (wire) {
    case WIRE.tiny:
    case WIRE.short:
    case WIRE.int24:
    case WIRE.year:
      return "i32";
    case WIRE.long:
      return unsigned ? "i64" : "i32";
    case WIRE.longlong:
      return unsigned ? "decimal" : "i64";
    case WIRE.float:
    case WIRE.double:
      return "f64";
    case WIRE.decimal:
    case WIRE.newdecimal:
      return "decimal";
    case WIRE.date:
    case WIRE.newdate:
      return "date";
    case WIRE.timestamp:
    case WIRE.datetime:
      return "timestamp";
    case WIRE.bit:
      if (length === 1) return "bool";
      return length < 64 ? "i64" : "decimal";
    case WIRE.time:
    case WIRE.json:
    case WIRE.null:
      return "utf8";
    case WIRE.geometry:
    case WIRE.vector:
      return "binary";
    case WIRE.varchar:
    case WIRE.varString:
    case WIRE.string:
    case WIRE.enum:
    case WIRE.set:
    case WIRE.tinyBlob:
    case WIRE.blob:
    case WIRE.mediumBlob:
    case WIRE.longBlob:
      return charset === BINARY ? "binary" : "utf8";
    default:
      throw refuse("database.type", { column: name, type: `number ${wire} of the protocol` });
  }
};
