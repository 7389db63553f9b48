/** The tables of whole tasks, three columns each, and what is computed of them: over columns, and over rows. */

/** Groups that a result has. */
export const GROUPS = 1_000;

export interface Table {
  readonly name: string;
  /** Columns as MariaDB declares them. */
  readonly declared: string;
  /** Values of row `seq`. */
  readonly values: string;
  /** The columns that the model names, in the same order. */
  readonly columns: Readonly<Record<string, string>>;
  /** JavaScript: the group of row `row`, of the arrays `first` and `second`; and of the object `line`. */
  readonly group: { readonly ofColumns: string; readonly ofRow: string };
}

/** A day, a number, a number: visits to stations, and how many of them were on a Sunday. */
export const days: Table = {
  name: "days",
  declared: "day date not null, station int not null, cost double not null",
  values: `date '2020-01-01' + interval (seq % 2000) day, seq % ${GROUPS}, seq / 7`,
  columns: { day: "date", station: "i32", cost: "f64" },
  group: {
    ofColumns: "second[row] * 7 + ((first[row] + 4) % 7)",
    ofRow: "line.station * 7 + new Date(line.day).getUTCDay()",
  },
};

export const numbers: Table = {
  name: "numbers",
  declared: "station int not null, minutes int not null, cost double not null",
  values: `seq % ${GROUPS}, seq % 240, seq / 7`,
  columns: { station: "i32", minutes: "i32", cost: "f64" },
  group: { ofColumns: "first[row]", ofRow: "line.station" },
};

export const texts: Table = {
  name: "texts",
  declared: "region varchar(20) not null, minutes int not null, cost double not null",
  values: `concat('region ', seq % ${GROUPS}), seq % 240, seq / 7`,
  columns: { region: "utf8", minutes: "i32", cost: "f64" },
  group: { ofColumns: "first[row]", ofRow: "line.region" },
};

export const createTable = ({ name, declared, values }: Table, rows: number): string => `
create table ${name} (${declared});
insert into ${name} select ${values} from seq_1_to_${rows};
analyze table ${name};
`;

const ADD = `let group = groups.get(key);
    if (!group) groups.set(key, (group = { key: String(key), visits: 0, cost: 0 }));
    group.visits++;`;

/** Visits and their cost by group. */
export const modelOf = ({ name, columns, group }: Table) => ({
  name,
  manifest: {
    tables: { [name]: { columns } },
    result: { columns: { key: "utf8", visits: "i32", cost: "f64" }, maxRows: 7 * GROUPS },
    parameters: {},
  },
  code: `export async function main({ tables }) {
  const groups = new Map();
  for await (const batch of tables.${name}) {
    const [first, second, cost] = ${JSON.stringify(Object.keys(columns))}.map((name) => batch.column(name).values);
    for (let row = 0; row < batch.rows; row++) {
    const key = ${group.ofColumns};
    ${ADD}
    group.cost += cost[row];
    }
  }
  return [...groups.values()];
}
`,
});

/** The same for a program that is given a line of JSON for each row. */
export const programOf = ({ group }: Table): string => `
import { createInterface } from "node:readline";
const groups = new Map();
for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text);
    const key = ${group.ofRow};
    ${ADD}
    group.cost += line.cost;
}
for (const group of groups.values()) console.log(JSON.stringify(group));
`;
