import assert from "node:assert/strict";
import { test } from "node:test";
import { concat } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { type Batch, columnTypes, rowsOf, type Schema, type Value } from "./batch.ts";
import { batchOf } from "./build.ts";
import { cast } from "./cast.ts";
import { decodeBatch, encodeBatch } from "./codec.ts";
import { encodeFrame, type Frame, readFrames } from "./frames.ts";

const SCHEMA: Schema = columnTypes.map((type) => ({ name: type, type }));
const ROW: Record<string, Value> = {
  bool: true,
  i32: -5,
  i64: 2n ** 60n,
  f64: 0.1,
  decimal: "-12345678901234567890.50",
  date: 19_000,
  timestamp: 1_700_000_000_000_001n,
  utf8: "乳腺 ✓",
  binary: new Uint8Array([0, 255]),
};
const EMPTY = Object.fromEntries(columnTypes.map((type) => [type, null]));
const ROWS = [ROW, EMPTY, ROW, EMPTY, EMPTY, ROW, ROW, ROW, EMPTY, ROW];
const LIMITS = { headerBytes: 1 << 20, bodyBytes: 1 << 20, totalBytes: 1 << 22 };

const frameOf = (batch: Batch): Uint8Array => {
  const { header, buffers } = encodeBatch(batch);
  return concat(...encodeFrame(header, buffers));
};
const read = async (bytes: Uint8Array, step: number, limits = LIMITS): Promise<Frame[]> => {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  return Array.fromAsync(readFrames(chunks(), limits));
};
const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

test("batches of every type, with and without NULLs, come back through frames cut anywhere", async () => {
  for (const rows of [ROWS, [ROW], [EMPTY], []]) {
    const batch = batchOf(SCHEMA, rows);
    const bytes = concat(frameOf(batch), frameOf(batch));
    for (const step of [1, 7, 4096]) {
      const frames = await read(bytes, step);
      assert.equal(frames.length, 2);
      for (const { header, body } of frames) assert.deepEqual(rowsOf(decodeBatch(header, body)), rows);
    }
  }
});

test("frames over a limit and frames cut short are refused", async () => {
  const bytes = frameOf(batchOf(SCHEMA, ROWS));
  await assert.rejects(read(bytes, 100, { ...LIMITS, headerBytes: 64 }), refused("columns.too-large"));
  await assert.rejects(read(bytes, 100, { ...LIMITS, bodyBytes: 64 }), refused("columns.too-large"));
  await assert.rejects(read(bytes, 100, { ...LIMITS, totalBytes: 600 }), refused("columns.too-large"));
  for (const length of [1, 7, 9, bytes.length - 1])
    await assert.rejects(read(bytes.subarray(0, length), 100), refused("columns.malformed"));
  await assert.rejects(read(new Uint8Array(64).fill(0x41), 10), refused("columns.malformed"));
});

test("every damaged byte of a frame is either refused or still a well-formed batch", async () => {
  const bytes = frameOf(batchOf(SCHEMA, ROWS));
  let refusals = 0;
  for (let at = 0; at < bytes.length; at++)
    for (const flip of [1, 128]) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ flip;
      try {
        for (const { header, body } of await read(damaged, 1 << 20)) rowsOf(decodeBatch(header, body));
      } catch (error) {
        assert.ok(error instanceof Refusal, `byte ${at}: ${error}`);
        refusals++;
      }
    }
  assert.ok(refusals > 100);
});

test("lying lengths and hostile values are refused by name", () => {
  const { header, buffers } = encodeBatch(batchOf([{ name: "t", type: "utf8" }], [{ t: "é" }, { t: "b" }]));
  const body = concat(...encodeFrame({}, buffers).slice(1));
  const column = header.columns[0];
  const broken: [unknown, Uint8Array][] = [
    [{ ...header, rows: 1 }, body],
    [{ ...header, rows: 65_537 }, body],
    [{ ...header, more: 1 }, body],
    [{ ...header, columns: [column, column] }, body],
    [{ ...header, columns: [{ ...column, values: 2 }] }, body],
    [{ ...header, columns: [{ ...column, values: 2 ** 40 }] }, body],
    [{ ...header, columns: [{ ...column, validity: 1 }] }, body],
    [{ ...header, columns: [{ ...column, type: "decimal" }] }, body],
    [{ ...header, columns: [{ ...column, type: "f32" }] }, body],
    [header, concat(body, new Uint8Array(8))],
    [header, body.map((byte, at) => (at === 4 ? 1 : byte))],
    [header, body.map((byte, at) => (at === 4 ? 0xff : byte))],
    [null, body],
  ];
  for (const [head, bytes] of broken) assert.throws(() => decodeBatch(head, bytes), refused("columns.malformed"));
});

test("whole numbers widen, text does not", () => {
  const batch = batchOf([{ name: "n", type: "i32" }], [{ n: 3 }, { n: null }]);
  assert.deepEqual(rowsOf(cast(batch, [{ name: "n", type: "f64" }])), [{ n: 3 }, { n: null }]);
  assert.deepEqual(rowsOf(cast(batch, [{ name: "n", type: "i64" }])), [{ n: 3n }, { n: null }]);
  assert.deepEqual(rowsOf(cast(batch, [{ name: "n", type: "decimal" }])), [{ n: "3" }, { n: null }]);
  assert.throws(() => cast(batch, [{ name: "n", type: "utf8" }]), refused("columns.cast"));
  assert.throws(() => cast(batch, [{ name: "m", type: "i32" }]), refused("columns.cast"));
});

test("a value that is not of its type is refused with its row", () => {
  const one = (type: (typeof columnTypes)[number], value: Value) =>
    batchOf([{ name: "c", type }], [{ c: null }, { c: value }]);
  for (const [type, value] of [
    ["i32", 2 ** 31],
    ["i32", 0.5],
    ["i64", 2n ** 63n],
    ["decimal", "1e5"],
    ["utf8", "\ud800"],
    ["bool", 1],
    ["binary", "00"],
  ] as const)
    assert.throws(
      () => one(type, value),
      (error) => refused("columns.value")(error) && (error as Refusal).details.row === 1,
    );
});
