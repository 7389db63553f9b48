import { type RawBuilder, sql } from "kysely";
import type { SortKey } from "../paging.ts";

/**
 * The condition of a page that continues after `key`, for a list sorted by `columns` in one direction. Row values
 * compare column by column on both databases, and use the index of the same columns.
 */
export const beyond = (columns: readonly string[], key: SortKey, direction: "asc" | "desc"): RawBuilder<boolean> => {
  const row = sql.join(columns.map((column) => sql.ref(column)));
  const operator = sql.raw(direction === "asc" ? ">" : "<");
  return sql<boolean>`(${row}) ${operator} (${sql.join(key)})`;
};
