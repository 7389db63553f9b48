/** A PostgreSQL that is reached as the enclave reaches one: by TCP and TLS, under a root of its own, with passwords. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { createRoot, type IssuedCertificate, type TestRoot } from "../../src/cli/demo/machines/certificates.ts";
import { freePort } from "../../src/cli/demo/machines/host.ts";
import { DatabaseConnection } from "../../src/rules/connection.ts";
import { type NoPostgres, startPostgres } from "./postgres.ts";

export interface TlsPostgres {
  readonly root: TestRoot;
  readonly port: number;
  /** Of a user who owns the database `postgres` and everything in it, over the socket in the server's directory. */
  readonly url: string;
  /** As that user; in another database where one is named. */
  sql(text: string, database?: string): Promise<void>;
  /** What `psql` prints of a query: rows of fields, NULL as null. */
  psql(query: string): (string | null)[][];
  /** What somebody seals who connects as the user `reader`. */
  connection(table: string, more?: Partial<DatabaseConnection>): DatabaseConnection;
  /** Has the server use another certificate from now on. */
  useCertificate(issued: IssuedCertificate): Promise<void>;
  /** Settings that take effect at a reload. */
  set(settings: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

export const PASSWORD = "pässword 密码";
/** Whoever comes by TCP needs TLS and a password; `md5_reader` and `plain_reader` are asked for it in ways to refuse. */
const HBA = `local all all trust
hostssl all md5_reader all md5
hostssl all plain_reader all password
hostssl all all all scram-sha-256
hostnossl all all all scram-sha-256
`;
export const NAMES = ["DNS:db.example", "IP:127.0.0.1"];

export const startPostgresTls = async ({ durable = false } = {}): Promise<TlsPostgres | NoPostgres> => {
  const root = createRoot();
  const port = await freePort();
  let [dir, own] = ["", (_: string): unknown => undefined];
  const write = (name: string, content: string) => {
    const path = join(dir, name);
    writeFileSync(path, content, { mode: 0o600 });
    own(path);
  };
  const writeCertificate = ({ certificate, key }: IssuedCertificate) => {
    write("server.crt", certificate);
    write("server.key", key);
  };
  const server = await startPostgres({
    durable,
    settings: { listen_addresses: "127.0.0.1", port: String(port) },
    prepare(data, give) {
      [dir, own] = [data, give];
      writeCertificate(root.issue(NAMES));
      write("pg_hba.conf", HBA);
      // In this file, so that it can be changed later.
      write("postgresql.auto.conf", "ssl = on\n");
    },
  });
  if ("skip" in server) return server;

  const sql = async (text: string, database = "postgres") => {
    const client = new pg.Client({ connectionString: server.urlOf(database) });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  const reload = async () => {
    await sql("select pg_reload_conf()");
    // The postmaster has read them when a new connection has.
    await sleep(300);
  };
  await sql(`create user reader password '${PASSWORD}'; create user plain_reader password '${PASSWORD}'`);
  await sql(`set password_encryption = 'md5'; create user md5_reader password '${PASSWORD}'`);
  return {
    root,
    port,
    url: server.url,
    sql,
    psql(query) {
      const args = [server.url, "-X", "-q", "-A", "-t", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", "-c", query];
      const env = { ...process.env, PGTZ: "UTC" };
      const text = execFileSync("psql", args, { encoding: "utf8", env, maxBuffer: 1 << 28 }).replace(/\n$/, "");
      return text === ""
        ? []
        : text.split("\x1e").map((row) => row.split("\x1f").map((field) => (field === "\x1d" ? null : field)));
    },
    connection: (table, more = {}) =>
      DatabaseConnection.parse({
        host: "127.0.0.1",
        port,
        database: "postgres",
        table,
        username: "reader",
        password: PASSWORD,
        rootCertificate: root.certificate,
        ...more,
      }),
    async useCertificate(issued) {
      writeCertificate(issued);
      await reload();
    },
    async set(settings) {
      for (const [name, value] of Object.entries(settings)) await sql(`alter system set ${name} = '${value}'`);
      await reload();
    },
    stop: server.stop,
  };
};
