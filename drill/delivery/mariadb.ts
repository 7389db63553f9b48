/** A MariaDB that is killed and started again on its own data and port, as the machine it is on would. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import mysql2 from "mysql2/promise";
import { type NoMariadb, type OwnMariadb, startMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import { isAlive, type Process, treeOf } from "../../test/support/processes.ts";

export interface MortalMariadb {
  readonly server: OwnMariadb;
  /** How many sessions of this user there are; 0 where it is down. */
  sessions(user: string): Promise<number>;
  /** @throws Error where it is down */
  query<Row>(sql: string, parameters?: readonly string[]): Promise<Row[]>;
  /** kill -9. Resolves when nothing of it runs. */
  kill(): Promise<void>;
  /** Resolves when it answers again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const STARTS_WITHIN = 30_000;
const SETPRIV = "/usr/bin/setpriv";

/** How a process was started: its words, as whom and where. */
const startOf = ({ pid }: Process) => {
  const [command = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [uid, gid] = ["Uid", "Gid"].map((name) => Number(new RegExp(`^${name}:\\t(\\d+)`, "m").exec(status)?.[1]));
  return { command, args, options: { uid, gid, cwd: readlinkSync(`/proc/${pid}/cwd`) } };
};

export const startMortalMariadb = async (): Promise<MortalMariadb | NoMariadb> => {
  const server = await startMariadb({ durable: true });
  if ("skip" in server) return server;
  const own = treeOf(process.pid).find(({ command }) => command.includes(`--port=${server.port} `));
  if (!own) throw new Error("the process of MariaDB was not found");
  const { command, args, options } = startOf(own);
  const socketPath = args.find((arg) => arg.startsWith("--socket="))?.slice("--socket=".length) ?? "";
  let running = own;

  const query = async <Row>(sql: string, parameters: readonly string[] = []): Promise<Row[]> => {
    const connection = await mysql2.createConnection({ socketPath, user: "root", database: "test" });
    // What breaks a connection between two answers is told by the next answer.
    connection.on("error", () => undefined);
    try {
      return (await connection.query(sql, [...parameters]))[0] as Row[];
    } finally {
      connection.destroy();
    }
  };
  const kill = async () => {
    if (!isAlive(running)) return;
    process.kill(running.pid, "SIGKILL");
    while (isAlive(running)) await sleep(5);
  };
  const spawnAgain = (): Process => {
    const words = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", command, ...args] : [command, ...args];
    const child = spawn(words[0] ?? "", words.slice(1), { ...options, stdio: "ignore" });
    child.unref();
    const [started] = treeOf(child.pid ?? 0);
    if (!started) throw new Error("MariaDB did not start again");
    return started;
  };

  return {
    server,
    query,
    kill,
    async sessions(user) {
      const sql = "select count(*) as sessions from information_schema.processlist where user = ?";
      const [row] = await query<{ sessions: number }>(sql, [user]).catch(() => []);
      return row?.sessions ?? 0;
    },
    async start() {
      const until = performance.now() + STARTS_WITHIN;
      while (performance.now() < until) {
        // Its port may be taken for a moment by a connection of somebody else's: then it ends, and is started once more.
        if (!isAlive(running)) running = spawnAgain();
        await sleep(20);
        const there = await query("select 1").then(
          () => true,
          () => false,
        );
        if (there) return;
      }
      throw new Error(`MariaDB did not start again on its data: ${options.cwd}`);
    },
    async stop() {
      await kill();
      await server.stop();
    },
  };
};
