/**
 * `npm run drill -- keys [--kills 200] [--seconds 1800] [--what nodes|server|both] [--log FILE]`: keys of several kinds
 * sign, are made, and have their shares made anew and handed over, while their nodes, and now and then the server, are
 * killed at random moments. No signature may be wrong and no nonce come twice, every request and every attempt ends,
 * no node is kept out, and every key has all of its shares at the end. Prints JSON lines; ends with 1 when anything did
 * not hold.
 */
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KEPT_OUT } from "../src/keynode/pair-store.ts";
import type { KeyScheme } from "../src/rules/key-schemes.ts";
import { isAlive, treeOf } from "../test/support/processes.ts";
import { createTreasury, newKey, settledKey, type Treasury, type TreasuryKey } from "../test/support/treasury.ts";
import { startChanges } from "./keys/changes.ts";
import { check } from "./keys/check.ts";
import { createKiller, type Killer, TARGETS } from "./keys/killer.ts";
import { startLoad } from "./keys/load.ts";
import { createMemory, type Memory } from "./keys/record.ts";

const NODES = 5;
const KEYS: readonly { readonly scheme: KeyScheme; readonly threshold: number; readonly places: readonly number[] }[] =
  [
    { scheme: "ECDSA_K1", threshold: 2, places: [0, 1, 2] },
    { scheme: "EDDSA_ED25519", threshold: 2, places: [2, 3, 4] },
    { scheme: "ECDSA_R1", threshold: 3, places: [0, 1, 2, 3, 4] },
    { scheme: "EDDSA_ED25519", threshold: 3, places: [0, 1, 2, 3, 4] },
  ];
/** Milliseconds that requests have to end after the last blow. */
const PATIENCE = 120_000;

const makeKeys = (treasury: Treasury): Promise<TreasuryKey[]> =>
  Promise.all(
    KEYS.map(async ({ scheme, threshold, places }) => {
      const participants = places.map((place) => treasury.nodes[place] ?? "");
      const key = await settledKey(treasury, await newKey(treasury, scheme, threshold, participants));
      if (key.state !== "enabled") throw new Error(`${key.id} is ${key.state}: ${key.failure?.code}`);
      return key;
    }),
  );

const rage = async (killer: Killer, memory: Memory, directory: string, kills: number, seconds: number) => {
  const began = performance.now();
  const treasury = await createTreasury(killer.platform, join(directory, "profiles"));
  const keys = await makeKeys(treasury);
  const load = startLoad(treasury, keys, memory);
  const changes = startChanges(treasury, keys, memory);
  const until = performance.now() + 1_000 * seconds;
  const { blows } = killer;
  while (killer.nodes + blows.server + blows.all < kills && performance.now() < until) await killer.strike(load);
  await Promise.all([load.finish(PATIENCE), changes.finish(PATIENCE)]);
  const { made, renewed } = changes;
  const checked = await check(treasury, keys, memory);
  const tree = treeOf(killer.platform.pid);
  await killer.platform.stop();
  for (const { command } of tree.filter(isAlive)) memory.violation(`left behind: ${command.slice(0, 200)}`);
  return { ...checked, made, renewed, seconds: Math.round((performance.now() - began) / 1_000) };
};

/** Below the ports that the kernel gives to outgoing connections: it is to be free again at every start. */
const randomPort = (): number => 20_000 + Math.floor(Math.random() * 12_000);
const print = (line: object) => console.log(JSON.stringify({ drill: "keys", ...line }));

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seconds: { type: "string", default: "1800" },
    /** What is killed. */
    what: { type: "string", default: "both" },
    /** What the platform says of itself. */
    log: { type: "string" },
  },
});
const what = TARGETS.find((one) => one === values.what);
if (!what) throw new TypeError(`--what is one of: ${TARGETS.join(", ")}`);
const directory = await mkdtemp(join(tmpdir(), "entente-drill-"));
const memory = createMemory();
try {
  const settings = { "key-nodes": String(NODES), "rate-limit": "100000", "rate-burst": "100000" };
  const { log } = values;
  const onSpawn = ({ stderr }: ChildProcess) => {
    if (log) stderr?.pipe(createWriteStream(log, { flags: "a" }));
    stderr?.on("data", (text: Buffer) => {
      for (const line of text.toString().split("\n"))
        if (line.includes(KEPT_OUT)) memory.violation(`an honest node is kept out: ${line}`);
    });
  };
  const options = { data: join(directory, "data"), port: randomPort(), settings, onSpawn };
  const killer = await createKiller(options, what, memory.violation);
  try {
    const checked = await rage(killer, memory, directory, Number(values.kills), Number(values.seconds));
    const { blows, nodes } = killer;
    print({ blows, nodesKilled: nodes, ...checked, outcomes: memory.outcomes });
    const { violations } = memory;
    const kills = nodes + blows.server + blows.all;
    const ok = violations.size === 0 && kills > 0;
    print({ ok, kills, violations: [...violations].slice(0, 50) });
    process.exitCode = ok ? 0 : 1;
  } finally {
    await killer.platform.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
