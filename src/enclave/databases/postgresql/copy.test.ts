/** The decoder against streams that no honest server sends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, u32, utf8 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { type Batch, rowsOf } from "../../columns/batch.ts";
import type { WireField } from "./columns.ts";
import { createCopyDecoder } from "./copy.ts";

const FIELDS: WireField[] = [
  { name: "n", type: "i32", encoding: "int4" },
  { name: "x", type: "decimal", encoding: "numeric" },
  { name: "t", type: "utf8", encoding: "text" },
];
const u16 = (n: number) => Uint8Array.of((n >> 8) & 255, n & 255);
const message = (type: string, ...body: Uint8Array[]) => {
  const content = concat(...body);
  return concat(utf8(type), u32(content.length + 4), content);
};
const field = (bytes?: Uint8Array) => (bytes ? concat(u32(bytes.length), bytes) : u32(0xffff_ffff));
const row = (...fields: (Uint8Array | undefined)[]) => concat(u16(fields.length), ...fields.map(field));
const numeric = (weight: number, sign: number, places: number, ...digits: number[]) =>
  concat(u16(digits.length), u16(weight), u16(sign), u16(places), ...digits.map(u16));

const BEGIN = message("H", Uint8Array.of(1), u16(3), u16(1), u16(1), u16(1));
const HEADER = concat(Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00), u32(0), u32(0));
const FIRST = row(u32(7), numeric(0, 0, 2, 12, 5_000), utf8("病人"));
const SECOND = row(undefined, undefined, undefined);
const TRAILER = u16(0xffff);
const END = concat(message("c"), message("C", utf8("COPY 2\0")), message("Z", utf8("T")));
const GOOD = concat(
  message("S", utf8("TimeZone\0UTC\0")),
  BEGIN,
  message("d", HEADER, FIRST),
  message("N", utf8("x")),
  message("d", SECOND),
  message("d", TRAILER),
  END,
);
const ROWS = [
  { n: 7, x: "12.50", t: "病人" },
  { n: null, x: null, t: null },
];

const failure = (sqlstate: string) => new Refusal(`server.${sqlstate}`, 500);
/** All rows of a stream that comes in pieces of a size; `done` says whether it was complete. */
const decode = (bytes: Uint8Array, size = bytes.length) => {
  const decoder = createCopyDecoder(FIELDS, failure);
  const batches: Batch[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    decoder.push(bytes.subarray(at, at + size));
    for (let batch = decoder.next(); batch; batch = decoder.next()) batches.push(batch);
  }
  return { rows: batches.flatMap(rowsOf), done: decoder.done };
};
const refuses = (bytes: Uint8Array, code = "database.protocol") =>
  assert.throws(
    () => decode(bytes),
    (error) => error instanceof Refusal && error.code === code,
  );

test("a stream in pieces of any size", () => {
  for (const size of [GOOD.length, 1, 2, 3, 5, 7, 64]) assert.deepEqual(decode(GOOD, size), { rows: ROWS, done: true });
});

test("no rows", () => {
  assert.deepEqual(decode(concat(BEGIN, message("d", HEADER, TRAILER), END)), { rows: [], done: true });
});

test("a stream that was cut is never complete", () => {
  for (let length = 0; length < GOOD.length; length++) assert.equal(decode(GOOD.subarray(0, length)).done, false);
});

test("messages out of order, and rows of a wrong form", () => {
  const rows = (...parts: Uint8Array[]) => concat(BEGIN, message("d", HEADER, ...parts));
  for (const bad of [
    message("d", HEADER, FIRST),
    concat(BEGIN, message("d", FIRST)),
    concat(BEGIN, message("d", HEADER.with(7, 0), FIRST)),
    concat(BEGIN, message("d", HEADER.with(11, 1), FIRST)),
    concat(BEGIN, BEGIN),
    concat(BEGIN, END),
    concat(rows(FIRST), END),
    rows(FIRST, SECOND),
    rows(row(u32(7), undefined)),
    rows(concat(FIRST, Uint8Array.of(0))),
    rows(FIRST.subarray(0, -1)),
    rows(concat(u16(3), u32(4))),
    rows(concat(u16(3), u32(0xffff_fffe))),
    rows(concat(u16(3), u32(0x7fff_ffff), u32(7))),
    rows(row(u16(7), undefined, undefined)),
    concat(rows(TRAILER), message("d", FIRST)),
    message("H", Uint8Array.of(0), u16(3), u16(0), u16(0), u16(0)),
    message("H", Uint8Array.of(1), u16(2), u16(1), u16(1)),
    message("D", FIRST),
    concat(utf8("d"), u32(3)),
    concat(utf8("N"), u32(0x7fff_ffff)),
    concat(utf8("d"), u32(0xffff_ffff)),
    message("E", utf8("SERROR\0Mno code\0\0")),
  ])
    refuses(bad.length > 0 ? bad : new Uint8Array(1));
});

test("an error of the server's says its code", () => {
  refuses(concat(BEGIN, message("E", utf8("SERROR\0C57P01\0Mgoing down\0\0"))), "server.57P01");
});

test("lengths beyond what a row may have are refused before the row is there", () => {
  refuses(concat(BEGIN, utf8("d"), u32(0x7fff_ffff)), "database.row-size");
});

test("numbers of a wrong form", () => {
  const of = (x: Uint8Array, code?: string) =>
    refuses(concat(BEGIN, message("d", HEADER, row(undefined, x, undefined)), message("d", TRAILER)), code);
  for (const wrong of [
    numeric(0, 0, 0, 10_000),
    numeric(-1, 0, 4, 65_535),
    numeric(0, 0, 0x4000),
    numeric(0, 0x1234, 0),
    concat(numeric(0, 0, 0), u16(1)),
    numeric(0, 0, 0, 1).subarray(0, -1),
    new Uint8Array(0),
    new Uint8Array(7),
  ])
    of(wrong);
  for (const sign of [0xc000, 0xd000, 0xf000]) of(numeric(0, sign, 0), "database.value");
});

test("few bytes that stand for many digits do not take all memory", () => {
  const bomb = message("d", row(undefined, numeric(32_767, 0, 0x3fff, 1), undefined));
  const rows = Array.from({ length: 2_000 }, () => bomb);
  const decoder = createCopyDecoder(FIELDS, failure);
  decoder.push(concat(BEGIN, message("d", HEADER), ...rows));
  let [largest, count] = [0, 0];
  for (let batch = decoder.next(); batch; batch = decoder.next()) {
    count += batch.rows;
    const [, column] = batch.columns;
    if (column && "bytes" in column) largest = Math.max(largest, column.bytes.length);
  }
  assert.ok(count > 1_000, `${count} rows`);
  assert.ok(largest < 256 << 20, `${largest} bytes`);
});

test("text that is not UTF-8, or only together with the next value, is refused", () => {
  const [first, second] = [utf8("病").subarray(0, 1), utf8("病").subarray(1)];
  const texts = (...values: Uint8Array[]) =>
    concat(
      BEGIN,
      message("d", HEADER),
      ...values.map((value) => message("d", row(undefined, undefined, value))),
      message("d", TRAILER),
      END,
    );
  refuses(texts(Uint8Array.of(0xff)), "database.value");
  refuses(texts(first, second), "database.value");
});

test("a flipped bit is refused or changes a value; nothing else happens", () => {
  for (let bit = 0; bit < GOOD.length * 8; bit++) {
    const flipped = GOOD.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      const { rows, done } = decode(flipped);
      assert.ok(!done || rows.length === 2, `bit ${bit}`);
    } catch (error) {
      assert.ok(error instanceof Refusal, `bit ${bit}: ${String(error)}`);
    }
  }
});
