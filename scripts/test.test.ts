/** Runs scripts/test.ts on small trees of its own: when does it fail? */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { root } from "./tree.ts";

const trees = mkdtempSync(join(tmpdir(), "entente-test-"));
after(() => rmSync(trees, { recursive: true }));

const PASSES = 'import { test } from "node:test";\ntest("holds", () => {});\n';
const FAILS = 'import { test } from "node:test";\ntest("breaks", () => { throw new Error("broken here"); });\n';
const SKIPS = 'import { test } from "node:test";\ntest("left", (t) => t.skip("no database"));\n';

let count = 0;
const runTests = (files: Readonly<Record<string, string>>, args: readonly string[] = [], ci = "") => {
  const top = join(trees, String(++count));
  const scripts = ["test.ts", "test-report.ts", "components.ts", "tree.ts"];
  for (const script of scripts) cpSync(join(root, "scripts", script), join(top, "scripts", script));
  symlinkSync(join(root, "node_modules"), join(top, "node_modules"));
  writeFileSync(join(top, "package.json"), '{"type":"module"}');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    writeFileSync(join(top, file), text);
  }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const program = [join(top, "scripts/test.ts"), ...args];
  return spawnSync(process.execPath, program, { encoding: "utf8", env: { ...env, CI: ci } });
};

test("tests of src, test and scripts run, and the counts are printed", () => {
  const files = {
    "src/a/b.test.ts": PASSES,
    "test/c.test.ts": PASSES,
    "scripts/d.test.ts": PASSES,
    "e.test.ts": FAILS,
  };
  const { stdout, status } = runTests(files);
  assert.match(stdout, /ℹ tests 3\n[\s\S]*ℹ pass 3\nℹ fail 0\n[\s\S]*ℹ skipped 0\n/);
  assert.equal(status, 0);
});

test("a failure shows where and why", () => {
  const { stdout, stderr, status } = runTests({ "src/a.test.ts": FAILS, "src/b.test.ts": PASSES });
  assert.match(stdout, /ℹ fail 1\n[\s\S]*breaks[\s\S]*broken here/);
  assert.match(stderr, /Tests failed/);
  assert.equal(status, 1);
});

test("where a program of others crashed a file runs once more, and has to pass then", () => {
  const crashes = (again: string) => `import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CRASHED } from "../scripts/test-report.ts";
test("drives it", (t) => {
  if (existsSync("crashed")) ${again};
  writeFileSync("crashed", "");
  t.diagnostic(CRASHED);
  throw new Error("gone");
});
`;
  const well = runTests({ "src/a.test.ts": crashes("return"), "src/b.test.ts": PASSES });
  assert.match(
    well.stdout,
    /gone[\s\S]*Once more, as a program of others crashed: src\/a\.test\.ts\n[\s\S]*ℹ tests 1\n/,
  );
  assert.equal(well.status, 0);
  assert.equal(runTests({ "src/a.test.ts": crashes("return"), "src/b.test.ts": FAILS }).status, 1);
  const broken = runTests({ "src/a.test.ts": crashes('throw new Error("broken here")') });
  assert.match(broken.stdout, /Once more[\s\S]*broken here/);
  assert.equal(broken.status, 1);
});

test("a run without a test fails", () => {
  assert.match(runTests({}).stderr, /No test file matches/);
  const { stderr, status } = runTests({ "src/a.test.ts": "export {};\n" });
  assert.match(stderr, /No test ran\.\nsrc\/a\.test\.ts holds no test/);
  assert.equal(status, 1);
});

test("a skipped test is named with its reason, and fails under CI=true", () => {
  const files = { "src/a.test.ts": SKIPS, "src/b.test.ts": PASSES };
  const { stdout, status } = runTests(files);
  assert.match(stdout, /skipped src\/a\.test\.ts: left: no database/);
  assert.equal(status, 0);
  const strict = runTests(files, [], "true");
  assert.match(strict.stderr, /CI=true allows no skipped test/);
  assert.equal(strict.status, 1);
});

test("arguments choose files, by part of the path or glob, and tests by name", () => {
  const files = { "src/a/x.test.ts": PASSES, "src/b/y.test.ts": FAILS };
  assert.match(runTests(files, ["a/x"]).stdout, /ℹ tests 1\n[\s\S]*ℹ pass 1\n/);
  assert.match(runTests(files, ["src/*/x.test.ts"]).stdout, /ℹ tests 1\n[\s\S]*ℹ pass 1\n/);
  assert.equal(runTests(files, ["--name=holds"]).status, 0);
  assert.match(runTests(files, ["--name=nothing"]).stderr, /No test ran/);
  assert.equal(runTests(files, ["--nmae=x"]).status, 2);
});
