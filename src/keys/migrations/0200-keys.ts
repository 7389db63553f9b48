import { sql } from "kysely";
import type { Migration } from "../../platform/db/migrate.ts";

export const keys0200: Migration = {
  name: "0200-keys",
  async up(db) {
    await sql
      .raw("create table key_runs (attempt text primary key, run text not null, at bigint not null)")
      .execute(db);
  },
};
