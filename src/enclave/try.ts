/**
 * Tries a model on its author's machine: the runners and readers that the enclave has, on rows that are made up or on
 * files of the author's. The only door through which the rest of the product runs a model.
 */
import { randomBytes } from "#crypto";
import { toBase64 } from "../base/bytes.ts";
import { Refusal, refusals } from "../base/refusal.ts";
import type { Policy } from "../rules/policy.ts";
import { type Batch, type ColumnType, type Field, type Schema, type Value, valueAt } from "./columns/batch.ts";
import { writeCsv } from "./files/csv-write.ts";
import { type FileFormat, selectFields } from "./files/format.ts";
import { fileFormats } from "./files/registry.ts";
import { openGate } from "./gate/gate.ts";
import { type Manifest, readManifest, resolveParameters, schemaOfColumns } from "./runners/manifest.ts";
import { runnersOf } from "./runners/registry.ts";
import type { Isolation, Limits, Result, Runner } from "./runners/runner.ts";
import type { DescribedField } from "./synthesis/meanings.ts";
import { joinedColumns, synthesise } from "./synthesis/synthesise.ts";

const refuse = refusals({
  "trial.runner": {
    status: 422,
    en: 'There is no runner {runner}. Set "runner" in entente.json to one of: {known}.',
    zh: '没有运行器 {runner}。请将 entente.json 中的 "runner" 设为以下之一：{known}。',
  },
  "trial.sandbox": {
    status: 503,
    en: "No sandbox for {runner} works on this machine: {reason}. Install what is missing and try again.",
    zh: "本机没有可用于 {runner} 的沙箱：{reason}。请安装所缺组件后重试。",
  },
  "trial.table": {
    status: 400,
    en: "The model reads no table {name}. Its entente.json names: {known}.",
    zh: "模型不读取数据表 {name}。其 entente.json 声明的表为：{known}。",
  },
});

export interface DataFile {
  readonly type: "csv" | "parquet";
  /** From the beginning, as often as asked. */
  content(): AsyncIterable<Uint8Array>;
}

export interface TrialOptions {
  /** The files of the archive. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly main: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** By table; the other tables are made up. */
  readonly data: Readonly<Record<string, DataFile>>;
  /** What the owners of tables ask of the result, by table; told the table's columns. Budgets are not counted. */
  readonly policies?: Readonly<Record<string, (columns: Schema) => Policy>>;
  /** Rows of each table that is made up. */
  readonly rows: number;
  readonly seed: string;
  readonly sandbox: Isolation | "auto";
  /** The image of Python that `scripts/python-image.ts` makes, where there is one. */
  readonly python?: string | undefined;
  readonly limits: Limits;
}

/** As JSON has it: whole numbers beyond 2^53, decimals, dates and times are text, bytes are base64. */
export type Cell = null | boolean | number | string;

export interface TrialTable {
  readonly name: string;
  /** Rows that the model took. */
  readonly rows: number;
  readonly synthetic: boolean;
}

export interface Trial {
  readonly runner: string;
  readonly isolation: string;
  readonly tables: readonly TrialTable[];
  /** The parameters with their defaults. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Milliseconds from the start of the sandbox to the end of the result. */
  readonly ms: number;
  /** The result, or why there is none. */
  readonly outcome: TrialResult | Refusal;
}

export interface TrialResult {
  readonly columns: readonly Field[];
  readonly rows: number;
  /** The rows from the beginning. */
  cells(): Generator<Cell[]>;
  /** What the receiver would get, before it is sealed. */
  csv(): AsyncIterable<Uint8Array>;
  readonly log: string;
}

/**
 * Runs the model once, and its result through the output gate: noise that the manifest declares, policies that are given.
 * @returns what came of it, a failure of the model included, and a result that may not leave
 * @throws Refusal where it cannot be run at all: model.manifest, model.parameter, trial.*, and what a gate refuses before
 *   a row is read
 */
export const tryModel = async (options: TrialOptions): Promise<Trial> => {
  const { files, main, data, limits, policies = {} } = options;
  const manifest = readManifest(files);
  const parameters = resolveParameters(manifest, { ...options.parameters });
  const stranger = Object.keys({ ...data, ...policies }).find((name) => !Object.hasOwn(manifest.tables, name));
  if (stranger !== undefined)
    throw refuse("trial.table", { name: stranger, known: Object.keys(manifest.tables).join(", ") || "-" });
  const runner = await chooseRunner(manifest.runner, options);
  const opened = await openTables(manifest, options);
  const gate = openGate({
    sources: opened.map(({ name, structure, reads }) => ({
      ...{ stream: name, structure, reads },
      policy: Object.hasOwn(policies, name) ? policies[name]?.(structure) : undefined,
    })),
    result: schemaOfColumns(manifest.result.columns),
    noise: manifest.result.noise ?? {},
    random: randomBytes,
  });
  const tables = opened.map(({ read, ...table }, i) => ({
    ...table,
    ...counted(gate.watch(i, read(gate.columns(i)))),
  }));
  const began = performance.now();
  const run = await runner.start(limits);
  run.load({ manifest, files, main, parameters });
  for (const { name, structure, reads, batches } of tables) run.table(name, selectFields(structure, reads), batches);
  const outcome = await run
    .result()
    .then((made) => resultOf(gate.release(made).result))
    .catch(requireRefusal);
  return {
    runner: manifest.runner,
    isolation: runner.isolation,
    tables: tables.map(({ name, synthetic, taken }) => ({ name, synthetic, rows: taken() })),
    parameters,
    ms: performance.now() - began,
    outcome,
  };
};

const requireRefusal = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  throw error;
};

/** The best first. */
const ISOLATIONS: readonly Isolation[] = ["bubblewrap", "quickjs"];

/** The runner that an enclave would take for this language, here. @throws Refusal trial.runner, trial.sandbox */
const chooseRunner = async (language: string, { sandbox, python }: TrialOptions): Promise<Runner> => {
  const all = ISOLATIONS.map((isolation) => runnersOf(isolation, { python }));
  const known = [...new Set(all.flatMap(Object.keys))];
  if (!known.includes(language)) throw refuse("trial.runner", { runner: language, known: known.join(", ") });
  const reasons: string[] = [];
  for (const isolation of sandbox === "auto" ? ISOLATIONS : [sandbox]) {
    const runner = runnersOf(isolation, { python })[language];
    const available = (await runner?.available()) ?? `${isolation} runs no ${language}`;
    if (runner && available === true) return runner;
    reasons.push(String(available));
  }
  throw refuse("trial.sandbox", { runner: language, reason: reasons.join("; ") });
};

interface OpenedTable {
  readonly name: string;
  readonly synthetic: boolean;
  /** All its columns. */
  readonly structure: Schema;
  /** Names of those that the model reads; what is missing is said by the run, as in a task. */
  readonly reads: readonly string[];
  /** From the beginning. */
  read(names: readonly string[]): AsyncIterable<Batch>;
}

const openTables = async (manifest: Manifest, options: TrialOptions): Promise<OpenedTable[]> => {
  const made = Object.entries(manifest.tables).map(([name, table]) => [name, describedFields(table)] as const);
  const keys = joinedColumns(made.map(([, fields]) => fields));
  return Promise.all(
    made.map(async ([name, fields]) => {
      const file = Object.hasOwn(options.data, name) ? options.data[name] : undefined;
      const { structure, read } = file ? await openFile(file) : openSynthetic(name, fields, keys, options);
      const reads = fields.map((field) => field.name).filter((one) => structure.some((column) => column.name === one));
      return { name, synthetic: !file, structure, reads, read };
    }),
  );
};

/** A manifest describes tables, not columns: what is said of a table with one column of text is said of that. */
const describedFields = ({ columns, description }: Manifest["tables"][string]): DescribedField[] => {
  const fields = schemaOfColumns(columns);
  const texts = fields.filter(({ type }) => type === "utf8");
  return fields.map((field) => (texts.length === 1 && field === texts[0] ? { ...field, description } : field));
};

/** Several batches even of few rows, since the tables of a task come in several. */
const openSynthetic = (
  table: string,
  schema: readonly DescribedField[],
  keys: readonly string[],
  { rows, seed }: TrialOptions,
) => {
  const batchRows = Math.min(8_192, Math.max(1, Math.ceil(rows / 3)));
  const structure = schema.map(({ name, type }) => ({ name, type }));
  return { structure, read: () => synthesise(schema, { rows, seed, table, keys, batchRows }) };
};

/** As the enclave reads a source: the whole file is described, then the columns that are asked for are read. */
const openFile = async ({ type, content }: DataFile) => {
  const format = fileFormats[type] as FileFormat;
  const { columns } = await format.describe(content());
  return { structure: columns, read: (names: readonly string[]) => format.read(content(), columns, names) };
};

const counted = (batches: AsyncIterable<Batch>) => {
  let rows = 0;
  async function* counting(): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      rows += batch.rows;
      yield batch;
    }
  }
  return { batches: counting(), taken: () => rows };
};

const resultOf = ({ schema, batches, rows, log }: Result): TrialResult => ({
  columns: schema,
  rows,
  log,
  csv: () => writeCsv(schema, batches),
  *cells() {
    for (const batch of batches)
      for (let row = 0; row < batch.rows; row++)
        yield batch.columns.map((column) => cellOf(column.type, valueAt(column, row)));
  },
});

const cellOf = (type: ColumnType, value: Value): Cell => {
  if (value === null) return null;
  if (value instanceof Uint8Array) return toBase64(value);
  if (type === "date") return isoTime(Number(value) * 86_400_000)?.slice(0, 10) ?? String(value);
  if (type === "timestamp") return timeOf(value as bigint);
  return typeof value === "bigint" ? String(value) : value;
};

const isoTime = (ms: number): string | undefined => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined);

const timeOf = (micros: bigint): string => {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const second = isoTime(Number((micros - fraction) / 1_000n));
  return second ? second.replace(/\.\d+Z$/, `.${String(fraction).padStart(6, "0")}Z`) : String(micros);
};
