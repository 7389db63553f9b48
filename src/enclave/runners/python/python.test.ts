import assert from "node:assert/strict";
import { test } from "node:test";
import {
  body,
  LIMITS,
  MANIFEST,
  resultOf,
  rowsFrom,
  runner,
  sandboxed,
  start,
} from "../../../../test/support/python.ts";
import { largeTables, people } from "../../../../test/support/runner.ts";
import { utf8 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { rowsOf } from "../../columns/batch.ts";
import { batchOf } from "../../columns/build.ts";
import type { Manifest } from "../manifest.ts";
import { createPythonRunner } from "./index.ts";

test("without an image, Python is refused by name", async () => {
  const none = createPythonRunner(undefined);
  assert.match(String(await none.available()), /scripts\/python-image\.ts/);
  const named = (error: unknown) => error instanceof Refusal && error.code === "runner.unavailable";
  await assert.rejects(none.start(LIMITS), named);
  await assert.rejects(none.imageDigest(), named);
  assert.match(String(await createPythonRunner("/gone").available()), /ENOENT/);
});

sandboxed("a model reads tables in batches or whole and returns rows, columns, frames or a stream", async () => {
  const whole = await resultOf(
    body(`
      people = tables.people.read()
      log("columns", tables.people.columns, people.rows)
      id, name = people["id"], people["name"]
      return [{"name": name[i] or "-", "value": None if name.is_null(i) else float(v)} for i, v in enumerate(id.values)]`),
  );
  const expected = [
    { name: "a", value: 1 },
    { name: "-", value: null },
  ];
  assert.deepEqual(whole.batches.flatMap(rowsOf), expected);
  assert.equal(whole.log, "columns [{'name': 'id', 'type': 'f64'}, {'name': 'name', 'type': 'utf8'}] 2\n");
  const ways = [
    'for b in tables["people"]: rows += [{"name": b["name"][0] or "-", "value": None if b["name"].mask[0] else b["id"][0]}]\nreturn rows',
    'b = tables.people.read()\nreturn {"value": np.ma.array(b["id"].values, mask=b["name"].mask), "name": ["a", "-"]}',
    'd = tables.people.to_pandas()\nd["value"] = d["id"].where(d["name"].notna())\nd["name"] = d["name"].fillna("-")\nreturn d[["value", "name"]]',
    'import pyarrow as pa\nt = tables.people.to_arrow()\nreturn pa.table({"name": ["a", "-"], "value": pa.array(t["id"].to_pylist(), mask=np.array([False, True]))})',
    'return ({"name": [b["name"][0] or "-"], "value": [b["id"][0] if b["name"][0] else None]} for b in tables.people)',
  ];
  for (const way of ways)
    assert.deepEqual(await rowsFrom(body(`rows = []\nimport numpy as np\n${way}`)), expected, way);
});

sandboxed("modules, packages, data, parameters, another main function, no rows, no tables", async () => {
  const source = `
import json, pkgutil
from lib.twice import twice
from pack import name
names = json.loads(pkgutil.get_data(__name__, "names.json"))
def score(tables, parameters):
    return [{"name": names[name], "value": twice(parameters["x"])}]`;
  const files = {
    "lib/twice.py": "from deep import double\ntwice = double",
    "deep.py": "def double(x): return 2 * x",
    "pack/__init__.py": "from .inner import name",
    "pack/inner.py": "name = 'first'",
    "names.json": '{"first":"乳腺"}',
  };
  assert.deepEqual(await rowsFrom(source, { files, main: "score", parameters: { x: 21 } }), [
    { name: "乳腺", value: 42 },
  ]);
  assert.deepEqual(await rowsFrom(body("return []"), { manifest: { tables: {} } }), []);
  const none = { tables: people() };
  assert.deepEqual(await rowsFrom(body('return [{"name": str(tables.people.read().rows)}]'), none), [
    { name: "0", value: null },
  ]);
  assert.deepEqual(await rowsFrom(body('return tables.people.to_pandas().rename(columns={"id": "value"})'), none), []);
});

const TYPES = {
  bool: "bool",
  i32: "i32",
  i64: "i64",
  f64: "f64",
  decimal: "decimal",
  date: "date",
  timestamp: "timestamp",
  utf8: "utf8",
  binary: "binary",
} as const;
const ROW = {
  bool: true,
  i32: -1,
  i64: 2n ** 62n + 1n,
  f64: 0.5,
  decimal: "1.10",
  date: -19_000,
  timestamp: -5n,
  utf8: "é𝄞",
  binary: Uint8Array.of(9, 0),
};
const NONE = Object.fromEntries(Object.keys(TYPES).map((name) => [name, null]));

sandboxed("every column type goes in and comes out, as values, arrays, frames and Arrow", async () => {
  const schema = Object.entries(TYPES).map(([name, type]) => ({ name, type }));
  const manifest: Manifest = {
    ...MANIFEST,
    tables: { t: { columns: TYPES } },
    result: { columns: TYPES, maxRows: 200_000 },
  };
  const rows = Array.from({ length: 70_000 }, (_, i) => (i % 3 === 1 ? NONE : ROW));
  async function* source() {
    yield batchOf(schema, rows.slice(0, 65_000));
    yield batchOf(schema, rows.slice(65_000));
  }
  const ways = {
    values: "all = tables.t.read()\nreturn {c.name: c[:] for c in all}",
    columns: "return {c.name: c for c in tables.t.read()}",
    stream: "return ({c.name: c for c in batch} for batch in tables.t)",
    pandas: "return tables.t.to_pandas()",
    arrow: "return tables.t.to_arrow()",
    rows: "return [{c.name: c[i] for c in b} for b in tables.t for i in range(b.rows)]",
  };
  for (const [way, text] of Object.entries(ways)) {
    const run = await runner.start({ ...LIMITS, memory: 512 << 20, output: 16 << 20 });
    run.table("t", schema, source());
    run.load({ manifest, files: new Map([["main.py", utf8(body(text))]]), main: "main", parameters: {} });
    const result = await run.result();
    assert.equal(result.rows, 70_000, way);
    assert.deepEqual(result.batches.flatMap(rowsOf), rows, way);
  }
});

sandboxed("two tables may be read in turns, a large one without being held", async () => {
  const source = body(`
    a, b, rows = tables.a.batches(), tables.b.batches(), 0
    for i in range(20): rows += next(b).rows + next(a).rows
    total = sum(batch["x"].values.sum() for batch in a) + sum(batch["x"].values.sum() for batch in b)
    return [{"name": str(rows), "value": total}]`);
  const given = { limits: { memory: 16 << 20 }, ...largeTables(1_200, 30) };
  const sum = (1_180 + 10) * ((65_536 * 65_535) / 2);
  assert.deepEqual(await rowsFrom(source, given), [{ name: String(40 * 65_536), value: sum }]);
});

sandboxed("scikit-learn, SciPy and pandas work in there, on one thread, and give the same each time", async () => {
  const source = body(`
    import numpy, scipy.stats
    from sklearn.ensemble import RandomForestClassifier
    x = numpy.random.default_rng(1).normal(size=(500, 4))
    y = (x.sum(axis=1) > 0).astype(int)
    forest = RandomForestClassifier(20, random_state=0).fit(x, y)
    order = "".join({"alpha", "beta", "gamma", "delta"})
    return [{"name": order, "value": forest.score(x, y) + scipy.stats.norm.cdf(0)}]`);
  const first = await rowsFrom(source);
  assert.equal(first[0]?.value, 1.5);
  assert.deepEqual(await rowsFrom(source), first);
});

sandboxed("a run that is stopped leaves nothing", async () => {
  const run = await start(body("while True: pass"));
  await run.started;
  await run.stop();
  await assert.rejects(run.result(), (error) => error instanceof Refusal && error.code === "model.stopped");
  const idle = await runner.start(LIMITS);
  await idle.stop();
});

sandboxed("the digest of the image names its bytes, not its place", async () => {
  const [first, second] = [await runner.imageDigest(), await runner.imageDigest()];
  assert.match(first, /^[0-9a-f]{96}$/);
  assert.equal(first, second);
});
