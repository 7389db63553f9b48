/**
 * A whole task over a table of 1,000,000 rows and 3 columns: read from MariaDB over TLS, grouped in the sandbox by a
 * model in JavaScript, sealed, written back into a table and its receipt on the ledger, from the moment that the last
 * authorisation is sent. Against the same with rows as objects and lines of JSON, without sandbox and ledger. In turns;
 * everything shares the machine. What is in the columns matters to both: so there are three tables, and the one with a
 * day in it is what the target is for.
 */
import { isDeepStrictEqual } from "node:util";
import { readDelivered } from "../drill/delivery/consortium.ts";
import { fromUtf8 } from "../src/base/bytes.ts";
import { resultContext } from "../src/trust/envelope/contexts.ts";
import { openBytes } from "../src/trust/envelope/envelope.ts";
import { keyFromPem } from "../src/trust/keys.ts";
import { median, report } from "./support.ts";
import { runWithRows } from "./task/rows.ts";
import { openTaskStage, RESULTS, type TaskStage } from "./task/stage.ts";
import { days, numbers, type Table, texts } from "./task/tables.ts";

const ROWS = 1_000_000;
const RUNS = 9;
const WARM_UP = 2;
const TABLES = { [days.name]: "a day", [numbers.name]: "numbers alone", [texts.name]: "a text" };
const bench = "task";

const decrypted = async ({ database, trio }: TaskStage, task: string): Promise<string[]> => {
  const key = keyFromPem(trio.resultKey.privatePem, { accept: ["P-256"] });
  const plain = await openBytes(readDelivered(database, RESULTS, task), { key, context: resultContext(task) });
  return fromUtf8(plain).trim().split(/\r?\n/);
};

interface Group {
  readonly key: string;
  readonly visits: number;
  readonly cost: number;
}

/** Both came to the same. @param csv with a header; @param lines of JSON */
const requireSame = (csv: readonly string[], lines: readonly string[]) => {
  const ours = csv.slice(1).map((line) => line.split(","));
  const theirs = lines.map((line) => JSON.parse(line) as Group).map((group) => Object.values(group).map(String));
  if (!isDeepStrictEqual(ours.sort(), theirs.sort())) throw new Error("the two results are not the same");
};

const measure = async (stage: TaskStage, table: Table) => {
  const times = { ours: [] as number[], rows: [] as number[] };
  for (let run = -WARM_UP; run < RUNS; run++) {
    const { elapsed, digest } = await stage.run(table);
    const task = `${table.name} ${run}`;
    const slow = await runWithRows(stage.database, table, task, stage.trio.resultKey.publicPem);
    if (run < 0) continue;
    if (run === 0) requireSame(await decrypted(stage, digest), await decrypted(stage, task));
    times.ours.push(elapsed);
    times.rows.push(slow);
  }
  return times;
};

const range = (times: readonly number[]) => `${Math.round(Math.min(...times))} to ${Math.round(Math.max(...times))} ms`;

const stage = await openTaskStage([days, numbers, texts], ROWS);
if ("skip" in stage) {
  console.log(JSON.stringify({ bench, skip: stage.skip }));
} else {
  try {
    for (const table of [days, numbers, texts]) {
      const { ours, rows } = await measure(stage, table);
      const name = `with ${TABLES[table.name]}`;
      const [value, peer] = [median(ours), median(rows)];
      const bound = { target: 600, atMost: true, note: `${RUNS} runs in turns, ${range(ours)}` } as const;
      report({ bench, metric: `${name}: last authorisation to result, p50`, value, unit: "ms", ...bound });
      const note = `rows as objects, lines of JSON: ${Math.round(peer)} ms, ${range(rows)}`;
      const target = table === days ? { target: 10 } : {};
      const metric = `${name}: to the same with row objects`;
      report({ bench, metric, value: peer / value, unit: "x", ...target, note });
    }
  } finally {
    await stage.stop();
  }
}
