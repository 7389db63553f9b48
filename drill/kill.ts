/**
 * `npm run drill -- kill [--kills 100] [--seconds 900] [--database sqlite|postgres]`: three organisations work while
 * the server and its enclave are killed at random moments, half of the times on SQLite and half on PostgreSQL.
 * Nothing acknowledged may be lost, every task that was authorised ends once, with one result, and the views are what
 * a rebuild makes of the ledger. Prints JSON lines; ends with 1 when anything did not hold.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { percentile } from "../bench/support.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { isAlive, treeOf } from "../test/support/processes.ts";
import { createTrio } from "../test/support/trio.ts";
import { check } from "./kill/check.ts";
import { createKiller, type Killer } from "./kill/killer.ts";
import { startLoad } from "./kill/load.ts";
import { createMemory, type Memory } from "./kill/record.ts";
import { checkRebuild } from "./kill/views.ts";

/** Milliseconds that tasks have to end after the last blow. */
const PATIENCE = 60_000;

interface Storm {
  readonly name: string;
  /** As in the configuration: "" for SQLite. */
  readonly database: string;
  readonly kills: number;
  readonly seconds: number;
}

/** @returns kills and violations */
const run = async (storm: Storm): Promise<{ kills: number; violations: number }> => {
  const directory = await mkdtemp(join(tmpdir(), "entente-drill-"));
  const memory = createMemory();
  const settings = {
    "rate-limit": "100000",
    "rate-burst": "100000",
    ...(storm.database && { database: storm.database }),
  };
  try {
    const options = { data: join(directory, "data"), port: randomPort(), settings };
    const killer = await createKiller(options, memory.violation);
    try {
      return await rage(storm, killer, memory, directory);
    } finally {
      await killer.platform.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const rage = async ({ name, database, kills, seconds }: Storm, killer: Killer, memory: Memory, directory: string) => {
  const began = performance.now();
  const dealt = () => Object.values(killer.blows).reduce((sum, count) => sum + count, 0);
  const trio = await createTrio(killer.platform, join(directory, "profiles"));
  const load = startLoad(trio, memory);
  const until = performance.now() + 1_000 * seconds;
  while (dealt() < kills && performance.now() < until) await killer.strike();
  await load.finish(PATIENCE);

  const checked = await check(trio, memory);
  const tree = treeOf(killer.platform.pid);
  await killer.platform.stop();
  for (const { command } of tree.filter(isAlive)) memory.violation(`left behind: ${command.slice(0, 200)}`);
  const views = await checkRebuild(join(directory, "data"), database, memory.violation);
  const { acts, tasks, checkpoints, violations, outcomes } = memory;
  print({
    database: name,
    kills: dealt(),
    blows: killer.blows,
    restart: { p50: Math.round(percentile(killer.starts, 0.5)), max: Math.round(Math.max(...killer.starts)) },
    acknowledged: acts.length,
    tasks: { created: tasks.length, authorised: tasks.filter(({ authorised }) => authorised).length },
    checkpoints: checkpoints.size,
    ...checked,
    viewRows: views.rows,
    outcomes,
    seconds: Math.round((performance.now() - began) / 1_000),
    violations: [...violations].slice(0, 50),
    ok: violations.size === 0,
  });
  return { kills: dealt(), violations: violations.size };
};

const print = (line: object) => console.log(JSON.stringify({ drill: "kill", ...line }));

/** Below the ports that the kernel gives to outgoing connections: it is to be free again at every start. */
const randomPort = (): number => 20_000 + Math.floor(Math.random() * 12_000);

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seconds: { type: "string", default: "900" },
    database: { type: "string" },
  },
});
const wanted = values.database === undefined ? ["sqlite", "postgres"] : [values.database];
const share = {
  kills: Math.ceil(Number(values.kills) / wanted.length),
  seconds: Number(values.seconds) / wanted.length,
};
const total = { kills: 0, violations: 0 };
const add = ({ kills, violations }: typeof total) => {
  total.kills += kills;
  total.violations += violations;
};
if (wanted.includes("sqlite")) add(await run({ name: "sqlite", database: "", ...share }));
if (wanted.includes("postgres")) {
  const postgres = await startPostgres({ durable: true });
  if ("skip" in postgres) print({ database: "postgres", skip: postgres.skip });
  else {
    // The instance alone does not keep this process running until it has stopped.
    const alive = setInterval(() => undefined, 60_000);
    try {
      add(await run({ name: "postgres", database: postgres.url, ...share }));
    } finally {
      await postgres.stop();
      clearInterval(alive);
    }
  }
}
const ok = total.violations === 0 && total.kills > 0;
print({ ok, ...total });
process.exitCode = ok ? 0 : 1;
