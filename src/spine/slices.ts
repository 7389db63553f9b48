/** Rows in one statement: both databases limit the parameters of one. */
const ROWS = 500;

export function* slices<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += ROWS) yield all.slice(at, at + ROWS);
}
