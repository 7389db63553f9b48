/** The computed tables, read past the platform: they have to be what a rebuild makes of the ledger. */

import { openDatabase } from "../../src/platform/db/open.ts";
import type { SpineTables } from "../../src/spine/views-schema.ts";
import { runEntente } from "../../test/support/platform.ts";

const TABLES = ["resources", "parties", "members", "viewCursors", "inbox"] as const;
type Tables = ReadonlyMap<string, ReadonlySet<string>>;

/** @param database as in the configuration. The platform must not be running. */
export const checkRebuild = async (data: string, database: string, violation: (what: string) => void) => {
  const before = await readTables(data, database);
  await runEntente(["rebuild", "--json", `--data=${data}`, `--database=${database}`, "--log-level=warn"]);
  const after = await readTables(data, database);
  let rows = 0;
  for (const table of TABLES) {
    const [kept, made] = [before.get(table) ?? new Set<string>(), after.get(table) ?? new Set<string>()];
    rows += made.size;
    for (const row of kept.difference(made)) violation(`${table} had a row that the ledger does not make: ${row}`);
    for (const row of made.difference(kept)) violation(`${table} lacked a row that the ledger makes: ${row}`);
  }
  return { rows };
};

/** Each row as JSON. */
const readTables = async (data: string, database: string): Promise<Tables> => {
  const db = openDatabase(database, { dataDir: data }).$extendTables<SpineTables>();
  try {
    const entries = await Promise.all(
      TABLES.map(async (table) => {
        const rows = await db.selectFrom(table).selectAll().execute();
        return [table, new Set(rows.map((row) => JSON.stringify(row)))] as const;
      }),
    );
    return new Map(entries);
  } finally {
    await db.destroy();
  }
};
