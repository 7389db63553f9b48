/** Kills key nodes, and now and then the server with them, and has what was killed come back on the same data. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, type PlatformOptions, startPlatform } from "../../test/support/platform.ts";
import { isAlive, type Process, treeOf } from "../../test/support/processes.ts";
import type { Load } from "./load.ts";

export const TARGETS = ["nodes", "server", "both"] as const;
export type Target = (typeof TARGETS)[number];

/** `node`: one of them; `two`: two at once; `server`: that process alone; `all`: it and everything it started. */
export type Blow = "node" | "two" | "server" | "all";

export interface Killer {
  readonly platform: Platform;
  readonly blows: Readonly<Record<Blow, number>>;
  /** Key nodes that were killed, not counting those that ended with their server. */
  readonly nodes: number;
  /** One blow after a random time at work. @throws Error where the platform does not start again */
  strike(load: Load): Promise<void>;
}

/** Before a blow something has been signed since the one before, or so many milliseconds have passed; and then so many. */
const NOTHING_FOR = 8_000;
const WORKS_FOR = 1_200;
/** Milliseconds in which what belonged to a killed server has to be gone. */
const ENDS_WITHIN = 10_000;

const isKeyNode = ({ command }: Process) => command.includes("keynode.mjs");
export const drawn = <T>(all: readonly T[], count: number): T[] =>
  all
    .map((one) => ({ one, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .slice(0, count)
    .map(({ one }) => one);

/** @param violation told of processes that outlive the one they belong to */
export const createKiller = async (
  options: PlatformOptions,
  what: Target,
  violation: (what: string) => void,
): Promise<Killer> => {
  let platform = await startPlatform(options);
  const blows: Record<Blow, number> = { node: 0, two: 0, server: 0, all: 0 };
  let nodes = 0;

  /** @returns how many there were to be killed */
  const killNodes = (count: number): number => {
    const victims = drawn(treeOf(platform.pid).filter(isKeyNode), count);
    for (const { pid } of victims) process.kill(pid, "SIGKILL");
    nodes += victims.length;
    return victims.length;
  };

  const endOf = async (processes: readonly Process[]) => {
    const until = performance.now() + ENDS_WITHIN;
    while (processes.some(isAlive) && performance.now() < until) await sleep(20);
    for (const { command } of processes.filter(isAlive)) violation(`it outlived its server: ${command.slice(0, 200)}`);
  };
  /** The new server does not wait for the processes of the old one. */
  const killServer = async (target: number) => {
    const tree = treeOf(platform.pid);
    process.kill(target, "SIGKILL");
    await platform.ended;
    const again = startPlatform(options).then((started) => {
      platform = started;
    });
    await Promise.all([endOf(tree), again]);
  };

  return {
    get platform() {
      return platform;
    },
    blows,
    get nodes() {
      return nodes;
    },
    async strike(load) {
      const { ended } = load;
      const until = performance.now() + NOTHING_FOR;
      while (load.ended === ended && performance.now() < until) await sleep(20);
      await sleep(Math.random() * WORKS_FOR);
      const blow = draw(what);
      if (blow === "node" || blow === "two") {
        // They may just be starting again after an earlier blow.
        if (killNodes(blow === "two" ? 2 : 1) > 0) blows[blow]++;
        return;
      }
      await killServer(blow === "server" ? platform.pid : -platform.pid);
      blows[blow]++;
    },
  };
};

/** How often each comes, of a hundred. */
const BLOWS: Readonly<Record<Target, Readonly<Partial<Record<Blow, number>>>>> = {
  nodes: { node: 85, two: 15 },
  server: { server: 60, all: 40 },
  both: { node: 80, two: 12, server: 5, all: 3 },
};

const draw = (what: Target): Blow => {
  let left = Math.random() * 100;
  const [blow] = Object.entries(BLOWS[what]).find(([, share]) => {
    left -= share;
    return left < 0;
  }) ?? ["node"];
  return blow as Blow;
};
