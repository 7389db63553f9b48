/** A database as a source: the envelope holds how it is reached, and the table is read as a file would be. */
import { DatabaseConnection } from "../../rules/connection.ts";
import type { Batch, Schema } from "../columns/batch.ts";
import type { FileBytes } from "../files/format.ts";
import { parseSealed } from "../sealed-json.ts";
import type { Database, DescribedColumn } from "./database.ts";
import { refuse } from "./errors.ts";

/** What sources of every type look like to the agent; a `FileFormat` is one. */
export interface SourceReader {
  readonly id: string;
  readonly label: { readonly en: string; readonly "zh-CN": string };
  /** @param bytes plain text of the source's envelope */
  describe(bytes: FileBytes): Promise<{ columns: DescribedColumn[]; rows: number }>;
  read(bytes: FileBytes, schema: Schema, columns: readonly string[]): AsyncGenerator<Batch>;
}

/** The connection that was sealed. @throws Refusal database.configuration */
export const parseConnection = (bytes: FileBytes): Promise<DatabaseConnection> =>
  parseSealed(bytes, DatabaseConnection, (reason) => refuse("database.configuration", { reason }));

/** @throws Refusal database.*, source.columns */
export const databaseSource = ({ id, label, describe, read }: Database): SourceReader => ({
  id,
  label,
  describe: async (bytes) => await describe(await parseConnection(bytes)),
  async *read(bytes, schema, columns) {
    yield* read(await parseConnection(bytes), schema, columns);
  },
});
