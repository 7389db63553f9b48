/** Lists, a page at a time: by cursor (stable while rows come and go) or by number (for tables that show 1/1). */
import { fromBase64url, fromUtf8, toBase64url, utf8 } from "../base/bytes.ts";
import { refuse } from "./errors.ts";

export const DEFAULT_PAGE = 10;
export const MAX_PAGE = 100;

/** What a request for a page by cursor carries. */
export interface CursorQuery {
  limit?: number;
  cursor?: string;
}
export interface CursorPage<T> {
  items: T[];
  /** Cursor of the next page; null on the last. */
  next: string | null;
}

/** What a request for a page by number carries; the first is 1. */
export interface NumberedQuery {
  page?: number;
  pageSize?: number;
}
export interface NumberedPage<T> {
  items: T[];
  page: number;
  pageSize: number;
  /** At least 1, as an empty table shows 1/1. */
  pages: number;
  total: number;
}

/** Values of the sort columns of the last row of a page. */
export type SortKey = readonly (string | number)[];

/** The limit asked for, within bounds. */
export const pageSizeOf = (asked: number | undefined): number =>
  Math.max(1, Math.min(MAX_PAGE, Math.trunc(asked ?? DEFAULT_PAGE) || DEFAULT_PAGE));

/** Opaque to clients, unsigned: it says where to continue and grants nothing. */
export const encodeCursor = (key: SortKey): string => toBase64url(utf8(JSON.stringify({ k: key })));

/**
 * @param types of the sort columns
 * @throws Refusal page.cursor
 */
export const decodeCursor = (cursor: string, types: readonly ("string" | "number")[]): SortKey => {
  const key = keyOf(cursor);
  const fits = key?.length === types.length && types.every((type, i) => isValue(key[i], type));
  if (!key || !fits) throw refuse("page.cursor");
  return key as SortKey;
};

const keyOf = (cursor: string): unknown[] | undefined => {
  try {
    const value = JSON.parse(fromUtf8(fromBase64url(cursor))) as { k?: unknown } | null;
    return Array.isArray(value?.k) ? value.k : undefined;
  } catch {
    return undefined;
  }
};

/** PostgreSQL has no text with NUL and no fractional bigint. */
const isValue = (value: unknown, type: "string" | "number"): boolean =>
  type === "number" ? Number.isSafeInteger(value) : typeof value === "string" && !value.includes("\0");

/**
 * Cuts a page out of rows that were read with one more than `limit`.
 * @param sortKey the values that `decodeCursor` will return for a row
 */
export const cursorPage = <T>(rows: readonly T[], limit: number, sortKey: (row: T) => SortKey): CursorPage<T> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(sortKey(last)) : null };
};

/** Which rows a numbered page has. */
export const rowsOf = ({ page = 1, pageSize }: NumberedQuery): { page: number; limit: number; offset: number } => {
  const limit = pageSizeOf(pageSize);
  const number = Math.max(1, Math.min(1_000_000, Math.trunc(page) || 1));
  return { page: number, limit, offset: (number - 1) * limit };
};

export const numberedPage = <T>(items: T[], total: number, query: NumberedQuery): NumberedPage<T> => {
  const { page, limit } = rowsOf(query);
  return { items, page, pageSize: limit, pages: Math.max(1, Math.ceil(total / limit)), total };
};
