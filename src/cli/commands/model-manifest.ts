/** What changed between two manifests, in words: what a model takes of whose tables, and what it gives away. */
import type { Manifest } from "../../enclave/runners/manifest.ts";
import { type Text, text } from "../text.ts";

export interface ManifestChange {
  /** Whether the model reads or returns more than before, or something else: for whoever lends data to look at. */
  readonly more: boolean;
  readonly text: Text;
}

type Columns = Manifest["result"]["columns"];

const list = (names: readonly string[]): string => names.join(", ");
const shown = (value: unknown): string => (value === undefined ? "-" : JSON.stringify(value));

/** The names of both, sorted by where they are. */
const split = (a: object, b: object) => {
  const [before, after] = [Object.keys(a), Object.keys(b)];
  return {
    added: after.filter((name) => !before.includes(name)),
    removed: before.filter((name) => !after.includes(name)),
    kept: before.filter((name) => after.includes(name)),
  };
};

/** In the order in which a data provider would ask. */
export const manifestChanges = (a: Manifest, b: Manifest): ManifestChange[] => [
  ...tableChanges(a, b),
  ...resultChanges(a.result, b.result),
  ...parameterChanges(a, b),
  ...programChanges(a, b),
];

const tableChanges = (a: Manifest, b: Manifest): ManifestChange[] => {
  const { added, removed, kept } = split(a.tables, b.tables);
  const columnsOf = ({ tables }: Manifest, name: string) => tables[name]?.columns ?? {};
  return [
    ...added.map((name) => {
      const columns = list(Object.keys(columnsOf(b, name)));
      return more(`It reads another table, ${name}: ${columns}.`, `新增读取数据表 ${name}：${columns}。`);
    }),
    ...removed.map((name) => less(`It no longer reads the table ${name}.`, `不再读取数据表 ${name}。`)),
    ...kept.flatMap((name) => readChanges(name, columnsOf(a, name), columnsOf(b, name))),
    ...kept.flatMap((name) => {
      const [before, after] = [a, b].map(({ tables }) => shown(tables[name]?.description));
      if (before === after) return [];
      return less(
        `It describes the table ${name} as ${after}, before as ${before}.`,
        `数据表 ${name} 的描述改为 ${after}，此前为 ${before}。`,
      );
    }),
  ];
};

const readChanges = (table: string, a: Columns, b: Columns): ManifestChange[] => {
  const { added, removed, kept } = split(a, b);
  return [
    ...added.map((name) =>
      more(
        `It reads another column of ${table}: ${name} (${b[name]}).`,
        `新增读取 ${table} 的字段 ${name}（${b[name]}）。`,
      ),
    ),
    ...removed.map((name) => less(`It no longer reads ${table}.${name}.`, `不再读取 ${table}.${name}。`)),
    ...kept
      .filter((name) => a[name] !== b[name])
      .map((name) =>
        less(
          `It reads ${table}.${name} as ${b[name]}, before as ${a[name]}.`,
          `${table}.${name} 的读取类型由 ${a[name]} 改为 ${b[name]}。`,
        ),
      ),
  ];
};

const resultChanges = (a: Manifest["result"], b: Manifest["result"]): ManifestChange[] => {
  const { added, removed, kept } = split(a.columns, b.columns);
  const order = (columns: Columns) => list(Object.keys(columns).filter((name) => kept.includes(name)));
  return [
    ...added.map((name) =>
      more(
        `The result has another column: ${name} (${b.columns[name]}).`,
        `结果新增字段 ${name}（${b.columns[name]}）。`,
      ),
    ),
    ...removed.map((name) => less(`The result no longer has the column ${name}.`, `结果不再包含字段 ${name}。`)),
    ...kept
      .filter((name) => a.columns[name] !== b.columns[name])
      .map((name) =>
        more(
          `The result's column ${name} is ${b.columns[name]}, before it was ${a.columns[name]}.`,
          `结果字段 ${name} 的类型由 ${a.columns[name]} 改为 ${b.columns[name]}。`,
        ),
      ),
    ...(order(a.columns) === order(b.columns)
      ? []
      : [
          less(
            `The result's columns are in another order: ${list(Object.keys(b.columns))}.`,
            `结果字段顺序改为：${list(Object.keys(b.columns))}。`,
          ),
        ]),
    ...(a.maxRows === b.maxRows
      ? []
      : [
          change(
            b.maxRows > a.maxRows,
            `The result may have ${b.maxRows} rows, before ${a.maxRows}.`,
            `结果最大行数由 ${a.maxRows} 改为 ${b.maxRows}。`,
          ),
        ]),
  ];
};

const parameterChanges = (a: Manifest, b: Manifest): ManifestChange[] => {
  const { added, removed, kept } = split(a.parameters, b.parameters);
  const told = ({ parameters }: Manifest, name: string) => {
    const one = parameters[name];
    return one?.default === undefined ? (one?.type ?? "-") : `${one.type} = ${shown(one.default)}`;
  };
  return [
    ...added.map((name) =>
      more(`It takes another parameter, ${name}: ${told(b, name)}.`, `新增参数 ${name}：${told(b, name)}。`),
    ),
    ...removed.map((name) => less(`It no longer takes the parameter ${name}.`, `不再使用参数 ${name}。`)),
    ...kept
      .filter((name) => told(a, name) !== told(b, name))
      .map((name) =>
        more(
          `The parameter ${name} is ${told(b, name)}, before ${told(a, name)}.`,
          `参数 ${name} 由 ${told(a, name)} 改为 ${told(b, name)}。`,
        ),
      ),
  ];
};

const programChanges = (a: Manifest, b: Manifest): ManifestChange[] => [
  ...(a.runner === b.runner
    ? []
    : [more(`It is run by ${b.runner}, before by ${a.runner}.`, `运行器由 ${a.runner} 改为 ${b.runner}。`)]),
  ...(a.entry === b.entry
    ? []
    : [more(`Its code begins in ${b.entry}, before in ${a.entry}.`, `代码入口由 ${a.entry} 改为 ${b.entry}。`)]),
];

const change = (more: boolean, en: string, zh: string): ManifestChange => ({ more, text: text(en, zh) });
const more = (en: string, zh: string) => change(true, en, zh);
const less = (en: string, zh: string) => change(false, en, zh);
