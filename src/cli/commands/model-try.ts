/** `entente model test`: a run of the model as its author sees it. */
import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { type Language, Refusal } from "../../base/refusal.ts";
import type { Cell, DataFile, Trial, TrialOptions, TrialResult } from "../../enclave/try.ts";
import { environment } from "../../platform/config/environment.ts";
import { loadConfig } from "../../platform/config/load.ts";
import type { Files } from "../../sdk/compare-files.ts";
import { policyOf } from "../../sdk/workflows/policy.ts";
import type { Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse as refuseUse } from "../errors.ts";
import { isDirectory, readJson, readPieces, readText, sizeOf, writeTo } from "../files.ts";
import { argOf, type Given, textOf } from "../given.ts";
import { pairs, printable, table } from "../table.ts";
import { say, type Text, text } from "../text.ts";
import { refuse } from "./model-errors.ts";
import { watchMemory } from "./model-memory.ts";

const MIB = 2 ** 20;
/** Of a result and of one value, as much as a terminal shows well; --out and --json have all. */
const SHOWN_ROWS = 20;
const SHOWN_CHARACTERS = 60;
const PARAMETERS_FILE = "parameters.json";

export const TEST_FLAGS: readonly Flag[] = [
  {
    name: "rows",
    type: "integer",
    default: 1_000,
    limits: "0..10000000",
    summary: text("rows of each table that is made up", "每张合成数据表的行数"),
  },
  { name: "seed", type: "text", default: "1", summary: text("another seed, other rows", "种子不同则合成的数据不同") },
  {
    name: "data",
    type: "pair",
    many: true,
    value: "TABLE=FILE",
    summary: text("a table from a CSV or Parquet file", "从 CSV 或 Parquet 文件读取数据表"),
  },
  {
    name: "policy",
    type: "pair",
    many: true,
    value: "TABLE=FILE.json",
    summary: text("what a table's owner asks of the result (docs: gate)", "数据表所有者的结果策略"),
  },
  {
    name: "parameter",
    type: "pair",
    many: true,
    summary: text(`over those of ${PARAMETERS_FILE}`, `覆盖 ${PARAMETERS_FILE} 中的参数`),
  },
  { name: "main", type: "text", default: "main", value: "FUNCTION" },
  {
    name: "seconds",
    type: "number",
    default: 600,
    limits: "0.1..86400",
    summary: text("time limit", "时间限额（秒）"),
  },
  {
    name: "memory",
    type: "integer",
    default: 1_024,
    value: "MIB",
    limits: "16..262144",
    summary: text("memory limit", "内存限额（MiB）"),
  },
  {
    name: "sandbox",
    type: "text",
    choices: ["auto", "bubblewrap", "quickjs"],
    default: "auto",
    summary: text("isolation; the best that works here", "隔离方式，默认采用本机可用的最佳方式"),
  },
  {
    name: "python",
    type: "text",
    value: "DIR",
    summary: text(
      "image of Python that scripts/python-image.ts makes; that of the platform's settings",
      "scripts/python-image.ts 生成的 Python 环境，默认取平台配置",
    ),
  },
  { name: "out", type: "text", value: "FILE.csv", summary: text("writes the whole result", "将完整结果写入文件") },
];

/** @throws Refusal trial.*, model.*, usage.value, file.* */
export const testModel = async (context: Context, given: Given, files: Files): Promise<unknown> => {
  const { tryModel } = await import("../../enclave/try.ts");
  const seed = textOf(given, "seed") ?? "1";
  const options: TrialOptions = {
    files,
    main: textOf(given, "main") ?? "main",
    parameters: { ...exampleParameters(argOf(given, "path") || "."), ...pairsOf(given, "parameter") },
    data: dataFiles(given),
    policies: policiesOf(given),
    rows: numberOf(given, "rows"),
    seed,
    sandbox: (textOf(given, "sandbox") ?? "auto") as TrialOptions["sandbox"],
    python: textOf(given, "python") ?? configuredPython(),
    limits: { seconds: numberOf(given, "seconds"), memory: numberOf(given, "memory") * MIB, output: 64 * MIB },
  };
  const peak = watchMemory();
  const trial = await tryModel(options).finally(peak);
  const measured = { ...trial, memory: peak() ?? null, seed };
  const { outcome } = trial;
  if (!context.json) context.print(summary(measured, context.language));
  if (outcome instanceof Refusal) {
    const hint = HINTS[outcome.code];
    if (hint && !context.json) context.note(hint);
    throw outcome;
  }
  const out = textOf(given, "out");
  if (out !== undefined) await writeResult(out, outcome);
  if (context.json) return inJson(measured, outcome);
  context.print(`\n${resultTable(outcome, context.language)}`);
  if (outcome.log !== "") context.print(`\n${say(LOG, context.language)}\n${indented(outcome.log)}`);
  return undefined;
};

/** @throws Refusal usage.value beyond the flag's limits */
const numberOf = (given: Given, name: string): number => {
  const flag = TEST_FLAGS.find((one) => one.name === name);
  const value = Number(given.flags[name] ?? flag?.default);
  const [low = 0, high = 0] = flag?.limits?.split("..").map(Number) ?? [];
  if (value >= low && value <= high) return value;
  const expected = flag?.limits ?? "";
  throw refuseUse("usage.value", { flag: `--${name}`, value, expected, command: "entente model test" });
};

const configuredPython = (): string | undefined => loadConfig({ env: environment }).python || undefined;

const pairsOf = ({ flags }: Given, name: string): Readonly<Record<string, unknown>> =>
  (flags[name] as Record<string, unknown> | undefined) ?? {};

/** @throws Refusal project.parameters */
const exampleParameters = (path: string): object => {
  const file = join(path, PARAMETERS_FILE);
  if (!isDirectory(path) || !existsSync(file)) return {};
  const value = jsonOf(file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw refuse("project.parameters", { path: file, reason: "it is not a JSON object" });
};

const jsonOf = (file: string): unknown => {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw refuse("project.parameters", { path: file, reason: (error as Error).message });
  }
};

/** @throws Refusal file.unreadable */
const dataFiles = (given: Given): Record<string, DataFile> =>
  Object.fromEntries(
    Object.entries(pairsOf(given, "data")).map(([name, value]): [string, DataFile] => {
      const path = String(value);
      sizeOf(path);
      const type = extname(path).toLowerCase() === ".parquet" ? "parquet" : "csv";
      return [name, { type, content: () => readPieces(path) }];
    }),
  );

/** As owners write them, with names of columns. @throws Refusal file.unreadable; policy.malformed, source.column-unknown */
const policiesOf = (given: Given): NonNullable<TrialOptions["policies"]> =>
  Object.fromEntries(
    Object.entries(pairsOf(given, "policy")).map(([name, path]) => {
      const written = readJson(String(path));
      return [name, (columns: readonly { readonly name: string }[]) => policyOf(columns, written)];
    }),
  );

type Measured = Trial & { readonly memory: number | null; readonly seed: string };

const TITLES = {
  sandbox: text("Sandbox", "沙箱"),
  tables: text("Tables", "数据表"),
  parameters: text("Parameters", "参数"),
  time: text("Time", "耗时"),
  memory: text("Memory", "内存"),
};
const ISOLATED = text("{runner}, kept in by {isolation}", "{runner}，隔离方式 {isolation}");
const WEAK = text(
  "{runner}, kept in by {isolation}: a weaker wall, and slower, than the bubblewrap of an enclave",
  "{runner}，隔离方式 {isolation}：比可信执行环境所用的 bubblewrap 隔离较弱、速度较慢",
);
const SYNTHETIC = text("{name}: {rows} rows, made up (seed {seed})", "{name}：{rows} 行，合成数据（种子 {seed}）");
const GIVEN = text("{name}: {rows} rows", "{name}：{rows} 行");
const MS = text("{ms} ms", "{ms} 毫秒");
const AT_MOST = text("{mib} MiB at most, with the runtime of the language", "峰值 {mib} MiB，含语言运行时");
const SOME = text(
  "{shown} of {rows} rows. The whole result: --out FILE.csv",
  "共 {rows} 行，显示 {shown} 行。完整结果：--out FILE.csv",
);
const ALL = text("{rows} rows.", "共 {rows} 行。");
const LOG = text("Log", "日志");

const HINTS: Readonly<Record<string, Text>> = {
  "model.threw": text(
    "Rows that are made up hold missing values, empty texts and extreme numbers, as tables in production do. The same --seed gives the same rows; fewer --rows make the case small.",
    "合成数据含有缺失值、空文本与极端数值，与生产数据相同。相同的 --seed 得到相同的数据；减少 --rows 可缩小问题范围。",
  ),
  "model.timeout": text(
    "--seconds sets the limit here; a task sets its own.",
    "此处用 --seconds 设置时限；任务有自己的时限。",
  ),
  "model.memory": text(
    "--memory sets the limit here; a task sets its own.",
    "此处用 --memory 设置内存限额；任务有自己的限额。",
  ),
  "model.table": text(
    "The first line of a CSV file names its columns; types are those that every value fits.",
    "CSV 文件的第一行为字段名；字段类型取能容纳全部值的类型。",
  ),
  "model.parameter": text(
    `Parameters come from --parameter, ${PARAMETERS_FILE} and the defaults of entente.json, in this order.`,
    `参数依次取自 --parameter、${PARAMETERS_FILE} 与 entente.json 的默认值。`,
  ),
};

const summary = ({ runner, isolation, tables, parameters, ms, memory, seed }: Measured, language: Language): string => {
  const tableLine = ({ name, rows, synthetic }: Trial["tables"][number]) =>
    say(synthetic ? SYNTHETIC : GIVEN, language, { name, rows: grouped(rows), seed });
  const rows: (readonly [Text, string])[] = [
    [TITLES.sandbox, say(isolation === "quickjs" ? WEAK : ISOLATED, language, { runner, isolation })],
    [TITLES.tables, tables.map(tableLine).join("\n") || "-"],
    [
      TITLES.parameters,
      Object.entries(parameters)
        .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
        .join("\n") || "-",
    ],
    [TITLES.time, say(MS, language, { ms: ms.toFixed(0) })],
    [TITLES.memory, memory === null ? "-" : say(AT_MOST, language, { mib: (memory / MIB).toFixed(1) })],
  ];
  return pairs(rows.map(([title, value]) => [say(title, language), value] as const));
};

const grouped = (n: number): string => n.toLocaleString("en");

const resultTable = (result: TrialResult, language: Language): string => {
  const shown = result.cells().take(SHOWN_ROWS).toArray();
  const head = result.columns.map(({ name, type }) => `${name} (${type})`);
  const details = { shown: shown.length, rows: grouped(result.rows) };
  const footer = say(shown.length < result.rows ? SOME : ALL, language, details);
  return `${table(
    head,
    shown.map((row) => row.map(shortened)),
  )}\n\n${footer}`;
};

const shortened = (cell: Cell): string => {
  if (cell === null) return "∅";
  if (cell === "") return '""';
  const characters = [...String(cell)];
  return characters.length > SHOWN_CHARACTERS
    ? `${characters.slice(0, SHOWN_CHARACTERS).join("")}…`
    : characters.join("");
};

const indented = (log: string): string =>
  log
    .trimEnd()
    .split("\n")
    .map((line) => `  ${printable(line)}`)
    .join("\n");

const inJson = ({ outcome: _, ...trial }: Measured, { columns, rows, cells, log }: TrialResult) => ({
  ...trial,
  result: { columns, rows, values: cells().toArray() },
  log,
});

const writeResult = async (path: string, result: TrialResult): Promise<void> => {
  writeTo(path, Buffer.concat(await Array.fromAsync(result.csv())));
};
