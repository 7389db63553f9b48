import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../base/refusal.ts";
import { columnTypes, type Schema, type Value } from "../columns/batch.ts";
import { batchOf } from "../columns/build.ts";
import { createRandom } from "../synthesis/random.ts";
import { createGroups, type Key } from "./groups.ts";
import { createKeyWriter } from "./keys.ts";

const ROOM = { groups: 100_000, words: 1 << 20 };
const refused = (error: unknown) => error instanceof Refusal && error.code === "gate.groups";

const written = ({ words, length }: Key) => Array.from(words.subarray(0, length));
/** Key of the row in a column of its own. */
const keyOf = (type: Schema[number]["type"], value: Value): number[] => {
  const writer = createKeyWriter();
  writer.read(batchOf([{ name: "c", type }], [{ c: value }]), ["c"]);
  return written(writer.write(0));
};

/** Small sets of values of each type, so that rows often meet. */
const VALUES: Record<string, Value[]> = {
  bool: [true, false, null],
  i32: [0, -1, 2 ** 31 - 1, null],
  i64: [0n, -1n, 2n ** 40n, -(2n ** 63n), null],
  f64: [0, 1.5, -1e300, Number.NaN, null],
  decimal: ["0", "0.0", "-12.50", null],
  date: [0, -1, 20_000, null],
  timestamp: [0n, -1n, 1_700_000_000_000_000n, null],
  utf8: [
    "x".repeat(300),
    `${"x".repeat(299)}y`,
    "x".repeat(2_000),
    "",
    "a",
    "abc",
    "abcd",
    "abcde",
    "abc\0",
    "乳腺",
    null,
  ],
  binary: [new Uint8Array(0), new Uint8Array([0]), new Uint8Array([0, 0]), new Uint8Array(9).fill(255), null],
};

test("counts are those of a map over the rows' values, for every type, several columns and NULL", () => {
  const random = createRandom("groups");
  for (let round = 0; round < 60; round++) {
    const schema = columnTypes.filter(() => random.oneIn(3)).map((type) => ({ name: type, type }));
    const names = schema.map(({ name }) => name);
    const groups = createGroups([round, ~round], { ...ROOM });
    const writer = createKeyWriter();
    const expected = new Map<string, number>();
    const places = new Map<string, number>();
    for (let batch = 0; batch < 3; batch++) {
      const rows = Array.from({ length: 200 }, () =>
        Object.fromEntries(schema.map(({ name, type }) => [name, random.pick(VALUES[type] as Value[])])),
      );
      writer.read(batchOf(schema, rows), names);
      for (const [row, values] of rows.entries()) {
        const text = JSON.stringify(names.map((name) => shown(values[name] ?? null)));
        const at = groups.place(writer.write(row));
        groups.count(at, 1);
        expected.set(text, (expected.get(text) ?? 0) + 1);
        places.set(text, at);
        assert.equal(groups.find(writer.write(row)), at);
      }
    }
    assert.equal(groups.size, expected.size);
    for (const [text, count] of expected) assert.equal(groups.countAt(places.get(text) as number), count, text);
  }
});
const shown = (value: Value) =>
  value instanceof Uint8Array
    ? [...value]
    : typeof value === "number" || typeof value === "bigint"
      ? `${value}`
      : value;

test("whole numbers of both widths, both zeros and all NaN are one key; NULL is no value", () => {
  for (const n of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.deepEqual(keyOf("i32", n), keyOf("i64", BigInt(n)));
  assert.deepEqual(keyOf("f64", -0), keyOf("f64", 0));
  const odd = new Float64Array(new BigInt64Array([0x7ff8_0000_0000_0001n]).buffer);
  const writer = createKeyWriter();
  writer.read({ rows: 1, columns: [{ name: "c", type: "f64", values: odd }] }, ["c"]);
  assert.deepEqual(written(writer.write(0)), keyOf("f64", Number.NaN));
  for (const [type, none] of [
    ["utf8", ""],
    ["i32", 0],
    ["i32", -1],
    ["bool", false],
  ] as const)
    assert.notDeepEqual(keyOf(type, null), keyOf(type, none));
});

test("what lies under a NULL is no part of the key", () => {
  const [validity, bytes] = [new Uint8Array([0]), new Uint8Array([65])];
  const writer = createKeyWriter();
  writer.read({ rows: 1, columns: [{ name: "c", type: "utf8", validity, offsets: new Int32Array([0, 1]), bytes }] }, [
    "c",
  ]);
  assert.deepEqual(written(writer.write(0)), keyOf("utf8", null));
});

test("a hundred thousand keys are told apart, long ones too", () => {
  const groups = createGroups([1, 2], { ...ROOM });
  const words = new Int32Array(300);
  for (let i = 0; i < 100_000; i++) {
    words[0] = i;
    assert.equal(groups.place({ words: words, length: i % 7 === 0 ? 1 : 3 }), i);
  }
  for (let i = 0; i < 100_000; i += 997) {
    words[0] = i;
    assert.equal(groups.find({ words: words, length: i % 7 === 0 ? 1 : 3 }), i);
    assert.equal(groups.find({ words: words, length: 2 }), -1);
  }
});

test("tables of a run share their room: beyond it there is a refusal, not more memory", () => {
  const words = new Int32Array(10);
  const room = { groups: 3, words: 20 };
  const [a, b] = [createGroups([1, 2], room), createGroups([1, 2], room)];
  a.place({ words: words, length: 1 });
  b.place({ words: words, length: 1 });
  b.place({ words: words, length: 2 });
  a.place({ words: words, length: 1 });
  words[0] = 1;
  assert.throws(() => a.place({ words: words, length: 1 }), refused);
  const narrow = createGroups([1, 2], { groups: 9, words: 11 });
  narrow.place({ words: words, length: 10 });
  words[0] = 2;
  assert.throws(() => narrow.place({ words: words, length: 2 }), refused);
});

test("counts end at what 32 bits hold", () => {
  const groups = createGroups([1, 2], { ...ROOM });
  const at = groups.place({ words: new Int32Array(1), length: 0 });
  groups.count(at, 2 ** 32 - 2);
  groups.count(at, 65_536);
  assert.equal(groups.countAt(at), 2 ** 32 - 1);
});
