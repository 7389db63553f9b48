/**
 * Widening: a model that declares f64 takes a table whose numbers happen to be whole. Only what loses nothing:
 * i32 to i64, f64 or decimal; i64 to decimal; f64 to nothing.
 */
import type { Batch, Column, ColumnType, Field, Schema } from "./batch.ts";
import { columnOf } from "./build.ts";
import { refuse } from "./errors.ts";

const WIDER: Partial<Record<ColumnType, readonly ColumnType[]>> = { i32: ["i64", "f64", "decimal"], i64: ["decimal"] };

export const widens = (from: ColumnType, to: ColumnType): boolean =>
  from === to || (WIDER[from]?.includes(to) ?? false);

/** The columns named by `schema`, in its order and types. @throws Refusal columns.cast */
export const cast = (batch: Batch, schema: Schema): Batch => ({
  rows: batch.rows,
  columns: schema.map((field) => castColumn(batch, field)),
});

const castColumn = (batch: Batch, { name, type }: Field): Column => {
  const column = batch.columns.find((one) => one.name === name);
  if (!column) throw refuse("columns.cast", { column: name, from: "(absent)", to: type });
  if (column.type === type) return column;
  if (!widens(column.type, type) || !("values" in column))
    throw refuse("columns.cast", { column: name, from: column.type, to: type });
  const { validity } = column;
  if (type === "f64") return { name, type, validity, values: Float64Array.from(column.values as Int32Array) };
  if (type === "i64") return { name, type, validity, values: BigInt64Array.from(column.values as Int32Array, BigInt) };
  const text = columnOf(name, type, Array.from(column.values as ArrayLike<number | bigint>, String));
  return { ...text, validity };
};
