import { sql } from "kysely";
import type { Migration } from "../../platform/db/migrate.ts";

const CHANGES = ["alter table resources add column home text", "create index resources_home on resources (home, kind)"];

export const homes0110: Migration = {
  name: "0110-homes",
  async up(db) {
    for (const change of CHANGES) await sql.raw(change).execute(db);
  },
};
