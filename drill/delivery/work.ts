/** What is computed in the drill, so that every result is known beforehand to the last byte. */
import type { MortalMariadb } from "./mariadb.ts";

/** Rows of a source. */
const ROWS = 40_000;
export const TABLES = ["left", "right"] as const;

/** Letters in a row that only makes the result large. */
const FILLER = 64 << 10;
/** So many of them: nothing but figures, one part of the receiver's table, several. */
export const FILLERS = [0, 0, 16, 80] as const;

export const createTables = async ({ server }: MortalMariadb): Promise<void> => {
  for (const table of TABLES)
    await server.sql(
      `create table \`${table}\` (number double not null); insert into \`${table}\` select seq from seq_1_to_${ROWS};`,
    );
};

/** Adds up its tables; the result has that, the task's own round, and as much more as is asked for. */
export const MODEL = {
  name: "sum",
  manifest: {
    tables: Object.fromEntries(TABLES.map((name) => [name, { columns: { number: "f64" } }])),
    result: { columns: { measure: "utf8", value: "f64" }, maxRows: 2 + Math.max(...FILLERS) },
    parameters: { round: { type: "number", default: 0 }, fillers: { type: "number", default: 0 } },
  },
  code: `export async function main({ tables, parameters }) {
  let sum = 0;
  for (const table of [tables.left, tables.right])
    for await (const batch of table)
      for (let i = 0; i < batch.rows; i++) sum += batch.column("number").get(i);
  const rows = [{ measure: "round", value: parameters.round }, { measure: "sum", value: sum }];
  for (let i = 0; i < parameters.fillers; i++)
    rows.push({ measure: String.fromCharCode(97 + (i % 26)).repeat(${FILLER}), value: i });
  return rows;
}
`,
};

/** The result, as its receiver decrypts it. */
export const expected = (round: number, fillers: number): string => {
  const rows = [
    ["round", round],
    ["sum", TABLES.length * ((ROWS * (ROWS + 1)) / 2)],
    ...Array.from({ length: fillers }, (_, i) => [String.fromCharCode(97 + (i % 26)).repeat(FILLER), i]),
  ];
  return ["measure,value", ...rows.map((row) => row.join(",")), ""].join("\r\n");
};
