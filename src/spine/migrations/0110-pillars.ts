import { sql } from "kysely";
import type { Migration } from "../../platform/db/migrate.ts";

const CHANGES = [
  "alter table resources add column home text",
  "alter table resources add column subject text",
  "alter table resources add column lapses_to text",
  `update resources set lapses_to = case when state = 'running' then 'failed' else 'authorisation-failed' end
    where expires_at is not null and (state like '%-authorising' or state in ('authorised', 'running'))`,
  "create index resources_home on resources (home, kind)",
  "create index resources_subject on resources (subject, kind)",
];

/** A second pillar: streams that belong to others, and states that lapse into others than a task's. */
export const pillars0110: Migration = {
  name: "0110-pillars",
  async up(db) {
    for (const change of CHANGES) await sql.raw(change).execute(db);
  },
};
