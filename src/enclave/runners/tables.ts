/** The tables of a run, handed on batch by batch as the model asks. */
import { type Batch, type Schema, schemaOf } from "../columns/batch.ts";
import { cast, widens } from "../columns/cast.ts";
import { refuse } from "./errors.ts";
import { type Manifest, schemaOfColumns } from "./manifest.ts";

export interface OpenTable {
  readonly schema: Schema;
  next(): Promise<Batch | undefined>;
  /** Lets go of the source. */
  close(): Promise<void>;
}

/**
 * @returns the columns that the manifest names, in its types
 * @throws Refusal model.table
 */
export const openTable = (
  manifest: Manifest,
  name: string,
  schema: Schema,
  batches: AsyncIterable<Batch>,
): OpenTable => {
  const declared = Object.hasOwn(manifest.tables, name) ? manifest.tables[name] : undefined;
  if (!declared) throw refuse("model.table", { name, reason: "the model reads none of this name" });
  const wanted = schemaOfColumns(declared.columns);
  for (const field of wanted) {
    const found = schema.find((one) => one.name === field.name);
    if (!found) throw refuse("model.table", { name, reason: `there is no column ${field.name}` });
    if (!widens(found.type, field.type))
      throw refuse("model.table", { name, reason: `column ${field.name} is ${found.type}, not ${field.type}` });
  }
  const iterator = batches[Symbol.asyncIterator]();
  const same = JSON.stringify(wanted);
  return {
    schema: wanted,
    async next() {
      const { done, value } = await iterator.next();
      if (done) return undefined;
      return JSON.stringify(schemaOf(value)) === same ? value : cast(value, wanted);
    },
    async close() {
      await iterator.return?.();
    },
  };
};
