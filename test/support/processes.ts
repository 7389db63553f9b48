/** What /proc says of processes (Linux): who belongs to whom, who is still there, how much memory they take. */
import { readdirSync, readFileSync } from "node:fs";

/** A process, and not another one that was given its number later. */
export interface Process {
  readonly pid: number;
  /** Clock ticks since the machine started. */
  readonly started: string;
  /** Its command line, words separated by spaces. */
  readonly command: string;
}

/** @returns undefined where there is none */
const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
};

/** State, parent and start of a process: what follows its name, which may hold anything (proc_pid_stat(5)). */
const stat = (pid: number) => {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return fields && { state: fields[0], parent: Number(fields[1]), started: fields[19] ?? "" };
};

const processOf = (pid: number): Process | undefined => {
  const started = stat(pid)?.started;
  const command = read(`/proc/${pid}/cmdline`);
  return started === undefined || command === undefined
    ? undefined
    : { pid, started, command: command.replaceAll("\0", " ").trim() };
};

/** Whether it runs; a process that has ended and was not waited for does not. */
export const isAlive = ({ pid, started }: Pick<Process, "pid" | "started">): boolean => {
  const now = stat(pid);
  return now !== undefined && now.started === started && now.state !== "Z";
};

/** The process and all that it started, itself first. */
export const treeOf = (pid: number): Process[] => {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const child = Number(name);
    const parent = Number.isInteger(child) ? stat(child)?.parent : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const tree = [pid];
  // An array that grows while it is iterated is iterated to its end.
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree.flatMap((one) => processOf(one) ?? []);
};

/** Seconds of processor that it has taken so far; those of its children do not count. */
export const processorOf = (pid: number): number => {
  const fields =
    read(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
};
/** Clock ticks a second: the same wherever Linux runs Node.js (USER_HZ). */
const TICKS = 100;

/** Bytes of memory, what is shared with other processes divided among them (PSS). */
export const memoryOf = (processes: readonly Process[]): number =>
  processes.reduce((sum, { pid }) => {
    const [, kilobytes = "0"] = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "") ?? [];
    return sum + Number(kilobytes) * 1024;
  }, 0);
