import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { readManifest, resolveParameters, schemaOfColumns } from "./manifest.ts";

const GOOD = {
  runner: "javascript",
  entry: "index.js",
  tables: { people: { columns: { id: "i32", name: "utf8" }, description: "one row a person" } },
  result: { columns: { n: "i64" }, maxRows: 1 },
  parameters: { folds: { type: "number", default: 5 }, label: { type: "string" } },
};
const filesOf = (manifest: unknown) =>
  new Map([
    ["entente.json", typeof manifest === "string" ? utf8(manifest) : utf8(JSON.stringify(manifest))],
    ["index.js", utf8("")],
  ]);
const refused = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

test("a manifest is read; a column's place is its place in the file", () => {
  const manifest = readManifest(filesOf(GOOD));
  assert.deepEqual<unknown>(manifest, GOOD);
  assert.deepEqual(schemaOfColumns(manifest.tables.people?.columns ?? { none: "utf8" }), [
    { name: "id", type: "i32" },
    { name: "name", type: "utf8" },
  ]);
  assert.deepEqual(readManifest(filesOf({ ...GOOD, parameters: undefined })).parameters, {});
});

test("what is wrong with a manifest is named", () => {
  const cases: [unknown, RegExp][] = [
    ["{", /not JSON/],
    [{ ...GOOD, more: 1 }, /more/],
    [{ ...GOOD, entry: "gone.js" }, /no gone\.js/],
    [{ ...GOOD, tables: { people: { columns: { id: "int" } } } }, /tables\.people\.columns\.id/],
    [{ ...GOOD, tables: { "a b": { columns: { id: "i32" } } } }, /tables/],
    [{ ...GOOD, tables: { people: { columns: {} } } }, /names no column/],
    [{ ...GOOD, result: { columns: { n: "i64" }, maxRows: 0 } }, /result\.maxRows/],
    [{ ...GOOD, parameters: { folds: { type: "number", default: "5" } } }, /another type/],
  ];
  for (const [manifest, pattern] of cases)
    assert.throws(() => readManifest(filesOf(manifest)), refused("model.manifest", pattern), JSON.stringify(manifest));
  assert.throws(() => readManifest(new Map()), refused("model.manifest", /not in the root/));
});

test("parameters are those declared, of their types", () => {
  const manifest = readManifest(filesOf(GOOD));
  assert.deepEqual(resolveParameters(manifest, { label: "x" }), { folds: 5, label: "x" });
  assert.deepEqual(resolveParameters(manifest, { label: "", folds: 0 }), { folds: 0, label: "" });
  assert.throws(() => resolveParameters(manifest, {}), refused("model.parameter", /label.*no value/));
  assert.throws(() => resolveParameters(manifest, { label: 1 }), refused("model.parameter", /not a string/));
  assert.throws(
    () => resolveParameters(manifest, { label: "x", toString: 1 }),
    refused("model.parameter", /none of this name/),
  );
});
