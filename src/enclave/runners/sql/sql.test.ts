import assert from "node:assert/strict";
import {
  batches,
  createRig,
  type Options,
  outcomesOf,
  people,
  sandboxedWith,
} from "../../../../test/support/runner.ts";
import type { ColumnType, Schema, Value } from "../../columns/batch.ts";
import { batchOf } from "../../columns/build.ts";
import type { Manifest } from "../manifest.ts";
import type { Limits, Result } from "../runner.ts";
import { createSqlRunner } from "./index.ts";

const runner = createSqlRunner();
const MiB = 1 << 20;
const LIMITS: Limits = { seconds: 20, memory: 256 * MiB, output: 32 * MiB };
const ROWS = [
  { id: 1, name: "a" },
  { id: 2, name: null },
  { id: null, name: "乳腺, which is longer than twelve bytes" },
];

interface Wanted extends Omit<Options, "manifest"> {
  readonly result?: Record<string, ColumnType>;
  readonly maxRows?: number;
}
const manifestOf = (tables: NonNullable<Options["tables"]>, { result, maxRows }: Wanted): Manifest => ({
  runner: "sql",
  entry: "model.sql",
  tables: Object.fromEntries(
    Object.entries(tables).map(([table, [schema]]) => [
      table,
      { columns: Object.fromEntries(schema.map(({ name, type }) => [name, type])) },
    ]),
  ),
  result: { columns: result ?? { x: "i64" }, maxRows: maxRows ?? 1_000_000 },
  parameters: {},
});
const rig = createRig({ runner, limits: LIMITS, manifest: manifestOf({}, {}), rows: [] });
const resultOf = (sql: string, wanted: Wanted = {}): Promise<Result> => {
  const tables = wanted.tables ?? people(ROWS.slice(0, 2), [], ROWS.slice(2));
  return rig.resultOf(sql, { ...wanted, tables, manifest: manifestOf(tables, wanted) });
};
const { rowsFrom, refusalOf } = outcomesOf(resultOf);
const sandboxed = sandboxedWith(runner.available, "/node");

sandboxed("every column type goes in and comes out, exactly", async () => {
  const row: Record<ColumnType, Value> = {
    bool: true,
    i32: -(2 ** 31),
    i64: 2n ** 63n - 1n,
    f64: 0.1,
    decimal: "-1234567890123456789012345678.0000000001",
    date: -719_528,
    timestamp: -62_135_596_800_000_001n,
    utf8: "é",
    binary: Uint8Array.of(0, 255),
  };
  const other: Record<ColumnType, Value> = {
    bool: false,
    i32: 2 ** 31 - 1,
    i64: -(2n ** 63n),
    f64: Number.MIN_VALUE,
    decimal: "0.0000000000",
    date: 2_932_896,
    timestamp: 253_402_300_799_999_999n,
    utf8: "more than twelve bytes 乳腺".repeat(9),
    binary: Uint8Array.from({ length: 300 }, (_, i) => i & 255),
  };
  const result = Object.fromEntries(Object.keys(row).map((type) => [type, type as ColumnType]));
  const schema = Object.entries(result).map(([name, type]) => ({ name, type }));
  const none = Object.fromEntries(Object.keys(row).map((type) => [type, null]));
  const rows = Array.from({ length: 70_000 }, (_, i) => (i % 3 === 1 ? none : i % 7 === 0 ? other : row));
  const t = () => [schema, batches(schema, rows.slice(0, 9), rows.slice(9, 65_545), rows.slice(65_545))] as const;
  assert.deepEqual(await rowsFrom("SELECT * FROM t", { result, tables: { t: t() } }), rows);
  const mixed = await rowsFrom("SELECT * FROM t WHERE i32 IS NOT NULL OR decimal IS NOT NULL", {
    result,
    tables: { t: t() },
  });
  assert.deepEqual(
    mixed,
    rows.filter((one) => one !== none),
  );
});

sandboxed("types of SQL that are wider or narrower than the declared are taken where nothing is lost", async () => {
  const result = {
    sum: "i64",
    total: "decimal",
    money: "decimal",
    small: "i32",
    mean: "f64",
    at: "timestamp",
  } as const;
  const schema: Schema = [
    { name: "n", type: "i64" },
    { name: "d", type: "decimal" },
  ];
  const rows = [
    { n: 2n ** 62n, d: "1.5" },
    { n: -1n, d: "-3" },
    { n: 2n ** 62n, d: "0.25" },
  ];
  const sql = `
    SELECT sum(n) AS sum, sum(n::HUGEINT * 1000000000000000000) AS total, sum(d) AS money, 7::TINYINT AS small,
      (0.5)::FLOAT AS mean, '1969-12-31 23:59:59.999999+00'::TIMESTAMPTZ AS at
    FROM t`;
  assert.deepEqual(await rowsFrom(sql, { result, tables: { t: [schema, batches(schema, rows)] } }), [
    {
      sum: 2n ** 63n - 1n,
      total: "9223372036854775807000000000000000000",
      money: "-1.25",
      small: 7,
      mean: 0.5,
      at: -1n,
    },
  ]);
  const decimals = "SELECT 12.3::DECIMAL(3,1) AS a, -0.05::DECIMAL(9,2) AS b, 5::DECIMAL(18,0) AS c, 7::UBIGINT AS d";
  assert.deepEqual(await rowsFrom(decimals, { result: { d: "decimal", c: "decimal", b: "decimal", a: "decimal" } }), [
    { d: "7", c: "5", b: "-0.05", a: "12.3" },
  ]);
});

sandboxed("views, tables and macros before the last statement; parameters; no rows; names to be quoted", async () => {
  const sql = `
    -- a comment; with a semicolon
    CREATE TEMP MACRO twice(x) AS 2 * x;
    CREATE TEMP VIEW known AS SELECT * FROM people WHERE id IS NOT NULL;
    CREATE TEMP TABLE chosen AS SELECT id FROM known WHERE id >= $least;
    SELECT twice(id) AS x FROM chosen WHERE $yes AND $text = '乳腺' AND $share = 0.5 ORDER BY id LIMIT $least;
    -- the end`;
  const parameters = { least: 2, yes: true, text: "乳腺", share: 0.5, unused: 1 };
  assert.deepEqual(await rowsFrom(sql, { parameters }), [{ x: 4n }]);
  assert.deepEqual(await rowsFrom("SELECT id AS x FROM people WHERE false"), []);
  const schema: Schema = [{ name: 'a "b" c', type: "i32" }];
  const tables = { Select: [schema, batches(schema, [])] as const };
  assert.deepEqual(await rowsFrom('SELECT count("a ""b"" c") AS x FROM "Select"', { tables }), [{ x: 0n }]);
  assert.deepEqual(await rowsFrom("FROM (VALUES (1::BIGINT)) v(x)", { tables: {} }), [{ x: 1n }]);
  const pivot =
    "CREATE TEMP TABLE p AS SELECT 'x' AS k, 1 AS v; SELECT x::BIGINT AS x FROM (PIVOT p ON k IN ('x') USING sum(v))";
  assert.deepEqual(await rowsFrom(pivot, { tables: {} }), [{ x: 1n }]);
});

sandboxed("files, extensions, other databases and settings are out of reach", async () => {
  const forbidden = [
    "FROM read_csv('/etc/passwd')",
    "FROM read_csv('/tmp/x')",
    "FROM read_csv('/tmp/spill/../../etc/passwd')",
    "FROM '/etc/passwd.csv'",
    "FROM read_text('/node')",
    "FROM read_blob('/duckdb/*')",
    "FROM read_parquet('https://example.org/x.parquet')",
    "FROM read_json('x.json')",
    "FROM glob('/**')",
    "FROM sniff_csv('/etc/passwd')",
    "FROM parquet_metadata('x')",
    "COPY people TO '/tmp/x.csv'",
    "COPY people FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "ATTACH '/tmp/x.db'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '/duckdb/libduckdb.so'",
    "SET memory_limit = '64GB'",
    "SET GLOBAL enable_external_access = true",
    "SET lock_configuration = false",
    "RESET threads",
    "SET VARIABLE x = 1",
    "PRAGMA threads = 64",
    "CHECKPOINT",
    "CALL pragma_version()",
    "VACUUM",
    "EXPLAIN SELECT 1",
    "BEGIN",
    "USE main",
    "INSERT INTO people VALUES (1, 'x')",
    "DELETE FROM people",
    "UPDATE people SET id = 1",
    "DROP TABLE people",
    "ALTER TABLE people ADD COLUMN y INT",
    "PREPARE p AS SELECT 1",
    "SELECT 1 AS x",
  ];
  for (const sql of forbidden)
    assert.equal((await refusalOf(`${sql}; SELECT 1::BIGINT AS x`)).code, "model.sql-forbidden", sql);
  for (const sql of ["CREATE TEMP VIEW v AS SELECT 1", "SET threads = 64", "FROM read_csv('/etc/passwd')"])
    assert.equal((await refusalOf(sql)).code, "model.sql-forbidden", sql);
  const settings = `SELECT count(*) AS x FROM duckdb_settings() WHERE (name, value) IN (
    ('enable_external_access', 'false'), ('lock_configuration', 'true'), ('autoinstall_known_extensions', 'false'),
    ('autoload_known_extensions', 'false'), ('allow_community_extensions', 'false'), ('threads', '2'),
    ('allow_unsigned_extensions', 'false'), ('allow_persistent_secrets', 'false'), ('memory_limit', '128.0 MiB'))`;
  assert.deepEqual(await rowsFrom(settings), [{ x: 9n }]);
  assert.match((await refusalOf("CREATE SECRET (TYPE s3); SELECT 1 AS x")).code, /^model\.(threw|sql-forbidden)$/);
});

sandboxed("what does not end, or wants too much memory or disk, is stopped by name", async () => {
  const seconds = { seconds: 2 };
  const forever = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT 1 - n FROM r) SELECT count(*) AS x FROM r";
  assert.match((await refusalOf(forever, { limits: seconds })).code, /^model\.(timeout|memory)$/);
  const counting =
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT (n + 1) % 1000000007 FROM r) SELECT max(n) AS x FROM r";
  assert.match((await refusalOf(counting, { limits: seconds })).code, /^model\.(timeout|memory)$/);
  const long = "SELECT count(*) AS x FROM range(1000000000000) t(i) WHERE hash(i) = 1";
  assert.equal((await refusalOf(long, { limits: seconds })).code, "model.timeout");
  const memory = { memory: 64 * MiB };
  const greedy = [
    "SELECT len(list(hash(i))) AS x FROM range(40000000) t(i)",
    "SELECT length(string_agg(repeat('x', 1000), ',')) AS x FROM range(1000000)",
    "SELECT length(repeat('x', 2000000000)) AS x",
    "CREATE TEMP TABLE t AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(40000000) t(i); SELECT count(*) AS x FROM t",
    "SELECT max(n) AS x FROM (SELECT row_number() OVER (ORDER BY hash(i)) AS n FROM range(40000000) t(i))",
  ];
  for (const sql of greedy) assert.equal((await refusalOf(sql, { limits: memory })).code, "model.memory", sql);
});

sandboxed("what does not fit into the buffers moves to the scratch", async () => {
  const sql = `
    CREATE TEMP TABLE t AS SELECT hash(i) AS a FROM range(6000000) t(i);
    SELECT count(*) AS x FROM (SELECT a, row_number() OVER (ORDER BY a) AS n FROM t) WHERE n % 2 = 0`;
  assert.deepEqual(await rowsFrom(sql, { limits: { memory: 192 * MiB } }), [{ x: 3_000_000n }]);
});

sandboxed("a large table is loaded batch by batch", async () => {
  const schema: Schema = [
    { name: "g", type: "i32" },
    { name: "x", type: "f64" },
  ];
  async function* large(count: number) {
    const batch = batchOf(
      schema,
      Array.from({ length: 65_536 }, (_, i) => ({ g: i % 1000, x: i })),
    );
    for (let i = 0; i < count; i++) yield batch;
  }
  const rows = await rowsFrom("SELECT g, count(*) AS n, sum(x) AS s FROM t GROUP BY g ORDER BY g LIMIT 1", {
    result: { g: "i32", n: "i64", s: "f64" },
    tables: { t: [schema, large(100)] },
  });
  assert.deepEqual(rows, [{ g: 0, n: 6_600n, s: 214_500_000 }]);
});

sandboxed("SQL that is wrong, or gives what was not declared, is refused", async () => {
  const cases: [string, string, RegExp, Wanted?][] = [
    ["", "model.threw", /no statement/],
    ["SELEC 1", "model.threw", /syntax error/],
    ["SELECT gone AS x FROM people", "model.threw", /gone/],
    ["SELECT * FROM entente_people", "model.threw", /entente_people/],
    ["SELECT $gone AS x", "model.threw", /no parameter \$gone/],
    ["SELECT ? AS x", "model.threw", /no parameter \$1/],
    ["SELECT error('\x1b[31mno') AS x", "model.threw", /\[31mno/],
    ["SELECT 'a'::INT::BIGINT AS x", "model.threw", /Conversion Error/],
    ["SELECT 1 AS y", "model.result-schema", /x is not selected/],
    ["SELECT 1 AS x, 2 AS x", "model.result-schema", /x, x/],
    ["SELECT 1::BIGINT AS x, 2 AS y", "model.result-schema", /x, y, not x/],
    ["SELECT 'a' AS x", "model.result-schema", /VARCHAR.*BIGINT/],
    ["SELECT 1.5 AS x", "model.result-schema", /DECIMAL/],
    ["SELECT [1] AS x", "model.result-schema", /number 24/],
    ["SELECT 9223372036854775808::HUGEINT AS x", "model.result-schema", /9223372036854775808, is no i64/],
    ["SELECT 'infinity'::TIMESTAMP AS x", "model.result-schema", /infinity/, { result: { x: "timestamp" } }],
    ["SELECT '-infinity'::DATE AS x", "model.result-schema", /infinity/, { result: { x: "date" } }],
    ["SELECT 1::BIGINT AS x", "model.result-schema", /f64/, { result: { x: "f64" } }],
    ["SELECT range AS x FROM range(101)", "model.result-rows", /100/, { maxRows: 100 }],
    ["SELECT repeat('x', 10000) AS x FROM range(10000)", "model.output-too-large", /./, { result: { x: "utf8" } }],
  ];
  for (const [sql, code, details, options] of cases) {
    const refusal = await refusalOf(sql, options);
    assert.equal(refusal.code, code, `${sql}: ${refusal.message}`);
    assert.match(JSON.stringify(refusal.details), details, sql);
  }
  const schema: Schema = [{ name: "d", type: "decimal" }];
  const digits = [{ d: "1".repeat(30) }, { d: `0.${"1".repeat(10)}` }];
  const refusal = await refusalOf("SELECT 1 AS x", { tables: { t: [schema, batches(schema, digits)] } });
  assert.match(refusal.message, /30 digits before the point and 10 after it, 38 are the most/);
});
