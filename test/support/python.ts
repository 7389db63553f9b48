/** Models in Python for tests, and the image to run them in. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { makePythonImage } from "../../scripts/python-image.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { Refusal } from "../../src/base/refusal.ts";
import { type Batch, rowsOf, type Schema, type Value } from "../../src/enclave/columns/batch.ts";
import { batchOf } from "../../src/enclave/columns/build.ts";
import type { Manifest } from "../../src/enclave/runners/manifest.ts";
import { createPythonRunner } from "../../src/enclave/runners/python/index.ts";
import type { Limits, Result, Run } from "../../src/enclave/runners/runner.ts";

/** The image's folder, made where it is not there yet; or why there is none. */
export const findPythonImage = (): Promise<{ directory: string } | { skip: string }> =>
  makePythonImage().then(
    (directory) => ({ directory }),
    (error: Error) => ({ skip: `there is no image of Python: ${error.message.split("\n", 1)[0]}` }),
  );

const image = await findPythonImage();
export const runner = createPythonRunner("skip" in image ? undefined : image.directory);
export const LIMITS: Limits = { seconds: 20, memory: 256 << 20, output: 8 << 20 };
const PEOPLE: Schema = [
  { name: "id", type: "i32" },
  { name: "name", type: "utf8" },
];
export const MANIFEST: Manifest = {
  runner: "python",
  entry: "main.py",
  tables: { people: { columns: { id: "f64", name: "utf8" } } },
  result: { columns: { name: "utf8", value: "f64" }, maxRows: 100 },
  parameters: {},
};

/** The table `people`, a batch for each list of rows. */
export async function* batches(...lists: Record<string, Value>[][]): AsyncGenerator<Batch> {
  for (const rows of lists) yield batchOf(PEOPLE, rows);
}
export interface Options {
  manifest?: Partial<Manifest>;
  limits?: Partial<Limits>;
  files?: Record<string, string>;
  main?: string;
  parameters?: Record<string, string | number | boolean>;
  data?: AsyncIterable<Batch>;
}
export const start = async (source: string, options: Options = {}): Promise<Run> => {
  const run = await runner.start({ ...LIMITS, ...options.limits });
  const files = Object.entries({ "main.py": source, ...options.files }).map(
    ([path, text]) => [path, utf8(text)] as const,
  );
  const manifest = { ...MANIFEST, ...options.manifest };
  run.load({ manifest, files: new Map(files), main: options.main ?? "main", parameters: options.parameters ?? {} });
  if (manifest.tables.people)
    run.table("people", PEOPLE, options.data ?? batches([{ id: 1, name: "a" }], [{ id: 2, name: null }]));
  return run;
};
export const resultOf = async (source: string, options?: Options): Promise<Result> =>
  (await start(source, options)).result();
export const rowsFrom = async (source: string, options?: Options) =>
  (await resultOf(source, options)).batches.flatMap(rowsOf);
/** The main function that has this body, its lines as deep as the first of them. */
export const body = (text: string) => {
  const [, indent = ""] = /^\n?( *)/.exec(text) ?? [];
  const lines = text.split("\n").map((line) => `    ${line.startsWith(indent) ? line.slice(indent.length) : line}`);
  return `import os, sys\ndef main(tables, parameters, log):\n${lines.join("\n")}\n`;
};

/** Tells the refusal, and that nothing of the sandbox is left. */
export const refusalOf = async (source: string, options?: Options): Promise<Refusal> => {
  try {
    const result = await resultOf(source, options);
    assert.fail(`not refused: ${JSON.stringify(result.batches.flatMap(rowsOf))} ${result.log}`);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
};
const sandboxes = (): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("/python/bin/python3\0") &&
        parentsOf(Number(pid)).includes(process.pid)
      );
    } catch {
      return false;
    }
  });
const parentsOf = (pid: number): number[] => {
  const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? 0);
  return parent > 1 ? [parent, ...parentsOf(parent)] : [parent];
};

/** A test that needs the sandbox. */
export const sandboxed = (name: string, run: (t: TestContext) => Promise<void>) =>
  test(name, { timeout: 120_000 }, async (t) => {
    const available = "skip" in image ? image.skip : await runner.available();
    if (available !== true) return t.skip(available);
    await run(t);
    assert.deepEqual(sandboxes(), [], "no process is left");
  });
