import assert from "node:assert/strict";
import { test } from "node:test";
import { toBase64url, utf8 } from "../base/bytes.ts";
import { cursorPage, decodeCursor, encodeCursor, numberedPage, pageSizeOf, rowsOf } from "./paging.ts";

test("a cursor comes back as the values it was made of", () => {
  assert.deepEqual(decodeCursor(encodeCursor([17, "医院"]), ["number", "string"]), [17, "医院"]);
});

test("anything else is refused", () => {
  const wrong = [
    "",
    "!",
    "e30",
    encodeCursor([]),
    encodeCursor(["1", "x"]),
    encodeCursor([1, "x", 2]),
    encodeCursor([1.5, "x"]),
  ];
  const hostile = [encodeCursor([1, "a\0b"]), toBase64url(utf8('{"k":{"length":2}}')), toBase64url(utf8("null"))];
  for (const cursor of [...wrong, ...hostile])
    assert.throws(() => decodeCursor(cursor, ["number", "string"]), { code: "page.cursor", status: 400 }, cursor);
});

test("the last page has no next", () => {
  const key = (n: number) => [n];
  assert.deepEqual(cursorPage([1, 2, 3], 2, key), { items: [1, 2], next: encodeCursor([2]) });
  assert.deepEqual(cursorPage([1, 2], 2, key), { items: [1, 2], next: null });
  assert.deepEqual(cursorPage([], 2, key), { items: [], next: null });
});

test("ten a page unless asked, a hundred at most, and an empty table is page 1 of 1", () => {
  assert.deepEqual([undefined, 0, -5, 1, 1000, Number.NaN].map(pageSizeOf), [10, 10, 1, 1, 100, 10]);
  assert.deepEqual(rowsOf({ page: 3 }), { page: 3, limit: 10, offset: 20 });
  assert.deepEqual(rowsOf({ page: -1, pageSize: 5 }), { page: 1, limit: 5, offset: 0 });
  assert.deepEqual(numberedPage([], 0, {}), { items: [], page: 1, pageSize: 10, pages: 1, total: 0 });
  assert.equal(numberedPage([1], 21, { page: 3 }).pages, 3);
});
