/** Physical and logical types of Parquet (parquet-format, LogicalTypes.md) as columns. */
import { isUtf8 } from "node:buffer";
import type { DecodedArray, SchemaElement } from "hyparquet";
import type { Column, ColumnType } from "../columns/batch.ts";
import { columnOf } from "../columns/build.ts";
import { refuse } from "./errors.ts";

/** How a column is converted: its type here, and from a value as it is stored to one of `columnOf`. */
export interface Mapping {
  readonly type: ColumnType;
  readonly convert: (stored: never) => boolean | number | bigint | string | Uint8Array;
}

const same = <T>(stored: T): T => stored;
const mapping = <T>(type: ColumnType, convert: (stored: T) => ReturnType<Mapping["convert"]>): Mapping => ({
  type,
  convert,
});

/** @throws Refusal source.parquet.type for what has no column type: nested, repeated, times, half floats */
export const mappingOf = (element: SchemaElement): Mapping => {
  const found = element.repetition_type === "REPEATED" ? undefined : scalarOf(element);
  if (found) return found;
  const { logical_type, converted_type, type } = element;
  const kind =
    element.repetition_type === "REPEATED" ? "a list" : (logical_type?.type ?? converted_type ?? type ?? "nested");
  throw refuse("source.parquet.type", { column: element.name, type: kind });
};

const scalarOf = (element: SchemaElement): Mapping | undefined => {
  const decimal = scaleOf(element);
  switch (element.type) {
    case "BOOLEAN":
      return mapping("bool", same<boolean>);
    case "FLOAT":
    case "DOUBLE":
      return mapping("f64", same<number>);
    case "INT32":
      return decimal === undefined
        ? int32Of(element)
        : mapping("decimal", (n: number) => decimalText(BigInt(n), decimal));
    case "INT64":
      return decimal === undefined ? int64Of(element) : mapping("decimal", (n: bigint) => decimalText(n, decimal));
    case "BYTE_ARRAY":
    case "FIXED_LEN_BYTE_ARRAY":
      return decimal === undefined
        ? bytesOf(element)
        : mapping("decimal", (b: Uint8Array) => decimalText(twosComplement(b), decimal));
    default:
      return undefined;
  }
};

const scaleOf = ({ logical_type, converted_type, scale }: SchemaElement): number | undefined => {
  if (logical_type?.type === "DECIMAL") return logical_type.scale ?? 0;
  return converted_type === "DECIMAL" ? (scale ?? 0) : undefined;
};

const int32Of = ({ logical_type: logical, converted_type: converted }: SchemaElement): Mapping | undefined => {
  if (logical?.type === "DATE" || converted === "DATE") return mapping("date", same<number>);
  if (converted === "UINT_32" || (logical?.type === "INTEGER" && logical.bitWidth === 32 && !logical.isSigned))
    return mapping("i64", (n: number) => n >>> 0);
  const plain = !logical || logical.type === "INTEGER";
  return plain && converted !== "TIME_MILLIS" ? mapping("i32", same<number>) : undefined;
};

const PER_UNIT = {
  MILLIS: (n: bigint) => n * 1_000n,
  MICROS: (n: bigint) => n,
  NANOS: (n: bigint) => floorDivide(n, 1_000n),
};

const int64Of = ({ logical_type: logical, converted_type: converted }: SchemaElement): Mapping | undefined => {
  if (logical?.type === "TIMESTAMP") return mapping("timestamp", PER_UNIT[logical.unit]);
  if (converted === "TIMESTAMP_MILLIS") return mapping("timestamp", PER_UNIT.MILLIS);
  if (converted === "TIMESTAMP_MICROS") return mapping("timestamp", PER_UNIT.MICROS);
  if (converted === "UINT_64" || (logical?.type === "INTEGER" && !logical.isSigned))
    return mapping("decimal", (n: bigint) => String(BigInt.asUintN(64, n)));
  const plain = !logical || logical.type === "INTEGER";
  return plain && converted !== "TIME_MICROS" ? mapping("i64", same<bigint>) : undefined;
};

const TEXT = ["STRING", "UTF8", "ENUM", "JSON"];

const bytesOf = ({ logical_type: logical, converted_type: converted }: SchemaElement): Mapping | undefined => {
  const kind = logical?.type ?? converted;
  if (kind === undefined || kind === "UUID") return mapping("binary", same<Uint8Array>);
  return TEXT.includes(kind) ? mapping("utf8", textOf) : undefined;
};

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const textOf = (bytes: Uint8Array): string => {
  if (!isUtf8(bytes)) throw refuse("source.parquet", { reason: "a text is not UTF-8" });
  return decoder.decode(bytes);
};

const floorDivide = (n: bigint, by: bigint): bigint => (n >= 0n || n % by === 0n ? n / by : n / by - 1n);

/** Big-endian two's complement, as decimals in bytes are stored. */
const twosComplement = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString("hex")}`));

const decimalText = (unscaled: bigint, scale: number): string => {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const fraction = scale > 0 ? `.${digits.slice(point)}` : "";
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, point)}${fraction}`;
};

/** A column from stored values `from` to `to`. */
export const toColumn = (
  name: string,
  { type, convert }: Mapping,
  stored: DecodedArray,
  from: number,
  to: number,
): Column => {
  const values = Array.from({ length: to - from }, (_, i) => {
    const value: unknown = stored[from + i];
    return value === undefined || value === null ? null : convert(value as never);
  });
  return columnOf(name, type, values);
};

/** The element without its logical type: its values are then handed out as they are stored. */
export const rawElement = ({ logical_type: _, converted_type: __, ...element }: SchemaElement): SchemaElement =>
  element;
