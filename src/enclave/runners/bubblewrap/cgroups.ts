/**
 * Limits on everything in a sandbox together, which the kernel keeps: limits of a process do not count what it writes to
 * a file system in memory, and know nothing of its neighbours. The operator delegates folders of the cgroup file system
 * to the enclave's user: one of cgroup v2, or one of each controller of v1 (kernel documentation, admin-guide/cgroup-v2
 * and cgroup-v1). Every sandbox gets a group of its own in each.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

export interface Cgroups {
  /** @throws Error of the system, where the machine does not give one. */
  create(bytes: number): Cgroup;
}

export interface Cgroup {
  /** A command that joins the group and then becomes this one. */
  joined(command: readonly string[]): readonly [program: string, ...args: string[]];
  /** Whether the kernel ended a process for the memory that the group had taken. */
  ranOut(): boolean;
  /** Ends what is in it. Resolves when the group is gone. */
  remove(): Promise<void>;
}

/** Processes and threads: the sandbox's own, the runtime's, and some that a model may have. */
const PIDS = 128;
/** For what counts to a group and not as a process's data: page tables, pipes, the sandbox's own processes. */
const BESIDE = 16 << 20;

/** What is written where there is a file of the name, in this order; the first line is v2's, the second v1's. */
const limitsOf = (bytes: number): Readonly<Record<string, number>> => ({
  ...{ "memory.max": bytes, "memory.swap.max": 0, "memory.oom.group": 1, "pids.max": PIDS, "cpu.weight": 100 },
  ...{ "memory.limit_in_bytes": bytes, "memory.memsw.limit_in_bytes": bytes, "cpu.shares": 1_024 },
});
/** Of each, one has to be there. */
const REQUIRED = [["memory.max", "memory.limit_in_bytes"], ["pids.max"]];

/** What bwrap and this say on fd 2 before the model has a word. */
const JOIN = `while [ "$1" != -- ]; do
  { echo $$ > "$1/cgroup.procs"; } 2>/dev/null || { echo "cgroup: cannot join $1" >&2; exit 1; }
  shift
done
shift
exec "$@"`;

/** The groups that can be made in these folders, which was tried, or why there are none. Clears what was left in them. */
export const openCgroups = async (folders: readonly string[]): Promise<Cgroups | string> => {
  try {
    for (const folder of folders) {
      enableControllers(folder);
      await clear(folder);
    }
    let made = 0;
    const create = (bytes: number) => createGroup(folders, `${PREFIX}${process.pid}-${++made}`, bytes + BESIDE);
    await trial(create(0));
    return { create };
  } catch (error) {
    return (error as Error).message;
  }
};

/** What is missing is told by the files that a group then lacks. */
const enableControllers = (folder: string): void => {
  const file = `${folder}/cgroup.subtree_control`;
  if (!existsSync(file)) return;
  for (const controller of ["memory", "pids", "cpu"]) attempt(() => writeFileSync(file, `+${controller}`));
};

const trial = async (group: Cgroup): Promise<void> => {
  const [program, ...args] = group.joined(["/bin/sh", "-c", "exit 0"]);
  try {
    await promisify(execFile)(program, args, { env: {} });
  } finally {
    await group.remove();
  }
};

const createGroup = (parents: readonly string[], name: string, bytes: number): Cgroup => {
  const folders = parents.map((parent) => `${parent}/${name}`);
  const remove = async () => {
    await Promise.all(folders.map(end));
  };
  try {
    const written = folders.flatMap((folder) => {
      mkdirSync(folder);
      return limit(folder, bytes);
    });
    const missing = REQUIRED.find((names) => !names.some((one) => written.includes(one)));
    if (missing) throw new Error(`groups in ${parents.join(", ")} have no ${missing.join(" or ")}`);
  } catch (error) {
    for (const folder of folders) attempt(() => rmdirSync(folder));
    throw error;
  }
  return {
    joined: (command) => ["/bin/sh", "-c", JOIN, "sh", ...folders, "--", ...command],
    ranOut: () =>
      folders.some((folder) =>
        ["memory.events", "memory.oom_control"].some((file) => /^oom_kill [1-9]/m.test(textOf(`${folder}/${file}`))),
      ),
    remove,
  };
};

/** @returns the names of the limits that are there */
const limit = (folder: string, bytes: number): string[] => {
  const there = Object.entries(limitsOf(bytes)).filter(([name]) => existsSync(`${folder}/${name}`));
  for (const [name, value] of there) writeFileSync(`${folder}/${name}`, String(value));
  return there.map(([name]) => name);
};

const PREFIX = "entente-";

/** Ends and removes the groups of enclaves that are no more. */
const clear = async (folder: string): Promise<void> => {
  const left = readdirSync(folder).filter((name) => {
    const [, pid] = /^entente-(\d+)-\d+$/.exec(name) ?? [];
    // Numbers come again, above all in containers: nothing of this process is here yet.
    return pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)));
  });
  await Promise.all(left.map((name) => end(`${folder}/${name}`)));
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
};

/** How often it is tried: processes that are killed need a moment to be gone. */
const TRIES = 500;

const end = async (folder: string): Promise<void> => {
  for (let i = 0; i < TRIES && existsSync(folder); i++) {
    kill(folder);
    attempt(() => rmdirSync(folder));
    if (existsSync(folder)) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // The next start tries again.
  if (existsSync(folder)) process.stderr.write(`the cgroup ${folder} does not end\n`);
};

const kill = (folder: string): void => {
  if (existsSync(`${folder}/cgroup.kill`)) attempt(() => writeFileSync(`${folder}/cgroup.kill`, "1"));
  // A process that this one can't see is 0 there, which would mean this one's own group.
  else
    for (const [pid] of textOf(`${folder}/cgroup.procs`).matchAll(/^[1-9]\d*$/gm))
      attempt(() => process.kill(Number(pid), "SIGKILL"));
};

/** Empty where there is no such file. */
const textOf = (file: string): string => attempt(() => readFileSync(file, "utf8")) ?? "";

/** @returns undefined where the system refuses; a bug is thrown on */
const attempt = <T>(act: () => T): T | undefined => {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return undefined;
  }
};
