import assert from "node:assert/strict";
import { test } from "node:test";
import { type Batch, columnTypes, DECIMAL, MAX_BATCH_ROWS, rowsOf, schemaOf, type Value } from "../columns/batch.ts";
import { decodeBatch, encodeBatch } from "../columns/codec.ts";
import { encodeFrame, readFrames } from "../columns/frames.ts";
import { type DescribedField, meaningOf } from "./meanings.ts";
import { createRandom } from "./random.ts";
import { joinedColumns, type SynthesisOptions, synthesise } from "./synthesise.ts";

const NAMES = [
  "x",
  "age",
  "身份证号",
  "email",
  "patient_no",
  "出生日期",
  "amount",
  "successRate",
  "订单编号",
  "is_new",
];
/** Each name in each type. */
const EVERYTHING: DescribedField[] = columnTypes.flatMap((type) =>
  NAMES.map((name) => ({ name: `${name} ${type}`, type })),
);

const batchesOf = (schema: readonly DescribedField[], options: Partial<SynthesisOptions> = {}): Promise<Batch[]> =>
  Array.fromAsync(synthesise(schema, { rows: 500, seed: "s", ...options }));
const rowsIn = async (schema: readonly DescribedField[], options: Partial<SynthesisOptions> = {}) =>
  (await batchesOf(schema, options)).flatMap(rowsOf);
const valuesOf = async (field: DescribedField, options: Partial<SynthesisOptions> = {}) =>
  (await rowsIn([field], options)).map((row) => row[field.name] as Value);
const present = (values: readonly Value[]) => values.filter((value) => value !== null);

test("the same seed gives the same rows, however they are batched; another seed or table gives others", async () => {
  const rows = await rowsIn(EVERYTHING);
  assert.deepEqual(await rowsIn(EVERYTHING), rows);
  assert.deepEqual(await rowsIn(EVERYTHING, { batchRows: 7 }), rows);
  assert.notDeepEqual(await rowsIn(EVERYTHING, { seed: "t" }), rows);
  assert.notDeepEqual(await rowsIn(EVERYTHING, { table: "t" }), rows);
});

test("on every machine: the first numbers of a seed, and the first rows of a table, are written down", async () => {
  const random = createRandom("entente");
  assert.deepEqual(
    Array.from({ length: 4 }, () => random.whole(0, 999_999)),
    PINNED_NUMBERS,
  );
  const schema: DescribedField[] = [
    { name: "patient_no", type: "i32" },
    { name: "身份证", type: "utf8" },
    { name: "amount", type: "decimal" },
    { name: "seen_at", type: "timestamp" },
  ];
  assert.deepEqual(await rowsIn(schema, { rows: 3, seed: "1", keys: ["patient_no"] }), PINNED_ROWS);
});
const PINNED_NUMBERS = [760_535, 953_971, 250_134, 830_431];
const PINNED_ROWS: Record<string, Value>[] = [
  { patient_no: 100_004, 身份证: "310115194402259666", amount: "31066.99", seen_at: 962_876_804_740_180n },
  { patient_no: 100_004, 身份证: "310115198707018298", amount: "93634.25", seen_at: 1_427_442_230_086_104n },
  { patient_no: 100_005, 身份证: 'a, "b"\r\n', amount: "7650.91", seen_at: 1_187_416_356_386_555n },
];

test("types are exact: what is made passes the decoder that believes nothing", async () => {
  const batches = await batchesOf(EVERYTHING, { keys: ["patient_no i32", "x i64"] });
  for (const batch of batches) {
    assert.deepEqual(schemaOf(batch), EVERYTHING);
    const { header, buffers } = encodeBatch(batch);
    const frames = readFrames(
      (async function* () {
        yield* encodeFrame(header, buffers);
      })(),
      { headerBytes: 1 << 20, bodyBytes: 1 << 26, totalBytes: 1 << 26 },
    );
    for await (const frame of frames) assert.deepEqual(rowsOf(decodeBatch(frame.header, frame.body)), rowsOf(batch));
  }
});

test("as many rows as asked, in batches that are bounded", async () => {
  const schema: DescribedField[] = [{ name: "x", type: "i32" }];
  for (const [rows, batchRows] of [
    [0, 1],
    [1, 1],
    [8_192, 8_192],
    [8_193, 8_192],
    [200_000, MAX_BATCH_ROWS],
  ] as const) {
    const sizes = (await batchesOf(schema, { rows, batchRows })).map((batch) => batch.rows);
    assert.equal(
      sizes.reduce((a, b) => a + b, 0),
      rows,
    );
    assert.ok(sizes.every((size) => size > 0 && size <= batchRows));
  }
  for (const wrong of [{ rows: -1 }, { rows: 1.5 }, { batchRows: 0 }, { batchRows: MAX_BATCH_ROWS + 1 }])
    await assert.rejects(batchesOf(schema, wrong), RangeError);
  // Taken one at a time: a table of any size takes no more memory than a batch.
  const endless = synthesise(schema, { rows: Number.MAX_SAFE_INTEGER, seed: "s" });
  assert.equal((await endless.next()).value?.rows, 8_192);
  await endless.return(undefined);
});

test("every column has missing values and values at its edges", async () => {
  const rows = await rowsIn(EVERYTHING, { rows: 2_000 });
  for (const { name } of EVERYTHING) {
    const nulls = rows.filter((row) => row[name] === null).length;
    assert.ok(nulls > 60 && nulls < 250, `${name}: ${nulls} nulls of 2000`);
  }
  const has = (name: string, value: Value) =>
    assert.ok(
      rows.some((row) => row[name] === value),
      `${name} ${value}`,
    );
  has("x i32", 2 ** 31 - 1);
  has("x i32", -(2 ** 31));
  has("x i64", 2n ** 53n + 1n);
  has("x i64", -(2n ** 63n));
  has("x decimal", "99999999999999999999.999999");
  has("x utf8", "");
  has("x utf8", 'a, "b"\r\n');
  has("x date", -1);
  has("x timestamp", -1n);
  has("age i32", 0);
  has("age i32", 120);
});

test("names say what values are like", async () => {
  const within = async (field: DescribedField, low: number, high: number) => {
    for (const value of present(await valuesOf(field)))
      assert.ok(Number(value) >= low && Number(value) <= high, `${field.name} ${value}`);
  };
  await within({ name: "age", type: "i32" }, 0, 120);
  await within({ name: "患者年龄", type: "f64" }, 0, 120);
  await within({ name: "patientAge", type: "i64" }, 0, 120);
  await within({ name: "successRate", type: "f64" }, 0, 1);
  await within({ name: "纬度", type: "f64" }, -90, 90);
  await within({ name: "月份", type: "i32" }, 1, 12);
  // No word inside another word.
  assert.equal(meaningOf({ name: "page", type: "i32" }), undefined);
  const texts = async (name: string) => {
    const values = present(await valuesOf({ name, type: "utf8" })) as string[];
    return values.filter((value) => value.trim() !== "" && !/NULL|--|𠮷|x{200}|"/.test(value));
  };
  for (const value of await texts("contact_email")) assert.match(value, /^[\w.]+@example\.(com|org|net)$/);
  for (const value of await texts("手机号")) assert.match(value, /^1[3-9]\d{9}$/);
  for (const value of await texts("visit_date")) assert.match(value, /^20[0-2]\d-[01]\d-[0-3]\d$/);
  for (const value of present(await valuesOf({ name: "phone", type: "i64" }))) assert.match(String(value), /^1\d{10}$/);
  for (const value of present(await valuesOf({ name: "amount", type: "decimal" })))
    assert.match(value as string, DECIMAL);
  for (const value of await texts("身份证")) {
    assert.match(value, /^\d{17}[\dX]$/);
    // GB 11643: the weighted sum of all 18 is 1 modulo 11.
    const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
    const sum = weights.reduce((total, weight, i) => total + weight * (value[i] === "X" ? 10 : Number(value[i])), 0);
    assert.equal(sum % 11, 1);
  }
});

test("what a description states counts above the name", async () => {
  const ofText = async (description: string) => {
    const values = present(await valuesOf({ name: "code", type: "utf8", description }, { rows: 300 })) as string[];
    const count = (value: string) => values.filter((each) => each === value).length;
    return [...new Set(values)].filter((value) => count(value) > 20).sort();
  };
  assert.deepEqual(await ofText("One row a patient: malignant or benign."), ["benign", "malignant"]);
  assert.deepEqual(await ofText("Severity: low, middle, or high"), ["high", "low", "middle"]);
  assert.deepEqual(await ofText("血型 A/B/O/AB"), ["A", "AB", "B", "O"]);
  assert.deepEqual(await ofText("诊断：良性、恶性"), ["恶性", "良性"]);
  const ofNumber = async (type: "i32" | "f64", description: string) => {
    const values = present(await valuesOf({ name: "age", type, description })).map(Number);
    return [Math.min(...values), Math.max(...values)];
  };
  assert.deepEqual(await ofNumber("i32", "in years, 18-65"), [18, 65]);
  assert.deepEqual(await ofNumber("f64", "−, from -1.5 to 1.5"), [-1.5, 1.5]);
  assert.deepEqual(await ofNumber("i32", "取值 1至5"), [1, 5]);
  // A date is no range.
  assert.deepEqual(meaningOf({ name: "k", type: "i32", description: "as of 2024-01-05" }), undefined);
});

test("tables are joined by the keys that they share, and most rows find their like", async () => {
  const people: DescribedField[] = [
    { name: "patient_no", type: "i32" },
    { name: "姓名", type: "utf8" },
    { name: "age", type: "i32" },
    { name: "diagnosis", type: "utf8" },
    { name: "note", type: "utf8" },
  ];
  const visits: DescribedField[] = [
    { name: "patient_no", type: "i64" },
    { name: "姓名", type: "utf8" },
    { name: "age", type: "i32" },
    { name: "diagnosis", type: "utf8" },
  ];
  const keys = joinedColumns([people, visits]);
  // Ages and diagnoses are alike too, but nobody joins by them.
  assert.deepEqual(keys, ["patient_no", "姓名"]);
  const seed = "j";
  const left = await rowsIn(people, { seed, table: "people", keys, rows: 1_000 });
  const right = await rowsIn(visits, { seed, table: "visits", keys, rows: 1_000 });
  const names = new Map(left.map((row) => [Number(row.patient_no), row.姓名]));
  const found = right.filter(({ patient_no }) => patient_no !== null && names.has(Number(patient_no)));
  assert.ok(found.length > 600 && found.length < 950, `${found.length} of 1000`);
  for (const row of found) {
    const name = names.get(Number(row.patient_no));
    if (name !== null && row.姓名 !== null && name !== undefined) assert.equal(row.姓名, name);
  }
  const distinct = new Set(left.map((row) => row.patient_no)).size;
  assert.ok(distinct > 800 && distinct < 1_000, `${distinct} different keys`);
  // A small table's keys are among a large one's.
  const few = await rowsIn(visits, { seed, table: "few", keys, rows: 50 });
  assert.ok(few.filter(({ patient_no }) => names.has(Number(patient_no))).length > 25);
});
