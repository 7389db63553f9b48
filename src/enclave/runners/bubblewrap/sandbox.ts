/**
 * The wall around a model: bubblewrap with namespaces of its own for everything, a root that holds the image and nothing
 * else, no /proc or /dev, no capabilities, an allow-list of system calls, resource limits. What there is to read is the
 * image; what there is to write is nothing, or a scratch in memory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Limits } from "../runner.ts";
import type { Cgroup, Cgroups } from "./cgroups.ts";
import type { Image } from "./image.ts";
import { findProgram } from "./libraries.ts";
import { isArchitecture, seccompFilter } from "./seccomp.ts";

export interface Sandbox {
  /** Starts the image's program: fd 0 is data in, fd 3 is results out, fd 1 and 2 are what the model prints. */
  start(limits: Limits): Started;
}

export interface Started {
  readonly child: ChildProcess;
  /** What keeps the limits of all of it together, removed by whoever waits for the child; absent where none is set up. */
  readonly group: Cgroup | undefined;
}

/** The sandbox with this image, which was tried, or why there is none. */
export const openSandbox = async (image: Image, cgroups?: Cgroups): Promise<Sandbox | string> => {
  const start = prepare(image, cgroups);
  if (typeof start === "string") return start;
  const tried = await runToEnd(start);
  return "failure" in tried ? tried.failure : { start };
};

/**
 * Runs the image's program once, with no more on fd 0 than the prelude.
 * @returns what it wrote to fd 3, or why it did not end well
 */
export const runOnce = async (image: Image): Promise<Uint8Array | string> => {
  const start = prepare(image);
  if (typeof start === "string") return start;
  const ended = await runToEnd(start);
  return "failure" in ended ? ended.failure : ended.output;
};

/** What starts it, or why nothing can. */
const prepare = (image: Image, cgroups?: Cgroups): Sandbox["start"] | string => {
  if (process.platform !== "linux" || !isArchitecture(process.arch))
    return `bubblewrap needs Linux, this is ${process.platform} ${process.arch}`;
  const [bwrap, prlimit] = [findProgram("bwrap"), findProgram("prlimit")];
  if (!bwrap) return "bwrap is not installed (package bubblewrap)";
  if (!prlimit) return "prlimit is not installed (package util-linux)";
  const filter = seccompFilter(process.arch, image.calls);
  const bubble = [bwrap, ...bubbleOf(image), ...image.command];
  return (limits) => {
    const group = cgroups?.create(limits.memory + image.runtimeBytes);
    return { child: launch(prlimit, bubble, filter, image, limits, group), group };
  };
};

const bubbleOf = ({ files, environment, scratch }: Image): string[] => [
  "--unshare-all",
  "--die-with-parent",
  "--new-session",
  "--clearenv",
  ...["--cap-drop", "ALL"],
  ...["--uid", "65534"],
  ...["--gid", "65534"],
  ...["--hostname", "model"],
  ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
  ...Object.entries(files).flatMap(([inside, host]) => ["--ro-bind", host, inside]),
  ...(scratch ? ["--size", String(scratch), "--tmpfs", "/tmp"] : []),
  ...["--remount-ro", "/"],
  ...["--chdir", "/"],
  ...["--seccomp", "4"],
];

const launch = (
  prlimit: string,
  bubble: readonly string[],
  filter: Uint8Array,
  { limiting, runtimeBytes, addressBytes, scratch = 0, prelude }: Image,
  limits: Limits,
  group: Cgroup | undefined,
): ChildProcess => {
  const limited = [
    prlimit,
    `--data=${limits.memory + runtimeBytes}`,
    ...(addressBytes === undefined ? [] : [`--as=${limits.memory + addressBytes}`]),
    // CPU time of all threads: only a backstop for the clock on the wall.
    `--cpu=${4 * Math.ceil(limits.seconds) + 10}`,
    // Its size does not count as data, and a model could raise a limit that is only soft.
    `--stack=${8 << 20}`,
    "--nofile=64",
    `--fsize=${scratch}`,
    "--core=0",
    ...bubble,
    ...(limiting?.(limits) ?? []),
  ];
  const [program = "", ...args] = group?.joined(limited) ?? limited;
  const child = spawn(program, args, {
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const seccomp = child.stdio[4] as Writable;
  seccomp.on("error", () => seccomp.destroy());
  seccomp.end(filter);
  const input = child.stdin as Writable;
  input.on("error", () => input.destroy());
  if (prelude) input.write(prelude);
  return child;
};

const TRIAL: Limits = { seconds: 10, memory: 64 << 20, output: 0 };

const runToEnd = async (start: Sandbox["start"]): Promise<{ output: Uint8Array } | { failure: string }> => {
  const { child, group } = start(TRIAL);
  const timer = setTimeout(() => child.kill("SIGKILL"), 1_000 * TRIAL.seconds);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk).slice(-500);
  });
  child.stdout?.resume();
  child.stdin?.end();
  const output = buffer(child.stdio[3] as Readable);
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) =>
      resolve(status === 0 ? undefined : `the sandbox does not start (${signal ?? status}): ${said.trim()}`),
    );
  });
  clearTimeout(timer);
  await group?.remove();
  return failure === undefined ? { output: await output } : { failure };
};
