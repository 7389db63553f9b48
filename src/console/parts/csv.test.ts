import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCsv } from "./csv.ts";

test("fields that a spreadsheet would run are found; numbers, and text with such signs within, are none", () => {
  for (const text of [
    "=1+1",
    'a,b\n1,"=HYPERLINK(""http://x"")"\n',
    "a\r\n@SUM(1)",
    "a,-1+cmd|' /C calc'!A0",
    "a,+x\n",
    'a,"\tx"',
  ])
    assert.ok(parseCsv(text).formulas, text);
  for (const text of ["a,b\n-1,+2.5\n-.5e-7,1e+9\n", "a-b,c=d\n", 'a\n"-3"\n', "-\n", "-Infinity\n", ""])
    assert.ok(!parseCsv(text).formulas, text);
});

test("fields are read as RFC 4180 has them", () => {
  assert.deepEqual(parseCsv('\ufeffa,"b ""c"""\r\n"1,\n2",\r\n').rows, [
    ["a", 'b "c"'],
    ["1,\n2", ""],
  ]);
});
