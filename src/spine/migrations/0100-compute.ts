import { sql } from "kysely";
import type { Migration } from "../../platform/db/migrate.ts";

const tables = (bytes: string) => [
  `create table resources (
    stream text primary key,
    kind text not null,
    id text not null unique,
    owner text not null,
    name text not null,
    search text not null,
    permission text not null,
    state text not null,
    created_at bigint not null,
    expires_at bigint)`,
  "create index resources_newest on resources (kind, created_at, stream)",
  "create index resources_owner on resources (owner, kind, created_at)",
  `create table parties (
    stream text not null,
    member text not null,
    relation text not null,
    via text not null,
    primary key (stream, member, relation, via))`,
  "create index parties_via on parties (via)",
  "create index parties_member on parties (member, relation, stream)",
  `create table members (
    id text primary key,
    app_id text not null unique,
    nickname text not null)`,
  `create table details (
    digest text primary key,
    text text not null)`,
  `create table uploads (
    digest text not null,
    account_id text not null,
    at bigint not null,
    primary key (digest, account_id))`,
  "create index uploads_at on uploads (at)",
  `create table managed_keys (
    account_id text primary key,
    sealed ${bytes} not null)`,
  `create table view_cursors (
    name text primary key,
    size bigint not null)`,
];

export const compute0100: Migration = {
  name: "0100-compute",
  async up(db, kind) {
    for (const table of tables(kind === "postgres" ? "bytea" : "blob")) await sql.raw(table).execute(db);
  },
};
