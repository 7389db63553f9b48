/** Every type, compared with what `psql` prints of the same rows. */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { startPostgresTls, type TlsPostgres } from "../../../../test/support/postgres-tls.ts";
import { toHex } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { type ColumnType, rowsOf, type Value } from "../../columns/batch.ts";
import { postgresql } from "./index.ts";

interface Case {
  /** As in CREATE TABLE. */
  readonly type: string;
  readonly as: ColumnType;
  /** Literals; NULL is added. */
  readonly values: readonly string[];
  /** What psql is to print of column v, in the form that `print` gives the value. */
  readonly oracle?: string;
  readonly print?: (value: Exclude<Value, null>) => string;
}

const BC = "4713-01-01 BC";
const DAYS = "v - date '1970-01-01'";
const MICROS = "(extract(epoch from v) * 1000000)::numeric(40, 0)";
const HEX = "encode(v, 'hex')";
const asFloat = (value: Value) => (Object.is(value, -0) ? "-0" : String(value));

const CASES: readonly Case[] = [
  { type: "boolean", as: "bool", values: ["true", "false"], print: (v) => (v ? "t" : "f") },
  { type: "smallint", as: "i32", values: ["-32768", "0", "32767"] },
  { type: "integer", as: "i32", values: ["-2147483648", "-1", "2147483647"] },
  { type: "bigint", as: "i64", values: ["-9223372036854775808", "9007199254740993", "-1", "9223372036854775807"] },
  { type: "oid", as: "i64", values: ["0", "4294967295"] },
  {
    type: "real",
    as: "f64",
    values: ["0.1", "-0", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity"],
    oracle: "v::double precision",
    print: asFloat,
  },
  {
    type: "double precision",
    as: "f64",
    values: ["0.1", "-0", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity", "123456789.123"],
    print: asFloat,
  },
  {
    type: "numeric",
    as: "decimal",
    values: [
      ...[
        "0",
        "0.00",
        "-1.50",
        "10000",
        "100000000",
        "9999.9999",
        "0.0001",
        "0.00010001",
        "0.00001",
        "1e100",
        "1e-100",
      ],
      ...[
        "123456789012345678901234567890.123456789",
        "-0.00000000000000000001",
        "99990000.00001",
        "1e131000",
        "0e-16383",
      ],
    ],
  },
  { type: "numeric(12, 3)", as: "decimal", values: ["1", "-123456789.999"] },
  {
    type: "date",
    as: "date",
    values: [BC, "0001-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "9999-12-31", "5874897-12-31"],
    oracle: DAYS,
  },
  {
    type: "timestamp",
    as: "timestamp",
    values: [
      `${BC}`,
      "1969-12-31 23:59:59.999999",
      "1970-01-01",
      "1999-12-31 23:59:59.5",
      "294246-12-31 23:59:59.999999",
    ],
    oracle: MICROS,
  },
  {
    type: "timestamp with time zone",
    as: "timestamp",
    values: [
      "2020-01-01 00:00:00+08",
      "1969-12-31 23:59:59.999999+00",
      "0044-03-15 12:00:00+00 BC",
      "2262-04-12 00:00+00",
    ],
    oracle: MICROS,
  },
  {
    type: "bytea",
    as: "binary",
    values: ["", "\\x00ff80", "\\x0a0d00"],
    oracle: HEX,
    print: (v) => toHex(v as Uint8Array),
  },
  { type: "text", as: "utf8", values: ["", " a ", "乳腺 🏥", "a\tb\r\nc", 'quote " and \\ \\x41'] },
  { type: "varchar(8)", as: "utf8", values: ["", "abc  "] },
  { type: "char(5)", as: "utf8", values: ["ab", "abcde"] },
  { type: "name", as: "utf8", values: ["some_name"] },
  { type: '"char"', as: "utf8", values: ["x"] },
  { type: "json", as: "utf8", values: ['{"b": 1,  "a": [null, 1.50]}'] },
  { type: "jsonb", as: "utf8", values: ['{"b": 1,  "a": [null, 1.50]}'] },
  { type: "uuid", as: "utf8", values: ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"] },
  { type: "time", as: "utf8", values: ["00:00:00", "23:59:59.999999", "24:00:00"] },
  { type: "time with time zone", as: "utf8", values: ["12:00:00.5+05:30"] },
  { type: "interval", as: "utf8", values: ["1 year 2 months -3 days 04:05:06.789", "-00:00:01"] },
  { type: "inet", as: "utf8", values: ["10.0.0.1", "fe80::1/64"] },
  { type: "cidr", as: "utf8", values: ["10.0.0.0/8"] },
  { type: "macaddr", as: "utf8", values: ["08:00:2b:01:02:03"] },
  { type: "money", as: "utf8", values: ["12.34"] },
  { type: "bit(5)", as: "utf8", values: ["10101"] },
  { type: "bit varying", as: "utf8", values: ["1", "10101010101"] },
  { type: "xml", as: "utf8", values: ["<a>b</a>"] },
  { type: "point", as: "utf8", values: ["(1.5,-2)"] },
  { type: "int4range", as: "utf8", values: ["[1,5)", "empty"] },
  { type: "tsvector", as: "utf8", values: ["a fat cat"] },
  { type: "integer[]", as: "utf8", values: ["{1,NULL,3}", "{}", "{{1,2},{3,4}}"] },
  { type: "text[]", as: "utf8", values: ['{"a b",NULL,"q\\"x",病}'] },
  { type: "double precision[]", as: "utf8", values: ["{0.1,NaN}"] },
  { type: "timestamptz[]", as: "utf8", values: ['{"2020-01-01 00:00:00+08"}'] },
  { type: "mood", as: "utf8", values: ["sad", "很高兴"] },
  { type: "pair", as: "utf8", values: ["(1,b)", "(,b)", "(,)"] },
  { type: "positive", as: "i32", values: ["7"] },
  { type: "short_positive", as: "i32", values: ["7"] },
  { type: "postcode", as: "utf8", values: ["100000"] },
];

const TYPES = `
create type mood as enum ('sad', '很高兴');
create type pair as (a integer, b text);
create domain positive as integer check (value > 0);
create domain short_positive as positive check (value < 100);
create domain postcode as char(6)`;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

describe("types of PostgreSQL", () => {
  let server: TlsPostgres | undefined;
  let reason = "";
  before(async () => {
    const started = await startPostgresTls();
    if ("skip" in started) reason = started.skip;
    else {
      server = started;
      await server.sql(TYPES);
    }
  });
  after(async () => await server?.stop());
  const needServer = (t: TestContext): TlsPostgres => {
    if (!server) t.skip(reason);
    return server as TlsPostgres;
  };
  const fill = async (pg: TlsPostgres, type: string, values: readonly string[]) => {
    const rows = [...values.map(literal), "null"].map((value, i) => `(${i}, ${value})`);
    await pg.sql(`drop table if exists t; create table t (i integer, v ${type}); grant select on t to reader;
      insert into t values ${rows.join(", ")}`);
  };
  const read = async (pg: TlsPostgres): Promise<{ type: ColumnType; values: Value[] }> => {
    const connection = pg.connection("t");
    const { columns } = await postgresql.describe(connection);
    const values: Value[] = [];
    for await (const batch of postgresql.read(connection, columns, ["v"]))
      values.push(...rowsOf(batch).map(({ v }) => v as Value));
    return { type: columns[1]?.type as ColumnType, values };
  };

  for (const { type, as, values, oracle = "v", print = String } of CASES)
    test(type, async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      await fill(pg, type, values);
      const found = await read(pg);
      const printed = pg.psql(`select ${oracle} from t order by i`).map(([value]) => value);
      assert.equal(found.type, as);
      assert.equal(printed.length, values.length + 1);
      assert.deepEqual(
        found.values.map((value) => (value === null ? null : print(value))),
        printed.map((text) => (print === asFloat && text ? asFloat(Number(text)) : text)),
      );
    });

  test("numeric, 5,000 random ones", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const random = randomNumbers(20_261_121);
    const digits = (most: number) => Array.from({ length: random(most) }, () => random(10)).join("");
    const zeros = () => "0".repeat(random(12));
    const numbers = Array.from(
      { length: 5_000 },
      () => `${random(2) ? "-" : ""}${digits(30)}${zeros()}0.${zeros()}${digits(30)}${zeros()}0`,
    );
    await fill(pg, "numeric", numbers);
    const { values } = await read(pg);
    assert.deepEqual(
      values,
      pg.psql("select v from t order by i").map(([value]) => value),
    );
  });

  test("values without a form here are refused, and so is text that is not UTF-8", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const refused: [string, string][] = [
      ["numeric", "NaN"],
      ["numeric", "-Infinity"],
      ["date", "infinity"],
      ["date", "-infinity"],
      ["timestamp", "infinity"],
      ["timestamp with time zone", "-infinity"],
      ["timestamp", "294276-12-31 23:59:59"],
    ];
    const isRefused = (error: unknown) => error instanceof Refusal && error.code === "database.value";
    for (const [type, value] of refused) {
      await fill(pg, type, [value]);
      await assert.rejects(read(pg), isRefused, `${type} ${value}`);
    }
    await pg.sql("create database ascii encoding 'SQL_ASCII' locale 'C' template template0");
    const sql = "create table t (i integer, v text); grant select on t to reader; insert into t values (1, E'\\xe4')";
    await pg.sql(sql, "ascii");
    const connection = pg.connection("t", { database: "ascii" });
    const { columns } = await postgresql.describe(connection);
    await assert.rejects(postgresql.read(connection, columns, ["v"]).next(), isRefused);
  });
});

/** Park and Miller; the same every time. @returns a function that gives whole numbers below `most` */
const randomNumbers = (seed: number) => {
  let state = seed;
  return (most: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % most;
  };
};
