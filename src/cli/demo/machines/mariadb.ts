/** A MariaDB of one's own, for the demo and tests, with TLS under its own root: in a temporary directory, gone with the process. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseConnection } from "../../../rules/connection.ts";
import { createRoot, type IssuedCertificate, type TestRoot } from "./certificates.ts";
import { findUser, freePort } from "./host.ts";

export interface OwnMariadb {
  readonly root: TestRoot;
  readonly port: number;
  /** Statements as root, over the socket in the server's directory; the database is `test`. */
  sql(text: string): Promise<void>;
  /** What the command-line client prints of a query: rows of fields, NULL as null. The oracle of tests. */
  cli(query: string): (string | null)[][];
  /** Arguments of the command-line client over TCP and TLS, as the user `reader`. */
  readonly cliOverTls: readonly string[];
  /** What somebody seals who connects as `reader`, who may SELECT. */
  connection(table: string, more?: Partial<DatabaseConnection>): DatabaseConnection;
  /** As `writer`, who may SELECT and INSERT. */
  destination(table: string, more?: Partial<DatabaseConnection>): DatabaseConnection;
  /** Has the server use another certificate from now on. */
  useCertificate(issued: IssuedCertificate): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is none. */
export interface NoMariadb {
  skip: string;
}

export const PASSWORD = "pässword 密码";
export const NAMES = ["DNS:db.example", "IP:127.0.0.1"];
const SETPRIV = "/usr/bin/setpriv";

interface Options {
  /** Keeps what is committed when the server is killed. */
  readonly durable?: boolean;
  /** Without TLS. */
  readonly plain?: boolean;
}

/** Starts an instance, as an unprivileged user where the tests run as root. */
export const startMariadb = async ({
  durable = false,
  plain = false,
}: Options = {}): Promise<OwnMariadb | NoMariadb> => {
  const [server, install, client] = ["mariadbd", "mariadb-install-db", "mariadb"].map(findBinary);
  if (!server || !install || !client) return { skip: "MariaDB is not installed (apt-get install mariadb-server)" };
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? findUser("mysql", "nobody") : undefined;
  if (asRoot && (!user || !existsSync(SETPRIV))) {
    return { skip: "MariaDB refuses to run as root, and there is no other user to run it as" };
  }

  const root = createRoot();
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), "entente-maria-"));
  const [data, socket] = [join(dir, "data"), join(dir, "socket")];
  mkdirSync(data);
  const give = (path: string) => user && chownSync(path, user.uid, user.gid);
  const write = (name: string, content: string) => {
    writeFileSync(join(dir, name), content);
    chmodSync(join(dir, name), 0o600);
    give(join(dir, name));
  };
  const writeCertificate = ({ certificate, key }: IssuedCertificate) => {
    write("certificate.pem", certificate);
    write("key.pem", key);
  };
  give(dir);
  give(data);
  write("root.pem", root.certificate);
  writeCertificate(root.issue(NAMES));

  const as = (command: readonly string[], ...options: string[]) => {
    const ids = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"] : [];
    return existsSync(SETPRIV) ? [SETPRIV, ...ids, ...options, ...command] : [...command];
  };
  const prepare = [install, "--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal"];
  const [installer = "", ...installing] = as([...prepare, "--skip-test-db", "--skip-log-bin"]);
  execFileSync(installer, installing, { cwd: dir, stdio: "pipe" });

  const tls = [`--ssl-ca=${dir}/root.pem`, `--ssl-cert=${dir}/certificate.pem`, `--ssl-key=${dir}/key.pem`];
  const settings = [
    "--no-defaults",
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    `--log-error=${dir}/error.log`,
    ...(plain ? ["--skip-ssl"] : tls),
    ...(durable ? [] : ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"]),
  ];
  const [command = "", ...args] = as([server, ...settings], "--pdeathsig", "KILL");
  const child = spawn(command, args, { cwd: dir, stdio: "ignore" });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  child.unref();
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    child.ref();
    child.kill(signal);
    await exited;
  };
  const stop = async () => {
    await end("SIGTERM");
    rmSync(dir, { recursive: true, force: true });
  };

  const run = (input: string, ...options: string[]): string =>
    execFileSync(
      client,
      ["--no-defaults", `--socket=${socket}`, "-uroot", "--default-character-set=utf8mb4", ...options],
      { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"], maxBuffer: 1 << 28 },
    );
  for (let tries = 0; !answers(() => run("select 1")); tries++) {
    if (tries === 400 || child.exitCode !== null) {
      await stop();
      throw new Error(`MariaDB did not start in ${dir}`);
    }
    await sleep(50);
  }
  run(USERS);

  const connection =
    (username: string) =>
    (table: string, others: Partial<DatabaseConnection> = {}) =>
      DatabaseConnection.parse({
        host: "127.0.0.1",
        port,
        database: "test",
        table,
        username,
        password: PASSWORD,
        rootCertificate: root.certificate,
        ...others,
      });
  return {
    root,
    port,
    sql: async (text) => void run(text, "test"),
    cli: (query) => rowsFromXml(run(`set time_zone = '+00:00'; ${query}`, "--xml", "test")),
    cliOverTls: [
      "--no-defaults",
      "--protocol=tcp",
      "--host=127.0.0.1",
      `--port=${port}`,
      "--user=reader",
      `--password=${PASSWORD}`,
      "--ssl",
      `--ssl-ca=${dir}/root.pem`,
      "test",
    ],
    connection: connection("reader"),
    destination: connection("writer"),
    async useCertificate(issued) {
      writeCertificate(issued);
      run("flush ssl");
    },
    kill: () => end("SIGKILL"),
    stop,
  };
};

const USERS = `
create database test;
create user reader identified by '${PASSWORD}';
grant select on test.* to reader;
create user writer identified by '${PASSWORD}';
grant select, insert on test.* to writer;
`;

const findBinary = (name: string): string | undefined =>
  ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"].map((place) => join(place, name)).find(existsSync);

const answers = (ask: () => string): boolean => {
  try {
    ask();
    return true;
  } catch {
    return false;
  }
};

/** Unlike its other forms, the client's XML says which fields are NULL and keeps every character. */
const rowsFromXml = (xml: string): (string | null)[][] =>
  [...xml.matchAll(/<row>([\s\S]*?)<\/row>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<field name="[^"]*"(?: xsi:nil="true" \/>|>([\s\S]*?)<\/field>)/g)].map(([, text]) =>
      text === undefined ? null : text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? ""),
    ),
  );
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
