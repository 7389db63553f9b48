/** The most memory that processes started from here hold: what a sandbox takes, its language's runtime included. */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds between two looks. */
const EVERY = 10;

/** What is there to read; a process that has ended meanwhile is none. */
const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

const childrenOf = (pid: number | string): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readIfThere(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean),
    );
  } catch {
    return [];
  }
};

/** Peak resident bytes of a process and of each below it (VmHWM of proc(5)), the largest one. */
const peakBelow = (pid: number | string): number =>
  Math.max(
    0,
    ...childrenOf(pid).map((child) => {
      const [, kibibytes = "0"] = /^VmHWM:\s+(\d+) kB/m.exec(readIfThere(`/proc/${child}/status`)) ?? [];
      return Math.max(Number(kibibytes) * 1_024, peakBelow(child));
    }),
  );

/** Begins to look; the returned function ends that and gives bytes, undefined where nothing could be seen. */
export const watchMemory = (): (() => number | undefined) => {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, peakBelow(process.pid));
  };
  const timer = setInterval(look, EVERY);
  return () => {
    clearInterval(timer);
    return peak || undefined;
  };
};
