/** The port of a database: a table to read as columns, a table that results are written into. */
import type { DatabaseConnection } from "../../rules/connection.ts";
import type { Batch, Field, Schema } from "../columns/batch.ts";

export interface DescribedColumn extends Field {
  /** From the metadata table (元数据表), or the column's comment. */
  readonly description?: string;
}

/** A sealed result on its way to the receiver's table. */
export interface Delivery {
  /** Task digest, hex: the key under which it is delivered once. */
  readonly task: string;
  /** SHA-256 (hex) and size in bytes of `content`. */
  readonly digest: string;
  readonly size: number;
  /** The sealed result from the beginning, as often as asked. */
  content(): AsyncIterable<Uint8Array>;
}

/**
 * One engine: one folder, one line in the registry. Every connection is TLS under the connection's own roots, and ends
 * when `signal` says so, whatever the server does.
 */
export interface Database {
  /** As `source.registered` and a task's delivery name it. */
  readonly id: string;
  readonly label: { readonly en: string; readonly "zh-CN": string };
  readonly port: number;
  /**
   * Structure of the table and how many rows it has, about.
   * @throws Refusal database.* at what keeps it from being read
   */
  describe(connection: DatabaseConnection, signal?: AbortSignal): Promise<{ columns: DescribedColumn[]; rows: number }>;
  /**
   * The columns of these names, in that order, in batches of at most 65,536 rows; nothing else is asked of the server.
   * @param schema every column of the table as it was declared; the table must have just these
   * @throws Refusal source.columns before a row is read; database.*
   */
  read(
    connection: DatabaseConnection,
    schema: Schema,
    columns: readonly string[],
    signal?: AbortSignal,
  ): AsyncGenerator<Batch>;
  /** Connection test of a destination: that it can be reached, is the one named, and takes results. @throws Refusal */
  test(connection: DatabaseConnection, signal?: AbortSignal): Promise<void>;
  /**
   * Writes a result into the destination's table in one transaction. Resolves when it is committed, and at once where
   * the very same result was delivered before.
   * @throws Refusal database.*
   */
  deliver(connection: DatabaseConnection, delivery: Delivery, signal?: AbortSignal): Promise<void>;
}

/** Rows of a table that is read, at most: more is a table declared by mistake. */
export const MAX_TABLE_ROWS = 50_000_000;

/**
 * A destination's table: one row a part of at most 4 MiB, `(task, part)` its primary key. A result is there when part
 * 0 is, with all others, since they come in one transaction.
 */
export const DESTINATION_COLUMNS = ["task", "part", "parts", "digest", "content"] as const;
export const PART_BYTES = 4 << 20;
