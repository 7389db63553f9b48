/** Every type against what the server's own command-line client prints. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deliveryOf, readAll } from "../../../../test/conformance/database-support.ts";
import { type OwnMariadb, startMariadb } from "../../../cli/demo/machines/mariadb.ts";
import type { ColumnType, Value } from "../../columns/batch.ts";
import { DECIMAL } from "../../columns/batch.ts";
import { mysql } from "./index.ts";

let server: OwnMariadb | undefined;
let reason = "";
before(async () => {
  const started = await startMariadb();
  if ("skip" in started) reason = started.skip;
  else server = started;
});
after(async () => await server?.stop());

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").toUpperCase();

const pad = (n: number, width = 2): string => String(n).padStart(width, "0");
/** A day as MySQL prints it. */
const dayText = (days: number): string => {
  const date = new Date(days * 86_400_000);
  return `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
};
const momentText = (micros: bigint): string => {
  const perDay = 86_400_000_000n;
  const days = micros >= 0n ? micros / perDay : (micros + 1n) / perDay - 1n;
  const rest = micros - days * perDay;
  const seconds = Number(rest / 1_000_000n);
  const time = [seconds / 3_600, (seconds / 60) % 60, seconds % 60].map((n) => pad(Math.floor(n))).join(":");
  return `${dayText(Number(days))} ${time}.${String(rest % 1_000_000n).padStart(6, "0")}`;
};

const text = (value: Value, type: ColumnType): string | null => {
  if (value === null) return null;
  if (type === "utf8") return hex(Buffer.from(String(value)));
  if (type === "binary") return hex(value as Uint8Array);
  if (type === "bool") return String(Number(value));
  if (type === "date") return dayText(value as number);
  return type === "timestamp" ? momentText(value as bigint) : String(value);
};

/** How the oracle shows a column: exact numbers, hexadecimal of UTF-8 and of bytes, six digits of seconds. */
const shown: Record<ColumnType, (column: string) => string> = {
  bool: (c) => `${c} + 0`,
  i32: (c) => `${c} + 0`,
  i64: (c) => `cast(${c} + 0 as signed)`,
  f64: (c) => `${c} + 0e0`,
  decimal: (c) => c,
  date: (c) => c,
  timestamp: (c) => `cast(${c} as char)`,
  utf8: (c) => `hex(convert(${c} using utf8mb4))`,
  binary: (c) => `hex(${c})`,
};

const random = (count: number, make: () => string): string[] => Array.from({ length: count }, make);
const digits = (count: number): string =>
  Array.from({ length: count }, () => Math.floor(10 * Math.random())).join("") || "0";
const sign = (): string => (Math.random() < 0.5 ? "-" : "");
const momentLiteral = (): string =>
  `'${momentText(BigInt(Math.floor(Math.random() * 3.15e11) - 6.2e10) * 1_000_000n + BigInt(digits(6)))}'`;

/** A column's type in MySQL, its type here, values as literals. */
const CASES: [definition: string, type: ColumnType, values: string[]][] = [
  ["tinyint", "i32", ["-128", "127", "0"]],
  ["tinyint unsigned", "i32", ["255", "0"]],
  ["boolean", "i32", ["true", "false", "2"]],
  ["smallint", "i32", ["-32768", "32767"]],
  ["smallint unsigned", "i32", ["65535"]],
  ["mediumint", "i32", ["-8388608", "8388607"]],
  ["mediumint unsigned", "i32", ["16777215"]],
  ["int", "i32", ["-2147483648", "2147483647"]],
  ["int unsigned", "i64", ["4294967295", "0"]],
  ["int(8) zerofill", "i64", ["42"]],
  ["bigint", "i64", ["-9223372036854775808", "9223372036854775807", "9007199254740993", "-1"]],
  ["bigint", "i64", random(100, () => sign() + digits(18))],
  ["bigint unsigned", "decimal", ["18446744073709551615", "9223372036854775808", "9007199254740993", "0", "10", "99"]],
  ["bigint unsigned", "decimal", random(100, () => digits(1 + Math.floor(19 * Math.random())))],
  ["decimal(65,30)", "decimal", random(100, () => `${sign()}${digits(35)}.${digits(30)}`)],
  ["decimal(20,0)", "decimal", ["-0", "99999999999999999999", "7"]],
  ["decimal(10,2) unsigned zerofill", "decimal", ["0.5", "12345678.99", "0"]],
  ["decimal(5,5)", "decimal", ["-0.00001", "0.5"]],
  ["float", "f64", ["0.1", "-3.4e38", "1e-45", "16777217"]],
  ["double", "f64", ["0.1", "-1.7976931348623157e308", "5e-324", "1e22", "-0e0"]],
  ["double", "f64", random(100, () => `${sign()}${Math.random()}e${Math.floor(Math.random() * 300)}`)],
  ["date", "date", ["'0001-01-01'", "'1582-10-15'", "'1969-12-31'", "'1970-01-01'", "'2000-02-29'", "'9999-12-31'"]],
  ["date", "date", ["'0000-01-01'", "'0400-02-29'", "'1900-03-01'", "'2100-02-28'"]],
  ["datetime(6)", "timestamp", ["'0001-01-01 00:00:00.000001'", "'1969-12-31 23:59:59.999999'"]],
  [
    "datetime(6)",
    "timestamp",
    ["'1684-01-01 00:00:00.000001'", "'2255-06-05 23:47:34.740993'", ...random(100, momentLiteral)],
  ],
  ["timestamp(6) null", "timestamp", ["'1970-01-01 00:00:01.000001'", "'2038-01-19 03:14:07.999999'"]],
  ["time", "utf8", ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"]],
  ["time(3)", "utf8", ["'100:00:00.001'", "'-00:00:00.999'"]],
  ["time(6)", "utf8", ["'12:34:56.789012'", "'00:00:00.000000'"]],
  ["year", "i32", ["1901", "2155", "0"]],
  ["bit(1)", "bool", ["b'0'", "b'1'"]],
  ["bit(7)", "i64", ["b'1010101'"]],
  ["bit(63)", "i64", ["x'7fffffffffffffff'", "x'0000000100000000'"]],
  ["enum('x','年','a''b')", "utf8", ["'年'", "'a''b'"]],
  ["set('a','b','c')", "utf8", ["'a,c'", "''"]],
  ["json", "utf8", [`'{"a": [1, 2.50, "😀"], "b": null}'`, "'18446744073709551615'"]],
  ["char(10)", "utf8", ["'é '", "'😀'"]],
  ["varchar(300)", "utf8", ["repeat('字', 300)", "repeat('x', 250)", "repeat('x', 251)", "''"]],
  ["varchar(20) character set latin1", "utf8", ["'Zürich €'"]],
  ["varchar(20) character set gbk", "utf8", ["'北京'"]],
  ["text character set utf16", "utf8", ["'😀 и'"]],
  ["longtext", "utf8", ["repeat('0123456789', 7000)", "repeat('患', 50000)"]],
  ["binary(4)", "binary", ["x'00ff'"]],
  ["varbinary(300)", "binary", ["x'00ff0a275c'", "repeat(x'fe', 300)", "''"]],
  ["longblob", "binary", ["repeat(x'c328', 40000)", "''"]],
  ["geometry", "binary", ["point(1, -2.5)", "st_geomfromtext('polygon((0 0,1 0,1 1,0 0))')"]],
];

const create = async (maria: OwnMariadb, table: string, definition: string, values: string[]): Promise<void> => {
  const rows = ["null", ...values].map((value, id) => `(${id}, ${value})`);
  await maria.sql(`set sql_mode = 'NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'; set time_zone = '+00:00';
    create table ${table} (id int primary key, v ${definition}); insert into ${table} values ${rows.join(", ")};`);
};

for (const [index, [definition, type, values]] of CASES.entries())
  test(`${definition} is ${type}, as the client prints it (${values.length} values)`, async (t) => {
    if (!server) return t.skip(reason);
    const table = `c${index}`;
    await create(server, table, definition, values);
    const connection = server.connection(table);
    const { columns } = await mysql.describe(connection);
    assert.deepEqual(columns[1], { name: "v", type });
    const rows = await readAll(mysql, connection, columns, ["v"]);
    const printed = server.cli(`select ${shown[type]("v")} from ${table} order by id`).map(([value]) => value ?? null);
    assert.equal(printed.length, values.length + 1);
    for (const [i, { v = null }] of rows.entries()) {
      const expected = printed[i] ?? null;
      if (type === "f64" && v !== null) assert.equal(v, Number(expected));
      else if (type === "decimal" && v !== null) {
        assert.match(String(v), DECIMAL);
        assert.equal(v, expected?.replace(/^0+(?=\d)/, ""));
      } else assert.equal(text(v, type), expected);
    }
  });

test("UUID, INET4 and INET6 are text", async (t) => {
  if (!server) return t.skip(reason);
  await server.sql(`create table addresses (u uuid, a inet4, b inet6);
    insert into addresses values ('123e4567-e89b-12d3-a456-426655440000', '10.0.0.1', '2001:db8::1'), (null, null, null);`);
  const connection = server.connection("addresses");
  const { columns } = await mysql.describe(connection);
  const [first, second] = await readAll(mysql, connection, columns);
  assert.deepEqual(first, { u: "123e4567-e89b-12d3-a456-426655440000", a: "10.0.0.1", b: "2001:db8::1" });
  assert.deepEqual(second, { u: null, a: null, b: null });
});

test("BIT(64) is decimal to its last bit", async (t) => {
  if (!server) return t.skip(reason);
  await create(server, "bits", "bit(64)", ["x'ffffffffffffffff'", "x'8000000000000001'", "b'0'"]);
  const connection = server.connection("bits");
  const { columns } = await mysql.describe(connection);
  const rows = await readAll(mysql, connection, columns, ["v"]);
  assert.deepEqual(
    rows.map(({ v }) => v),
    [null, "18446744073709551615", "9223372036854775809", "0"],
  );
});

test("zero dates are NULL; days that do not exist are refused, naming the column", async (t) => {
  if (!server) return t.skip(reason);
  for (const [index, type] of ["date", "datetime(6)"].entries()) {
    await create(server, `zero${index}`, type, ["'0000-00-00'"]);
    const connection = server.connection(`zero${index}`);
    const { columns } = await mysql.describe(connection);
    assert.deepEqual(await readAll(mysql, connection, columns, ["v"]), [{ v: null }, { v: null }]);
  }
  for (const [index, value] of ["'2026-02-30'", "'2026-00-01'", "'2026-01-00'"].entries()) {
    await create(server, `never${index}`, "datetime", [value]);
    const connection = server.connection(`never${index}`);
    const { columns } = await mysql.describe(connection);
    const details = { column: "v", type: "timestamp", reason: "there is no such day, as 2026-02-30 or 2026-00-00" };
    await assert.rejects(readAll(mysql, connection, columns), { code: "database.value", details });
  }
});

test("TIMESTAMP comes in UTC whatever the server's time zone", async (t) => {
  if (!server) return t.skip(reason);
  await server.sql(`set time_zone = '+08:00'; create table zoned (at timestamp);
    insert into zoned values ('2026-01-01 08:00:00'); set global time_zone = '-05:00';`);
  try {
    const connection = server.connection("zoned");
    const { columns } = await mysql.describe(connection);
    assert.deepEqual(await readAll(mysql, connection, columns), [{ at: BigInt(Date.UTC(2026, 0, 1)) * 1_000n }]);
  } finally {
    await server.sql("set global time_zone = 'SYSTEM'");
  }
});

test("comments describe columns; invisible columns are none; a generated one is", async (t) => {
  if (!server) return t.skip(reason);
  await server.sql(`create table words (
    a int comment '年龄', b int invisible comment 'unseen', c int as (a + 1), d int comment '  ');`);
  const { columns } = await mysql.describe(server.connection("words"));
  assert.deepEqual(columns, [
    { name: "a", type: "i32", description: "年龄" },
    { name: "c", type: "i32" },
    { name: "d", type: "i32" },
  ]);
});

test("a metadata table of several tables is asked for this one", async (t) => {
  if (!server) return t.skip(reason);
  await server.sql(`create table described (a int comment 'not this');
    create table meta (TABLE_NAME varchar(64), Column_Name varchar(64), description text);
    insert into meta values ('described', 'a', 'this'), ('other', 'a', 'nor this');`);
  const { columns } = await mysql.describe(server.connection("described", { metadata: "meta" }));
  assert.deepEqual(columns, [{ name: "a", type: "i32", description: "this" }]);
});

test("rows of more than 16 MiB are read, of more than 64 MiB refused", async (t) => {
  if (!server) return t.skip(reason);
  await server.sql("set global max_allowed_packet = 1 << 28");
  for (const [table, size] of [
    ["large", 40 << 20],
    ["exact", (1 << 24) - 1 - 10],
    ["huge", 65 << 20],
  ] as const)
    await server.sql(`create table ${table} (v longblob, n int);
      insert into ${table} values ('a', 1), (repeat('x', ${size}), 2), ('b', 3);`);
  for (const [table, size] of [
    ["large", 40 << 20],
    ["exact", (1 << 24) - 1 - 10],
  ] as const) {
    const connection = server.connection(table);
    const { columns } = await mysql.describe(connection);
    const rows = await readAll(mysql, connection, columns);
    assert.deepEqual(
      rows.map(({ v, n }) => [(v as Uint8Array).length, n]),
      [
        [1, 1],
        [size, 2],
        [1, 3],
      ],
    );
  }
  const connection = server.connection("huge");
  const { columns } = await mysql.describe(connection);
  await assert.rejects(readAll(mysql, connection, columns), { code: "database.row-size" });
  assert.equal((await readAll(mysql, connection, columns, ["n"])).length, 3);
});

test("a small max_allowed_packet makes smaller parts; one that is too small is refused", async (t) => {
  if (!server) return t.skip(reason);
  await server.sql(`create table results (task char(64), part int, parts int, digest char(64), content longblob,
    at timestamp default current_timestamp, primary key (task, part))`);
  try {
    await server.sql("set global max_allowed_packet = 1 << 20");
    const delivery = deliveryOf(Buffer.alloc(3 << 20, 7));
    await mysql.deliver(server.destination("results"), delivery);
    const [[parts, bytes] = []] = server.cli("select max(parts), sum(length(content)) from results");
    assert.deepEqual([parts, bytes], ["4", String(3 << 20)]);
    await server.sql("set global max_allowed_packet = 1 << 16");
    await assert.rejects(mysql.test(server.destination("results")), { code: "database.destination.packet" });
  } finally {
    await server.sql("set global max_allowed_packet = 1 << 24");
  }
});
