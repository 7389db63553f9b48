/** A platform with an enclave, and one organisation's tables in a MariaDB; results go into another table there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDestination, publish, registerTable, runJob, theEnclave } from "../../drill/delivery/consortium.ts";
import { type NoMariadb, type OwnMariadb, startMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import { type Platform, startPlatform } from "../../test/support/platform.ts";
import { createTrio, type Trio } from "../../test/support/trio.ts";
import { createTable, modelOf, type Table } from "./tables.ts";

export const RESULTS = "results";

export interface TaskStage {
  readonly database: OwnMariadb;
  readonly platform: Platform;
  readonly trio: Trio;
  /** A whole task over one of the tables, until its sealed result is in the receiver's. */
  run(table: Table): ReturnType<typeof runJob>;
  stop(): Promise<void>;
}

/** @param rows of each table */
export const openTaskStage = async (tables: readonly Table[], rows: number): Promise<TaskStage | NoMariadb> => {
  const database = await startMariadb();
  if ("skip" in database) return database;
  await using opened = new AsyncDisposableStack();
  opened.defer(() => database.stop());
  for (const table of tables) await database.sql(createTable(table, rows));
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  opened.defer(() => rm(directory, { recursive: true, force: true }));
  const limits = { "rate-limit": "1000000", "rate-burst": "1000000" };
  const platform = await startPlatform({ data: join(directory, "data"), settings: limits });
  opened.defer(() => platform.stop());

  const trio = await createTrio(platform, join(directory, "profiles"));
  const { institute, hospitals } = trio;
  const [owner] = hospitals;
  const enclave = await theEnclave(institute);
  const destination = await openDestination(institute, database, RESULTS, enclave);
  const ids = new Map<Table, { source: string; model: string }>();
  for (const table of tables) {
    const source = await registerTable(owner, database, table.name, enclave);
    ids.set(table, { source, model: await publish(institute, enclave, modelOf(table)) });
  }
  const stop = opened.move();
  return {
    database,
    platform,
    trio,
    run(table) {
      const { source = "", model = "" } = ids.get(table) ?? {};
      const { name } = table;
      return runJob(trio, { name, model, sources: [{ id: source, table: name }] }, [owner], destination);
    },
    stop: () => stop.disposeAsync(),
  };
};
