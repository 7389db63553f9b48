/** A PostgreSQL of the tests' own: in a temporary directory, on a socket there, gone with the process. */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { findUser, type User } from "../../src/cli/demo/machines/host.ts";

export interface TestPostgres {
  /** Of the database `postgres`, as its owner. */
  url: string;
  /** The same server, another database. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

/** What a test says when there is no PostgreSQL to be had. */
export interface NoPostgres {
  skip: string;
}

export interface PostgresOptions {
  /** Keep fsync on, for tests that kill it. */
  durable?: boolean;
  /** Beside those that every instance has. */
  settings?: Record<string, string>;
  /** Puts files into the data directory before the server starts; `own` gives them to the server's user. */
  prepare?: (data: string, own: (path: string) => void) => void;
}

/** Starts an instance; installs PostgreSQL where the machine allows (root with apt-get). */
export const startPostgres = async ({
  durable = false,
  settings: more = {},
  prepare = () => undefined,
}: PostgresOptions = {}): Promise<TestPostgres | NoPostgres> => {
  const bin = findBinaries() ?? install();
  if (!bin) return { skip: "PostgreSQL is not installed, and cannot be installed here (needs root and apt-get)" };
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? findUser("postgres", "nobody") : undefined;
  if (asRoot && !user) return { skip: "PostgreSQL refuses to run as root, and there is no other user to run it as" };

  const dir = mkdtempSync(join(tmpdir(), "entente-pg-"));
  if (user) chownSync(dir, user.uid, user.gid);
  const data = join(dir, "data");
  const ids = user ? { uid: user.uid, gid: user.gid } : {};
  const initdb = ["-D", data, "-U", "entente", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(join(bin, "initdb"), initdb, { ...ids, cwd: dir, stdio: "pipe" });

  const settings = {
    listen_addresses: "",
    port: "5432",
    unix_socket_directories: dir,
    max_connections: "60",
    ...(durable ? {} : UNSAFE),
    ...more,
  };
  prepare(data, (path) => user && chownSync(path, user.uid, user.gid));
  const server = [
    join(bin, "postgres"),
    "-D",
    data,
    ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`]),
  ];
  const [command, ...args] = dyingWithUs(server, user);
  const child = spawn(command as string, args, { cwd: dir, stdio: "ignore", ...(existsSync(SETPRIV) ? {} : ids) });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  child.unref();

  const urlOf = (database: string) =>
    `postgres://entente@localhost:${settings.port}/${database}?host=${encodeURIComponent(dir)}`;
  const stop = async () => {
    child.ref();
    child.kill("SIGINT");
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(urlOf("postgres"))); tries++) {
    if (tries === 200 || child.exitCode !== null) {
      await stop();
      throw new Error(`PostgreSQL did not start in ${dir}`);
    }
    await sleep(50);
  }
  return { url: urlOf("postgres"), urlOf, stop };
};

const SETPRIV = "/usr/bin/setpriv";

/** Faster, and unsafe only where the machine itself stops. */
const UNSAFE = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

const findBinaries = (): string | undefined => {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [...versions.map((version) => join(debian, version, "bin")), "/usr/local/bin", "/usr/bin"];
  return places.find((place) => existsSync(join(place, "initdb")) && existsSync(join(place, "postgres")));
};

const install = (): string | undefined => {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    execFileSync("apt-get", ["install", "-y", "-qq", "postgresql"], { stdio: "pipe", env });
  } catch (error) {
    console.error(`installing PostgreSQL failed: ${String(error)}`);
  }
  return findBinaries();
};

/** Stops the server when this process dies, however it dies, and drops root. */
const dyingWithUs = (server: string[], user: User | undefined): string[] => {
  const ids = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"] : [];
  return existsSync(SETPRIV) ? [SETPRIV, ...ids, "--pdeathsig", "QUIT", ...server] : server;
};

const answers = async (connectionString: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
};
