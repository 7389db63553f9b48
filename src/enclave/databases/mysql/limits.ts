/** What is asked of a server at most, and how long it is waited for. All of it is known before anything is read. */

import { MAX_TABLE_ROWS } from "../database.ts";

/** Bytes of one row, as the server sends it. */
export const MAX_ROW_BYTES = 64 << 20;
/** Columns of a table; MySQL itself has 4,096. */
export const MAX_COLUMNS = 4_096;

export interface Limits {
  /** Milliseconds to connect, agree on TLS and log in. */
  readonly connecting: number;
  /** Milliseconds that a server may be silent while something is waited for. */
  readonly silence: number;
  /** Rows of a table that is read. */
  readonly rows: number;
}
export const LIMITS: Limits = { connecting: 10_000, silence: 120_000, rows: MAX_TABLE_ROWS };
