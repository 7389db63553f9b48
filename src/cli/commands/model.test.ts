/** `entente model`, as an author uses it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pythonImageDirectory } from "../../../scripts/python-image.ts";
import { unpack } from "../../enclave/archive.ts";
import { readManifest } from "../../enclave/runners/manifest.ts";
import { runnersOf } from "../../enclave/runners/registry.ts";
import { runCommandLine } from "../run.ts";
import { RUNNERS } from "./model-init.ts";
import { archiveOf } from "./models.ts";

const home = mkdtempSync(join(tmpdir(), "entente-model-"));
after(() => rmSync(home, { recursive: true }));
const examples = join(import.meta.dirname, "..", "..", "..", "examples");
const regression = join(examples, "models", "logistic-regression");
const hospital = (name: string) => join(examples, "data", "breast-cancer", `${name}.csv`);

const run = async (...words: string[]) => {
  const [out, error]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => out.push(line), error: (line: string) => error.push(line) };
  const status = await runCommandLine([...words, "--profiles", join(home, "profiles")], terminal);
  return { status, out: out.join("\n"), error: error.join("\n") };
};
const json = async (...words: string[]) => {
  const { status, out, error } = await run(...words, "--json");
  assert.equal(status, 0, `${words.join(" ")}\n${error}`);
  return JSON.parse(out);
};
const refused = async (code: string, ...words: string[]) => {
  const { status, error } = await run(...words, "--json");
  assert.equal(status, 1, words.join(" "));
  const refusal = JSON.parse(error).error;
  assert.equal(refusal.code, code, error);
  return refusal;
};

let count = 0;
const fresh = () => join(home, `model-${++count}`);
const begun = async (language = "javascript") => {
  const path = fresh();
  await json("model", "init", path, "--language", language);
  return path;
};
/** A project of JavaScript with this code. */
const withCode = async (code: string, manifest: object = {}) => {
  const path = await begun();
  const file = join(path, "entente.json");
  writeFileSync(join(path, "index.js"), code);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...manifest }));
  return path;
};
const filesBelow = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
/** Without the sandbox of an enclave its weaker one is tried, as `auto` does. */
const bubblewrap = await runnersOf("bubblewrap", {}).javascript?.available();

test("a project of each language: what its files say is so, in both languages", async () => {
  for (const language of RUNNERS)
    for (const [lang, word] of [
      ["en", /## Working on it/],
      ["zh-CN", /## 开发/],
    ] as const) {
      const path = join(home, "projects", `${language}-${lang}`);
      const { files } = await json("model", "init", path, "--language", language, "--lang", lang);
      assert.deepEqual([...files].sort(), filesBelow(path));
      for (const file of ["entente.json", "README.md", ".gitignore", "parameters.json"])
        assert.ok(files.includes(file), file);
      const readme = readFileSync(join(path, "README.md"), "utf8");
      assert.match(readme, word);
      assert.ok(readme.startsWith(`# ${language}-${lang}\n`));
      const manifest = readManifest(await unpack(await archiveOf(path)));
      assert.equal(manifest.runner, language);
    }
});

test("the project of every language gives the same result on the same rows", async (t) => {
  const results: unknown[] = [];
  const python = existsSync(pythonImageDirectory()) ? pythonImageDirectory() : undefined;
  const image = python ? ["--python", python] : [];
  for (const language of RUNNERS) {
    const path = await begun(language);
    const available = language === "javascript" || (await runnersOf("bubblewrap", { python })[language]?.available());
    if (available !== true) {
      t.diagnostic(`${language} was not run: ${available ?? "there is no runner"}`);
      continue;
    }
    const { result, tables, parameters } = await json("model", "test", path, "--seed", "x", ...image);
    assert.deepEqual(tables, [{ name: "visits", synthetic: true, rows: 1_000 }]);
    assert.deepEqual(parameters, { atLeast: 10 });
    results.push(result);
  }
  const [first] = results as [{ rows: number }];
  assert.ok(first.rows >= 5);
  for (const result of results) assert.deepEqual(result, first);
});

test("what the guide and the examples show is what a project begins with", async () => {
  const shown = [
    ["javascript", "index.js", "js"],
    ["python", "model.py", "python"],
    ["sql", "model.sql", "sql"],
  ] as const;
  for (const [language, file, fence] of shown) {
    const path = await begun(language);
    const code = readFileSync(join(path, file), "utf8");
    for (const guide of ["en", "zh-CN"]) {
      const page = readFileSync(join(examples, "..", "docs", guide, "first-model.md"), "utf8");
      const [, block = ""] = new RegExp(`\`\`\`${fence}\\n([^\`]*(?:\`[^\`]+)*?)\`\`\`\\n`).exec(page) ?? [];
      assert.ok(block.length > 100 && code.endsWith(block), `${guide} ${file}`);
    }
  }
  const path = await begun("wasm");
  const binding = join("assembly", "entente.ts");
  const example = join(examples, "models", "scorer-wasm", binding);
  assert.equal(readFileSync(join(path, binding), "utf8"), readFileSync(example, "utf8"));
});

test("a folder that is not empty stays as it is", async () => {
  const path = fresh();
  mkdirSync(path);
  await json("model", "init", path);
  await refused("project.not-empty", "model", "init", path);
  const file = join(home, "a-file");
  writeFileSync(file, "mine");
  await refused("project.not-empty", "model", "init", file);
  assert.equal(readFileSync(file, "utf8"), "mine");
  await refused("file.unwritable", "model", "init", join(file, "below"));
  assert.equal((await run("model", "init", fresh(), "--language", "cobol")).status, 2);
});

test("a run says what ran where, on what, and shows the result", async () => {
  const path = await begun();
  const { status, out } = await run("model", "test", path, "--lang", "en", "--parameter", "atLeast=50");
  assert.equal(status, 0);
  const isolation = bubblewrap === true ? "bubblewrap" : "quickjs";
  assert.match(out, new RegExp(`^Sandbox +javascript, kept in by ${isolation}`));
  assert.match(out, /visits: 1,000 rows, made up \(seed 1\)/);
  assert.match(out, /atLeast = 50/);
  assert.match(out, /Time +\d+ ms/);
  assert.match(out, /diagnosis \(utf8\) +patients \(i32\)\n─+ +─+\ndiagnosis A +\d+/);
  assert.match(out, /Log\n {2}\d+ diagnoses$/);
  const chinese = await run("model", "test", path, "--lang", "zh-CN", "--sandbox", "quickjs");
  assert.match(chinese.out, /沙箱 +javascript，隔离方式 quickjs：.*较弱/);
  assert.match(chinese.out, /1,000 行，合成数据（种子 1）/);
});

test("the same seed gives the same run; rows are as many as asked", async () => {
  const path = await begun();
  const results = async (...words: string[]) => (await json("model", "test", path, ...words)).result;
  assert.deepEqual(await results("--seed", "7"), await results("--seed", "7"));
  assert.notDeepEqual(await results("--seed", "7"), await results("--seed", "8"));
  const { result, tables } = await json("model", "test", path, "--rows", "0");
  assert.deepEqual([result.rows, tables[0].rows], [0, 0]);
  assert.equal((await json("model", "test", path, "--rows", "20000")).tables[0].rows, 20_000);
});

test("made-up tables can be joined: the example finds patients in both", async () => {
  const { result, log } = await json("model", "test", regression);
  const [[measure, patients]] = result.values;
  assert.equal(measure, "patients");
  assert.ok(patients > 300, log);
});

test("on files: the example gives what it gives in a task", async () => {
  const tables = ["measurements", "diagnoses"].flatMap((name) => ["--data", `${name}=${hospital(name)}`]);
  const out = join(home, "result.csv");
  const { result, tables: taken } = await json("model", "test", regression, ...tables, "--out", out);
  const auc = result.values.find(([name]: [string]) => name === "auc")[1];
  assert.ok(Math.abs(auc - 0.9852282560840456) < 1e-9);
  assert.deepEqual(
    taken.map(({ rows, synthetic }: { rows: number; synthetic: boolean }) => [rows, synthetic]),
    [
      [548, false],
      [551, false],
    ],
  );
  assert.match(readFileSync(out, "utf8"), /^measure,value\r\npatients,530\r\nauc,0\.98522/);
  await refused("file.unreadable", "model", "test", regression, "--data", `measurements=${join(home, "none.csv")}`);
  await refused("trial.table", "model", "test", regression, "--data", `measured=${hospital("measurements")}`);
  const other = await refused(
    "model.table",
    "model",
    "test",
    regression,
    "--data",
    `measurements=${hospital("diagnoses")}`,
  );
  assert.match(other.text, /there is no column radius_mean|没有|radius_mean/);
});

test("values of every type are told right to the last digit", async () => {
  const columns = { a: "i64", b: "decimal", c: "date", d: "timestamp", e: "binary", f: "utf8", g: "bool", h: "f64" };
  const path = await withCode(
    `export const main = () => [
       { a: 9007199254740993n, b: "12.50", c: "1969-12-31", d: -1n, e: new Uint8Array([255]), f: "", g: true, h: 0.1 },
       {},
     ];`,
    { tables: {}, result: { columns, maxRows: 2 }, parameters: {} },
  );
  rmSync(join(path, "parameters.json"));
  const { result } = await json("model", "test", path);
  assert.deepEqual(result.values, [
    ["9007199254740993", "12.50", "1969-12-31", "1969-12-31T23:59:59.999999Z", "/w==", "", true, 0.1],
    Array.from({ length: 8 }, () => null),
  ]);
  assert.match((await run("model", "test", path, "--lang", "en")).out, /9007199254740993 .* "" +true +0\.1\n∅/);
});

test("a model that fails: the refusal, on which rows, and what to do", async () => {
  const threw = await withCode("export const main = () => { throw new Error('no such luck \\u001b[31m'); };");
  const { status, out, error } = await run("model", "test", threw, "--lang", "en");
  assert.equal(status, 1);
  assert.match(out, /^Sandbox[\s\S]*visits: 0 rows, made up \(seed 1\)/);
  assert.match(error, /same --seed gives the same rows[\s\S]*\nmodel\.threw: The model failed: Error: no such luck/);
  assert.ok(!error.includes("\u001b"));
  assert.match((await run("model", "test", threw, "--lang", "zh-CN")).error, /合成数据含有缺失值[\s\S]*模型运行出错/);

  const rows = await withCode("export const main = () => Array.from({ length: 101 }, () => ({}));");
  await refused("model.result-rows", "model", "test", rows);
  const other = await withCode("export const main = () => [{ patient_no: 1 }];");
  await refused("model.result-schema", "model", "test", other);
  const slow = await withCode("export const main = () => { for (;;); };");
  await refused("model.timeout", "model", "test", slow, "--seconds", "1");
  const nothing = await withCode("export const other = 1;");
  await refused("model.threw", "model", "test", nothing);
});

test("what cannot be run at all is said before anything runs", async () => {
  await refused("project.missing", "model", "test", home);
  await refused("project.missing", "model", "test", join(home, "nowhere"));
  const unknown = await withCode("", { runner: "cobol" });
  assert.match((await refused("trial.runner", "model", "test", unknown, "--lang", "en")).text, /one of: javascript/);
  await refused("model.parameter", "model", "test", await begun(), "--parameter", "atLeast=many");
  await refused("model.parameter", "model", "test", await begun(), "--parameter", "atMost=1");
  await refused("model.manifest", "model", "test", await withCode("", { result: {} }));
  await refused("trial.sandbox", "model", "test", await begun("sql"), "--sandbox", "quickjs");
  for (const wrong of [
    ["--rows", "-1"],
    ["--rows", "1e9"],
    ["--seconds", "0"],
    ["--memory", "1"],
  ])
    assert.equal((await run("model", "test", await begun(), `${wrong[0]}=${wrong[1]}`)).status, 2, wrong.join(" "));
  const damaged = await begun();
  writeFileSync(join(damaged, "parameters.json"), "[");
  await refused("project.parameters", "model", "test", damaged);
});

test("packing: the same files give the same bytes, whatever their times and rights", async () => {
  const path = await begun();
  const copy = fresh();
  cpSync(path, copy, { recursive: true });
  for (const file of readdirSync(copy)) {
    utimesSync(join(copy, file), 1, 1);
    chmodSync(join(copy, file), 0o755);
  }
  mkdirSync(join(copy, "node_modules"));
  writeFileSync(join(copy, "node_modules", "ignored.js"), "");
  const [one, two] = [join(home, "one.tar.gz"), join(home, "two.tar.gz")];
  const packed = await json("model", "pack", path, "--out", one);
  await json("model", "pack", copy, "--out", two);
  assert.deepEqual(readFileSync(one), readFileSync(two));
  assert.equal(packed.sha256, createHash("sha256").update(readFileSync(one)).digest("hex"));
  assert.deepEqual([packed.files, packed.limit, packed.size], [4, 20 * 2 ** 20, readFileSync(one).length]);
  // What is published is what was packed, and an archive is tried as a folder is.
  assert.deepEqual(await archiveOf(path), new Uint8Array(readFileSync(one)));
  const { result } = await json("model", "test", one, "--parameter", "atLeast=10");
  assert.deepEqual(result, (await json("model", "test", path)).result);
  // Beside the folder: inside it would be part of the next archive.
  assert.equal((await json("model", "pack", path)).file.endsWith(`${path.split("/").at(-1)}.tar.gz`), true);
  await refused("project.out", "model", "pack", path, "--out", join(path, "x.tar.gz"));
  await refused("project.missing", "model", "pack", one);
  await refused("model.manifest", "model", "pack", await withCode("", { entry: "other.js" }));
  const human = await run("model", "pack", path, "--lang", "en", "--out", one);
  assert.match(human.out, /\d+ of at most 20971520 bytes/);
  assert.ok(human.out.endsWith(`SHA-256  ${packed.sha256}`));
});

test("comparing: files line by line, manifests in words; status 1 where something differs", async () => {
  const a = await begun();
  const b = fresh();
  cpSync(a, b, { recursive: true });
  writeFileSync(join(b, "README.md"), readFileSync(join(a, "README.md")));
  assert.deepEqual(await json("model", "diff", a, b), { same: true, manifest: [], files: [] });

  const manifest = JSON.parse(readFileSync(join(a, "entente.json"), "utf8"));
  manifest.tables.visits.columns.birth_date = "date";
  manifest.tables.people = { columns: { name: "utf8" } };
  manifest.result.columns.oldest = "date";
  manifest.result.maxRows = 10;
  writeFileSync(join(b, "entente.json"), JSON.stringify(manifest));
  const code = readFileSync(join(a, "index.js"), "utf8");
  writeFileSync(join(b, "index.js"), code.replace("diagnosis.isNull(row)", "false\u202e"));
  writeFileSync(join(b, "weights.bin"), Uint8Array.of(0, 255));
  rmSync(join(b, "parameters.json"));

  const { status, out, error } = await run("model", "diff", a, b, "--lang", "en");
  assert.equal(status, 1);
  assert.match(error, /^project\.different: .* 4 files differ/);
  for (const line of [
    "! It reads another table, people: name.",
    "! It reads another column of visits: birth_date (date).",
    "! The result has another column: oldest (date).",
    "  The result may have 10 rows, before 100.",
    "--- a/index.js",
    "+++ b/index.js",
    "-      if (patient.isNull(row) || diagnosis.isNull(row)) continue;",
    "+      if (patient.isNull(row) || false\\u202e) continue;",
    "+++ /dev/null",
  ])
    assert.ok(out.split("\n").includes(line), `${line}\n${out}`);
  assert.match(out, /weights\.bin: added, not text: SHA-256 - -> [0-9a-f]{64}/);
  assert.match((await run("model", "diff", a, b, "--lang", "zh-CN")).out, /! 新增读取数据表 people：name。/);

  const told = await run("model", "diff", a, b, "--json", "--lang", "en");
  const { same, files, manifest: changes } = JSON.parse(told.out);
  assert.equal(same, false);
  assert.deepEqual(
    files.map(({ path, change }: { path: string; change: string }) => [path, change]),
    [
      ["entente.json", "changed"],
      ["index.js", "changed"],
      ["parameters.json", "removed"],
      ["weights.bin", "added"],
    ],
  );
  assert.equal(changes.filter(({ more }: { more: boolean }) => more).length, 3);
  assert.equal(JSON.parse(told.error).error.code, "project.different");

  // An archive against the folder that it was packed from.
  const archive = join(home, "a.tar.gz");
  await json("model", "pack", a, "--out", archive);
  assert.equal((await json("model", "diff", archive, a)).same, true);
});
