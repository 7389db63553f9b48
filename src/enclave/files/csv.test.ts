import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, utf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { rowsOf, type Schema, type Value } from "../columns/batch.ts";
import { batchOf } from "../columns/build.ts";
import { csv } from "./csv.ts";
import { writeCsv } from "./csv-write.ts";

async function* chunked(bytes: Uint8Array, step = 1 << 16): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}
const textOf = (text: string | Uint8Array, step?: number) =>
  chunked(typeof text === "string" ? utf8(text) : text, step);

const readAll = async (
  text: string | Uint8Array,
  schema: Schema,
  columns = schema.map(({ name }) => name),
  step?: number,
) => {
  const rows: Record<string, Value>[] = [];
  for await (const batch of csv.read(textOf(text, step), schema, columns)) rows.push(...rowsOf(batch));
  return rows;
};
const described = async (text: string | Uint8Array, step?: number) => {
  const { columns, rows } = await csv.describe(textOf(text, step));
  return { types: columns.map(({ name, type }) => `${name}:${type}`).join(" "), rows };
};
const refusal = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return `${error.code} ${JSON.stringify(error.details)}`;
  }
  return assert.fail("was not refused");
};

const T = (types: string): Schema =>
  types.split(" ").map((pair) => {
    const [name, type] = pair.split(":");
    return { name, type } as Schema[number];
  });

test("types are inferred over the whole file, NULLs aside", async () => {
  const cases: [string, string][] = [
    ["1 -2 2147483647", "i32"],
    ["1  2147483648", "i64"],
    ["9007199254740993 1", "i64"],
    ["1 0.5 1e3", "f64"],
    ["9007199254740993 0.5", "decimal"],
    ["12345678901234567890 1", "decimal"],
    ["1 x", "utf8"],
    ["00123 4", "utf8"],
    ["0 -1 0.25", "f64"],
    ["-0 1", "utf8"],
    ["true FALSE  True", "bool"],
    ["true 1", "utf8"],
    ["2024-02-29 1969-12-31", "date"],
    ["2023-02-29", "utf8"],
    ["0999-01-01", "date"],
    ["2024-02-29T10:00:00Z 2024-02-29T10:00:00.5+08:00", "timestamp"],
    ["2024-02-29T25:00:00Z", "utf8"],
    [" ", "utf8"],
    ["1e400 -", "utf8"],
    ['"1" "2"', "i32"],
    ['"" 2', "utf8"],
    ["1-2", "utf8"],
    ["NaN 1", "utf8"],
  ];
  for (const [values, type] of cases) {
    const text = `id,c\n${values
      .split(" ")
      .map((value) => `a,${value}\n`)
      .join("")}`;
    assert.equal((await described(text)).types, `id:utf8 c:${type}`, values);
  }
});

const TRICKY = '\ufeffid,"na,me",n\r\n1,"a ""quoted""\r\nname",\r\n\r\n2,,5\n3,"",-7\n4,乳腺,0';
const TRICKY_ROWS = [
  { id: 1, "na,me": 'a "quoted"\r\nname', n: null },
  { id: 2, "na,me": null, n: 5 },
  { id: 3, "na,me": "", n: -7 },
  { id: 4, "na,me": "乳腺", n: 0 },
];

test("quotes, CRLF, byte order mark, blank lines, no last newline, cut anywhere", async () => {
  const schema = T("id:i32 na,me:utf8 n:i32");
  for (const end of ["", "\n", "\r\n"])
    for (const step of [1, 3, 1 << 16]) {
      assert.deepEqual(await described(TRICKY + end, step), { types: "id:i32 na,me:utf8 n:i32", rows: 4 });
      assert.deepEqual(await readAll(TRICKY + end, schema, undefined, step), TRICKY_ROWS);
    }
  assert.deepEqual(
    await readAll(TRICKY, schema, ["n", "id"]),
    TRICKY_ROWS.map(({ n, id }) => ({ n, id })),
  );
});

test("no rows is a table; no header is not", async () => {
  assert.deepEqual(await described("a,b\n"), { types: "a:utf8 b:utf8", rows: 0 });
  assert.deepEqual(await readAll("a,b", T("a:i32 b:utf8")), []);
  assert.match(await refusal(described("")), /^source\.csv\.header/);
  assert.match(await refusal(described("\na,b\n")), /^source\.csv\.header/);
  assert.match(await refusal(described("a,,b\n")), /^source\.csv\.header.*column 2/);
  assert.match(await refusal(described("a,b,a\n")), /^source\.csv\.header.*twice/);
  assert.match(await refusal(described(`${"c,".repeat(5_000)}c\n`)), /^source\.csv\.header.*4096/);
});

test("what is broken is refused with its place", async () => {
  const cases: [string, RegExp][] = [
    ["a,b\n1,2\n1\n", /^source\.csv\.ragged .*"line":3,"found":1,"expected":2/],
    ["a,b\n1,2,3\n", /^source\.csv\.ragged .*"line":2,"found":3/],
    ['a,b\n"x\ny",1\n1,2,3\n', /^source\.csv\.ragged .*"line":4/],
    ['a,b\n1,2\n1,x"y\n', /^source\.csv\.quote .*"line":3/],
    ['a,b\n1,"x"y\n', /^source\.csv\.quote .*"line":2.*follows/],
    ['a,b\n1,2\n3,"x\n\n\n', /^source\.csv\.quote .*"line":3.*never closed/],
    ['a,b\n1,"x"\r,2\n', /^source\.csv\.quote .*"line":2/],
  ];
  for (const [text, expected] of cases)
    for (const step of [1, 1 << 16]) assert.match(await refusal(described(text, step)), expected, text);
});

test("a quote that is never closed does not fill the memory", async () => {
  async function* endless() {
    yield utf8('a,b\n1,2\n3,"');
    for (;;) yield new Uint8Array(1 << 20).fill(0x61);
  }
  assert.match(await refusal(csv.describe(endless())), /^source\.csv\.record .*"line":3/);
});

test("bytes that are not UTF-8 are refused with their offset", async () => {
  const filler = utf8(`a,b\n${"1,é\n".repeat(400_000)}`);
  for (const [bad, shift] of [
    [[0xe9, 0x78], 0],
    [[0xff], 0],
    [[0xc3, 0xa9, 0x80], 2],
    [[0xe4, 0xb9], 0],
    [[0xed, 0xa0, 0x80], 0],
  ] as const) {
    const bytes = concat(filler, Uint8Array.from(bad), utf8("\n"));
    assert.equal(await refusal(described(bytes)), `source.encoding {"offset":${filler.length + shift}}`, String(bad));
  }
  const cut = concat(utf8("a\nx"), Uint8Array.of(0xe4, 0xb9));
  assert.equal(await refusal(described(cut)), 'source.encoding {"offset":3}');
  assert.match(await refusal(described(Buffer.from("a,b\n1,2\n", "utf16le"))), /^source\./);
});

test("values are held to the declared types", async () => {
  const cases: [string, string, string][] = [
    ["i32", "2147483648", "12"],
    ["i64", "9223372036854775808", "9223372036854775807"],
    ["f64", "1,5", "1.5"],
    ["f64", "0x10", "10"],
    ["f64", "", "1e-7"],
    ["bool", "yes", "true"],
    ["date", "2024-13-01", "2024-12-01"],
    ["timestamp", "2024-12-01", "2024-12-01 00:00:00"],
    ["decimal", "1e5", "100000"],
    ["binary", "AAE", "AAE="],
  ];
  for (const [type, bad, good] of cases) {
    const schema = T(`id:i32 c:${type}`);
    assert.equal((await readAll(`id,c\n1,"${good}"\n2,${good}\n`, schema)).length, 2);
    assert.equal(
      await refusal(readAll(`id,c\n1,${good}\n2,"${bad}"\n`, schema)),
      `source.csv.value {"line":3,"column":"c","value":${JSON.stringify(JSON.stringify(`"${bad}"`))},"type":"${type}"}`,
    );
  }
  assert.match(await refusal(readAll("a,b\n", T("b:i32 a:i32"))), /^source\.columns/);
  assert.match(await refusal(readAll("a,b\n", T("a:i32"))), /^source\.columns/);
  assert.match(await refusal(readAll("a\n", T("a:i32"), ["z"])), /^source\.columns/);
});

test("numbers are read as ECMAScript reads them", async () => {
  const texts = [
    "0.1",
    "123456789.123456",
    "-5.",
    ".5",
    "1e22",
    "1e23",
    "4.9e-324",
    "0.30000000000000004",
    "-0",
    "1e400",
  ];
  texts.push(
    "123456789012345678",
    "9007199254740993",
    "0.00000000000000000000001",
    "1.7976931348623157e308",
    "-0.000001",
  );
  for (let i = 0; i < 2_000; i++) texts.push(String((Math.random() - 0.5) * 10 ** Math.floor(Math.random() * 40 - 20)));
  const rows = await readAll(`x\n${texts.join("\n")}\n`, T("x:f64"));
  assert.deepEqual(
    rows.map(({ x }) => x),
    texts.map(Number),
  );
});

test("what is written as CSV reads back the same", async () => {
  const schema = T("b:bool i:i32 l:i64 f:f64 d:decimal day:date t:timestamp s:utf8 x:binary");
  const row = {
    b: false,
    i: -1,
    l: -(2n ** 63n),
    f: 1e-300,
    d: "-0.10",
    day: -1,
    t: -1n,
    s: ' a,"\r\n',
    x: Uint8Array.of(0, 200),
  };
  const empty = Object.fromEntries(schema.map(({ name }) => [name, null]));
  const batch = batchOf(schema, [
    row,
    empty,
    { ...row, s: "", x: new Uint8Array(0), day: 19_782, t: 1_700_000_000_123_456n },
  ]);
  const bytes = concat(...(await Array.fromAsync(writeCsv(schema, [batch]))));
  assert.deepEqual(await readAll(bytes, schema), rowsOf(batch));
  assert.match(
    Buffer.from(bytes).toString(),
    /^b,i,l,f,d,day,t,s,x\r\nfalse,-1,.*,1969-12-31,1969-12-31T23:59:59.999999Z,/,
  );
});

test("five million rows pass in batches through little memory", async () => {
  const block = utf8(
    Array.from({ length: 10_000 }, (_, i) => `${i},name-${i % 97},${i / 7},2024-01-0${(i % 9) + 1}\n`).join(""),
  );
  async function* file() {
    yield utf8("id,name,x,day\n");
    for (let i = 0; i < 500; i++) yield block;
  }
  const schema = T("id:i32 name:utf8 x:f64 day:date");
  assert.deepEqual(await csv.describe(file()), { columns: schema, rows: 5_000_000 });
  const before = process.memoryUsage().rss;
  let [rows, sum, most] = [0, 0, 0];
  for await (const batch of csv.read(file(), schema, ["id", "x", "name"])) {
    const id = batch.columns[0];
    assert.ok(id?.type === "i32" && batch.rows <= 65_536);
    rows += batch.rows;
    for (const value of id.values) sum += value;
    most = Math.max(most, process.memoryUsage().rss);
  }
  assert.equal(rows, 5_000_000);
  assert.equal(sum, (500 * (10_000 * 9_999)) / 2);
  assert.ok(most - before < 150 << 20, `${(most - before) >> 20} MiB more`);
});
