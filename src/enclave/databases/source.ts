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
  describe(bytes: FileBytes, signal?: AbortSignal): Promise<{ columns: DescribedColumn[]; rows: number }>;
  read(bytes: FileBytes, schema: Schema, columns: readonly string[], signal?: AbortSignal): AsyncGenerator<Batch>;
  /** The table comes over a network while it is read. */
  readonly remote?: true;
}

/** The connection that was sealed. @throws Refusal database.configuration */
export const parseConnection = (bytes: FileBytes): Promise<DatabaseConnection> =>
  parseSealed(bytes, DatabaseConnection, (reason) => refuse("database.configuration", { reason }));

/** @throws Refusal database.*, source.columns */
export const databaseSource = ({ id, label, describe, read }: Database): SourceReader => ({
  id,
  label,
  remote: true,
  describe: async (bytes, signal) => await describe(await parseConnection(bytes), signal),
  async *read(bytes, schema, columns, signal) {
    yield* read(await parseConnection(bytes), schema, columns, signal);
  },
});
