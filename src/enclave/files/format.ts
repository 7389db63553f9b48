/** The port of a file format: bytes in, batches of columns out. */
import type { Batch, Field, Schema } from "../columns/batch.ts";
import { refuse } from "./errors.ts";

export type FileBytes = AsyncIterable<Uint8Array>;

export interface FileFormat {
  /** As `source.registered` names it. */
  readonly id: string;
  readonly label: { readonly en: string; readonly "zh-CN": string };
  /** Structure of the whole file, and how many rows it has. @throws Refusal source.* */
  describe(bytes: FileBytes): Promise<{ columns: Field[]; rows: number }>;
  /**
   * The columns of these names, in that order, in batches of at most 65,536 rows.
   * @param schema every column of the file as it was declared; the file must have just these
   * @throws Refusal source.* at the first thing that is not as declared
   */
  read(bytes: FileBytes, schema: Schema, columns: readonly string[]): AsyncGenerator<Batch>;
}

/** @throws Refusal source.columns saying the first difference */
export const requireColumns = (found: readonly string[], schema: Schema): void => {
  for (let i = 0; i < Math.max(found.length, schema.length); i++) {
    const [is, was] = [found[i], schema[i]?.name];
    if (is !== was)
      throw refuse("source.columns", { difference: `${is ?? "(nothing)"} where ${was ?? "nothing"} was declared` });
  }
};

/** The declared columns of these names. @throws Refusal source.columns */
export const selectFields = (schema: Schema, columns: readonly string[]): Field[] =>
  columns.map((name) => {
    const field = schema.find((one) => one.name === name);
    if (!field) throw refuse("source.columns", { difference: `${name} is not among those declared` });
    return field;
  });
