/** A platform with an enclave, and one organisation's table in a MariaDB; results go into another table there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Job,
  openDestination,
  publish,
  registerTable,
  runJob,
  theEnclave,
} from "../../drill/delivery/consortium.ts";
import { type NoMariadb, type OwnMariadb, startMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import { type Platform, startPlatform } from "../../test/support/platform.ts";
import { createTrio, type Trio } from "../../test/support/trio.ts";

export const TABLE = "visits";
export const RESULTS = "results";
/** Groups in the table. */
export const STATIONS = 1_000;

/** Three columns, as one hospital's visits to its stations would have. */
const createTable = (rows: number): string => `
create table ${TABLE} (station int not null, minutes int not null, cost double not null);
insert into ${TABLE} select seq % ${STATIONS}, seq % 240, seq / 7 from seq_1_to_${rows};
analyze table ${TABLE};
`;
export const COLUMNS = ["station", "minutes", "cost"] as const;

/** Visits, minutes and cost of each station. */
const MODEL = {
  name: "stations",
  manifest: {
    tables: { [TABLE]: { columns: { station: "i32", minutes: "i32", cost: "f64" } } },
    result: { columns: { station: "i32", visits: "i32", minutes: "f64", cost: "f64" }, maxRows: STATIONS },
    parameters: {},
  },
  code: `export async function main({ tables }) {
  const visits = new Int32Array(${STATIONS});
  const [minutes, cost] = [new Float64Array(${STATIONS}), new Float64Array(${STATIONS})];
  for await (const batch of tables.${TABLE}) {
    const [station, taken, paid] = ["station", "minutes", "cost"].map((name) => batch.column(name).values);
    for (let row = 0; row < batch.rows; row++) {
      const at = station[row];
      visits[at]++;
      minutes[at] += taken[row];
      cost[at] += paid[row];
    }
  }
  return { station: Int32Array.from(visits.keys()), visits, minutes, cost };
}
`,
};

export interface TaskStage {
  readonly database: OwnMariadb;
  readonly platform: Platform;
  readonly trio: Trio;
  /** A whole task over the table, until its sealed result is in the receiver's. */
  run(): ReturnType<typeof runJob>;
  stop(): Promise<void>;
}

/** @param rows of the table */
export const openTaskStage = async (rows: number): Promise<TaskStage | NoMariadb> => {
  const database = await startMariadb();
  if ("skip" in database) return database;
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  const limits = { "rate-limit": "1000000", "rate-burst": "1000000" };
  await using opened = new AsyncDisposableStack();
  opened.defer(() => database.stop());
  opened.defer(() => rm(directory, { recursive: true, force: true }));
  await database.sql(createTable(rows));
  const platform = await startPlatform({ data: join(directory, "data"), settings: limits });
  opened.defer(() => platform.stop());

  const trio = await createTrio(platform, join(directory, "profiles"));
  const { institute, hospitals } = trio;
  const [owner] = hospitals;
  const enclave = await theEnclave(institute);
  const source = await registerTable(owner, database, TABLE, enclave);
  const model = await publish(institute, enclave, MODEL);
  const destination = await openDestination(institute, database, RESULTS, enclave);
  const job: Job = { name: "Stations", model, sources: [{ id: source, table: TABLE }] };
  const stop = opened.move();
  return {
    database,
    platform,
    trio,
    run: () => runJob(trio, job, [owner], destination),
    stop: () => stop.disposeAsync(),
  };
};
