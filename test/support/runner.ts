/** Models for tests of runners: started on a table of people, and what came of it. */
import assert from "node:assert/strict";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { utf8 } from "../../src/base/bytes.ts";
import { Refusal } from "../../src/base/refusal.ts";
import { pack, unpack } from "../../src/enclave/archive.ts";
import { type Batch, rowsOf, type Schema, type Value } from "../../src/enclave/columns/batch.ts";
import { batchOf } from "../../src/enclave/columns/build.ts";
import { csv } from "../../src/enclave/files/csv.ts";
import {
  type Manifest,
  type ParameterValue,
  readManifest,
  resolveParameters,
} from "../../src/enclave/runners/manifest.ts";
import type { Limits, Result, Run, Runner } from "../../src/enclave/runners/runner.ts";

type Row = Record<string, Value>;

/** A table, a batch for each list of rows. */
export async function* batches(schema: Schema, ...lists: (readonly Row[])[]): AsyncGenerator<Batch> {
  for (const rows of lists) yield batchOf(schema, rows);
}
export const PEOPLE: Schema = [
  { name: "id", type: "i32" },
  { name: "name", type: "utf8" },
];
/** What is read as the table `people`. */
export const people = (...lists: (readonly Row[])[]) => ({ people: [PEOPLE, batches(PEOPLE, ...lists)] as const });

/** Tables `a` and `b` of so many full batches, in which the column `x` counts from 0. */
export const largeTables = (a: number, b: number) => {
  const schema: Schema = [{ name: "x", type: "f64" }];
  const batch = batchOf(
    schema,
    Array.from({ length: 65_536 }, (_, x) => ({ x })),
  );
  async function* repeated(count: number) {
    for (let i = 0; i < count; i++) yield batch;
  }
  const declared = { columns: { x: "f64" } } as const;
  return {
    manifest: { tables: { a: declared, b: declared } },
    tables: { a: [schema, repeated(a)], b: [schema, repeated(b)] },
  } as const;
};

/** How a run differs from the others of its rig. */
export interface Options {
  readonly manifest?: Partial<Manifest>;
  readonly limits?: Partial<Limits>;
  /** Beside the entry. */
  readonly files?: Readonly<Record<string, string>>;
  readonly main?: string;
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
  readonly tables?: Readonly<Record<string, readonly [Schema, AsyncIterable<Batch>]>>;
}
interface Rig {
  readonly runner: Runner;
  readonly limits: Limits;
  readonly manifest: Manifest;
  /** Batches of `people`, where the manifest wants it and nothing else is given. */
  readonly rows: readonly (readonly Row[])[];
}

/** Runs models whose entry is `source`. */
export const createRig = ({ runner, limits, manifest: usual, rows }: Rig) => {
  const start = async (source: string | Uint8Array, options: Options = {}): Promise<Run> => {
    const manifest = { ...usual, ...options.manifest };
    const run = await runner.start({ ...limits, ...options.limits });
    const files = Object.entries({ [manifest.entry]: source, ...options.files }).map(
      ([path, content]) => [path, typeof content === "string" ? utf8(content) : content] as const,
    );
    const { main = "main", parameters = {}, tables = manifest.tables.people ? people(...rows) : {} } = options;
    run.load({ manifest, files: new Map(files), main, parameters });
    for (const [name, [schema, content]] of Object.entries(tables)) run.table(name, schema, content);
    return run;
  };
  const resultOf = async (source: string | Uint8Array, options?: Options): Promise<Result> =>
    (await start(source, options)).result();
  return { start, resultOf, ...outcomesOf(resultOf) };
};

/** What comes of runs. @param resultOf starts one and waits for it */
export const outcomesOf = <A extends unknown[]>(resultOf: (...run: A) => Promise<Result>) => ({
  rowsFrom: async (...run: A) => (await resultOf(...run)).batches.flatMap(rowsOf),
  async refusalOf(...run: A): Promise<Refusal> {
    try {
      const { batches, log } = await resultOf(...run);
      assert.fail(`not refused: ${inspect(batches.flatMap(rowsOf)).slice(0, 300)} ${log}`);
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      return error;
    }
  },
});

/** Processes that this one has in sandboxes. @param program as it is called in there */
export const sandboxesWith = (program: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        return command.startsWith(`${program}\0`) && parentsOf(pid).includes(process.pid);
      } catch {
        return false;
      }
    });
const parentsOf = (pid: number): number[] => {
  const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? 0);
  return parent > 1 ? [parent, ...parentsOf(parent)] : [parent];
};

/** Makes tests that need the sandbox, and leave nothing of it. */
export const sandboxedWith =
  (available: () => Promise<true | string>, program: string) =>
  (name: string, run: (t: TestContext) => Promise<void>) =>
    test(name, { timeout: 120_000 }, async (t) => {
      const found = await available();
      if (found !== true) return t.skip(found);
      await run(t);
      assert.deepEqual(sandboxesWith(program), [], "no process is left");
    });

const examples = new URL("../../examples/", import.meta.url);
/** Where a table of the examples lies, and a folder of a model. */
export const exampleData = (name: string): URL => new URL(`data/breast-cancer/${name}.csv`, examples);
export const exampleModel = (name: string): URL => new URL(`models/${name}/`, examples);

/** A table of the examples, as the manifest wants it. */
export const exampleTable = async ({ tables }: Manifest, name: string) => {
  const { columns } = await csv.describe(createReadStream(exampleData(name)));
  const wanted = Object.keys(tables[name]?.columns ?? {});
  return [columns, csv.read(createReadStream(exampleData(name)), columns, wanted)] as const;
};

/** The result of an example on its tables. @param given parameters */
export const runExample = async (
  runner: Runner,
  name: string,
  { given = {}, memory = 256 << 20 }: { given?: Record<string, unknown>; memory?: number } = {},
): Promise<Result> => {
  const folder = exampleModel(name);
  const sources = readdirSync(folder).map(
    (file) => [file, new Uint8Array(readFileSync(new URL(file, folder)))] as const,
  );
  const files = await unpack(await pack(new Map(sources)));
  const manifest = readManifest(files);
  const run = await runner.start({ seconds: 120, memory, output: 1 << 20 });
  run.load({ manifest, files, main: "main", parameters: resolveParameters(manifest, given) });
  for (const table of Object.keys(manifest.tables)) run.table(table, ...(await exampleTable(manifest, table)));
  return run.result();
};
