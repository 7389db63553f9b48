/**
 * `npm run drill -- delivery [--kills 100] [--seconds 900] [--enclaves 1]`: tasks read their tables from one MariaDB
 * and have their results written into another, while server, enclaves and both databases are killed, at random moments
 * and in the middle of reading and delivering. Whatever succeeded on the ledger has to be in the receiver's table once,
 * whole, and to decrypt; whatever failed must have left nothing there. Prints JSON lines; ends with 1 when anything did
 * not hold.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { percentile } from "../bench/support.ts";
import { isAlive, treeOf } from "../test/support/processes.ts";
import { createTrio } from "../test/support/trio.ts";
import { createBlows, takeSmallPackets } from "./delivery/blows.ts";
import { check, RESULTS, watchTable } from "./delivery/check.ts";
import { openDestination, publish, registerTable, theEnclave } from "./delivery/consortium.ts";
import { startLoad } from "./delivery/load.ts";
import { type MortalMariadb, startMortalMariadb } from "./delivery/mariadb.ts";
import { createTables, MODEL, TABLES } from "./delivery/work.ts";
import { createKiller, type Killer } from "./kill/killer.ts";
import { createMemory, type Memory } from "./kill/record.ts";
import { checkRebuild } from "./kill/views.ts";

/** Milliseconds that tasks have to end after the last blow: a run that failed waits up to a minute for its next try. */
const PATIENCE = 150_000;
/** After a blow, so that what was hit gets to work before it is hit again. */
const WORKS_FOR = 2_000;

const drill = "delivery";
const print = (line: object) => console.log(JSON.stringify({ drill, ...line }));

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seconds: { type: "string", default: "900" },
    enclaves: { type: "string", default: "1" },
  },
});
const wanted = { kills: Number(values.kills), seconds: Number(values.seconds) };

interface Scene {
  readonly killer: Killer;
  readonly source: MortalMariadb;
  readonly sink: MortalMariadb;
  readonly memory: Memory;
  readonly directory: string;
}

/** @returns kills and violations */
const rage = async ({ killer, source, sink, memory, directory }: Scene) => {
  const began = performance.now();
  const stage = await prepare(killer, source, sink, memory, directory);
  const watch = watchTable(sink, memory);
  const blows = createBlows({ killer, source, sink, onSink: watch.look });
  const dealt = () => sum(killer.blows) + sum(blows.dealt);
  const load = startLoad(stage);
  const until = began + 1_000 * wanted.seconds;
  const repeat = async (strike: () => Promise<void>) => {
    while (dealt() < wanted.kills && performance.now() < until) {
      await strike();
      await sleep(WORKS_FOR);
    }
  };
  let turn = 0;
  const strikePlatform = () => (turn++ % 2 === 0 ? blows.strikeEnclave() : killer.strike());
  await Promise.all([repeat(strikePlatform), repeat(blows.strikeDatabase)]);
  await load.finish(PATIENCE);

  const checked = await check(stage.trio, sink, watch, memory);
  const tree = treeOf(killer.platform.pid);
  await killer.platform.stop();
  for (const { command } of tree.filter(isAlive)) memory.violation(`left behind: ${command.slice(0, 200)}`);
  const views = await checkRebuild(join(directory, "data"), "", memory.violation);
  const { tasks, violations, outcomes } = memory;
  print({
    kills: dealt(),
    blows: { ...killer.blows, ...blows.dealt },
    inTheMiddle: blows.inTheMiddle,
    restart: { p50: Math.round(percentile(killer.starts, 0.5)), max: Math.round(Math.max(...killer.starts)) },
    tasks: { created: tasks.length, authorised: tasks.filter(({ authorised }) => authorised).length },
    ...checked,
    viewRows: views.rows,
    outcomes,
    seconds: Math.round((performance.now() - began) / 1_000),
    violations: [...violations].slice(0, 50),
  });
  return { kills: dealt(), violations: violations.size };
};

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0);

/** Three organisations, the hospitals' tables in one MariaDB, the institute's results in another. */
const prepare = async (
  killer: Killer,
  source: MortalMariadb,
  sink: MortalMariadb,
  memory: Memory,
  directory: string,
) => {
  const trio = await createTrio(killer.platform, join(directory, "profiles"));
  const { institute, hospitals } = trio;
  const enclave = await theEnclave(institute);
  await createTables(source);
  await takeSmallPackets(sink);
  const sources = await Promise.all(
    hospitals.map((hospital, i) => registerTable(hospital, source.server, TABLES[i] ?? "", enclave)),
  );
  const model = await publish(institute, enclave, MODEL);
  const destination = await openDestination(institute, sink.server, RESULTS, enclave);
  return { trio: { ...trio, model, sources }, destination, memory };
};

/** Below the ports that the kernel gives to outgoing connections: it is to be free again at every start. */
const randomPort = (): number => 20_000 + Math.floor(Math.random() * 12_000);

const run = async (source: MortalMariadb, sink: MortalMariadb) => {
  const directory = await mkdtemp(join(tmpdir(), "entente-drill-"));
  const memory = createMemory();
  // As many runs at a time, in however many enclaves.
  const concurrency = String(Math.max(1, Math.floor(4 / Number(values.enclaves))));
  const rates = { "rate-limit": "100000", "rate-burst": "100000" };
  const settings = { ...rates, "enclave-concurrency": concurrency, enclaves: values.enclaves };
  try {
    const options = { data: join(directory, "data"), port: randomPort(), settings };
    const killer = await createKiller(options, memory.violation);
    try {
      return await rage({ killer, source, sink, memory, directory });
    } finally {
      await killer.platform.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

await using machines = new AsyncDisposableStack();
const open = async () => {
  const started = await startMortalMariadb();
  return "skip" in started ? started : machines.adopt(started, (database) => database.stop());
};
const [source, sink] = [await open(), await open()];
if ("skip" in source || "skip" in sink) {
  print({ skip: "skip" in source ? source.skip : "skip" in sink && sink.skip });
} else {
  // The databases alone do not keep this process running until they have stopped.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const total = await run(source, sink);
    const ok = total.violations === 0 && total.kills >= wanted.kills;
    print({ ok, ...total });
    process.exitCode = ok ? 0 : 1;
  } finally {
    clearInterval(alive);
  }
}
