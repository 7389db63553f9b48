/** Kills the platform, in one way or another, and starts it again on the same data. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, type PlatformOptions, startPlatform } from "../../test/support/platform.ts";
import { isAlive, type Process, treeOf } from "../../test/support/processes.ts";

/**
 * `server`: that process alone, so that what it started has to end by itself; `group`: it and its enclave at once;
 * `enclave`: that process alone, which the server has to start again; `starting`: the server before it is ready.
 */
export type Blow = "server" | "group" | "enclave" | "starting";

export interface Killer {
  readonly platform: Platform;
  readonly blows: Readonly<Record<Blow, number>>;
  /** Milliseconds that each start took, to the line that says it is ready. */
  readonly starts: readonly number[];
  /** One blow, and whatever start it takes. @throws Error where the platform does not start again */
  strike(): Promise<void>;
}

/** Milliseconds that the platform is left to work, or to start, before a blow. */
const WORKS_FOR = 1_500;
const STARTS_FOR = 900;
/** Milliseconds in which what belonged to a killed process has to be gone. */
const ENDS_WITHIN = 5_000;

/** @param violation told of processes that outlive the one they belong to */
export const createKiller = async (options: PlatformOptions, violation: (what: string) => void): Promise<Killer> => {
  let platform = await startPlatform(options);
  const blows: Record<Blow, number> = { server: 0, group: 0, enclave: 0, starting: 0 };
  const starts: number[] = [];

  const restart = async () => {
    platform = await startPlatform(options);
    starts.push(platform.readyIn);
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
    await Promise.all([endOf(tree), restart()]);
  };

  const killEnclave = async () => {
    const tree = treeOf(platform.pid);
    const enclave = tree.find(({ command }) => command.includes("enclave.mjs"));
    // It may just be starting again after an earlier blow.
    if (!enclave) return false;
    const own = treeOf(enclave.pid);
    process.kill(enclave.pid, "SIGKILL");
    await endOf(own);
    return true;
  };

  const killStarting = async () => {
    const old = treeOf(platform.pid);
    process.kill(-platform.pid, "SIGKILL");
    await platform.ended;
    await endOf(old);
    const begun = Promise.withResolvers<ChildProcess>();
    const attempt = startPlatform({ ...options, onSpawn: begun.resolve }).then(
      () => undefined,
      () => undefined,
    );
    const { pid = 0 } = await begun.promise;
    await sleep(Math.random() * STARTS_FOR);
    const tree = treeOf(pid);
    process.kill(-pid, "SIGKILL");
    await attempt;
    await Promise.all([endOf(tree), restart()]);
  };

  const deal = async (blow: Blow): Promise<boolean> => {
    if (blow === "enclave") return killEnclave();
    if (blow === "starting") await killStarting();
    else await killServer(blow === "server" ? platform.pid : -platform.pid);
    return true;
  };

  return {
    get platform() {
      return platform;
    },
    blows,
    starts,
    async strike() {
      await sleep(Math.random() * WORKS_FOR);
      const blow = draw();
      if (await deal(blow)) blows[blow]++;
    },
  };
};

const draw = (): Blow => {
  const chance = Math.random();
  if (chance < 0.4) return "server";
  if (chance < 0.6) return "group";
  return chance < 0.9 ? "enclave" : "starting";
};
