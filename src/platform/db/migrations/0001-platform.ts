/** Written as SQL that both databases read; what differs is named once, in `types` and `appendOnly`. */
import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import type { DatabaseKind } from "../open.ts";

export const platform0001: Migration = {
  name: "0001-platform",
  async up(db, kind) {
    const bytes = kind === "postgres" ? "bytea" : "blob";
    for (const statement of [...accounts, ...users(bytes), ...work, ...audit, ...inbox, ...appendOnly[kind]])
      await sql.raw(statement).execute(db);
  },
};

const accounts = [
  `create table accounts (
    id text primary key,
    app_id text not null unique,
    nickname text not null,
    nickname_key text not null unique,
    status text not null,
    member text unique,
    created_at bigint not null)`,
  `create table verifications (
    id text primary key,
    account_id text not null references accounts (id),
    standing text unique,
    state text not null,
    legal_name text not null,
    registration_number text not null,
    contact text not null,
    phone text not null,
    country text not null,
    submitted_at bigint not null,
    submitted_by text not null,
    reviewed_at bigint,
    reviewed_by text,
    reason text)`,
  "create index verifications_account on verifications (account_id, id)",
  "create index verifications_state on verifications (state, id)",
];

const users = (bytes: string) => [
  `create table users (
    id text primary key,
    account_id text references accounts (id),
    login text not null unique,
    password_hash text,
    role text not null,
    created_at bigint not null,
    disabled_at bigint)`,
  "create index users_account on users (account_id, id)",
  `create table access_keys (
    id text primary key,
    user_id text not null references users (id) on delete cascade,
    sealed_secret ${bytes} not null,
    created_at bigint not null,
    disabled_at bigint,
    last_used_at bigint)`,
  "create index access_keys_user on access_keys (user_id, created_at)",
  `create table sessions (
    token_hash text primary key,
    user_id text not null references users (id) on delete cascade,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null,
    ip text not null,
    user_agent text not null)`,
  "create index sessions_user on sessions (user_id)",
  "create index sessions_expiry on sessions (expires_at)",
];

const work = [
  `create table jobs (
    id text primary key,
    kind text not null,
    key text not null,
    open_key text unique,
    payload text not null,
    state text not null,
    run_at bigint not null,
    attempts bigint not null,
    interruptions bigint not null,
    owner text,
    lease text,
    locked_until bigint,
    error text,
    created_at bigint not null,
    finished_at bigint)`,
  "create index jobs_due on jobs (state, run_at, id)",
  "create index jobs_finished on jobs (finished_at)",
  `create table idempotency (
    scope text not null,
    key text not null,
    digest text not null,
    owner text not null,
    status bigint,
    body text,
    locked_until bigint not null,
    expires_at bigint not null,
    primary key (scope, key))`,
  "create index idempotency_expiry on idempotency (expires_at)",
];

const audit = [
  `create table audit (
    id text primary key,
    at bigint not null,
    actor text not null,
    account_id text,
    action text not null,
    target text not null,
    outcome text not null,
    ip text not null,
    request_id text not null,
    details text not null)`,
  "create index audit_account on audit (account_id, id)",
];

const inbox = [
  `create table inbox (
    id text primary key,
    account_id text not null,
    kind text not null,
    stream text not null,
    detail text not null,
    state text not null,
    created_at bigint not null,
    expires_at bigint not null,
    handled_at bigint,
    unique (account_id, stream, kind))`,
  "create index inbox_account on inbox (account_id, created_at, id)",
  `create table inbox_reads (
    inbox_id text primary key,
    account_id text not null,
    read_at bigint not null)`,
];

/** An audit row is never changed, whichever code tries. */
const appendOnly: Record<DatabaseKind, string[]> = {
  sqlite: [
    "create trigger audit_no_update before update on audit begin select raise(abort, 'audit is append-only'); end",
    "create trigger audit_no_delete before delete on audit begin select raise(abort, 'audit is append-only'); end",
  ],
  postgres: [
    `create function audit_append_only() returns trigger language plpgsql as $$
      begin raise exception 'audit is append-only'; end $$`,
    `create trigger audit_append_only before update or delete or truncate on audit
      for each statement execute function audit_append_only()`,
  ],
};
