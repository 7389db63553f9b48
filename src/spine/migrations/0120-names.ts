import { sql } from "kysely";
import type { Migration } from "../../platform/db/migrate.ts";

/** Lists in the order of names. */
export const names0120: Migration = {
  name: "0120-names",
  async up(db) {
    await sql.raw("create index resources_named on resources (kind, name, stream)").execute(db);
  },
};
