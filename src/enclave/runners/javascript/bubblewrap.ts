/**
 * The sandbox of the JavaScript runner: bubblewrap with namespaces of its own for everything, a root of eight files
 * (node and the libraries it is linked with), no /proc, /dev or /tmp, no capabilities, an allow-list of system calls,
 * resource limits. What there is to read is the Node.js binary; what there is to write is nothing.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { promisify } from "node:util";
import type { Limits } from "../runner.ts";
import { isArchitecture, seccompFilter } from "./seccomp.ts";

const run = promisify(execFile);

const findProgram = (name: string): string | undefined =>
  ["/usr/bin", "/bin", "/usr/local/bin"]
    .map((folder) => `${folder}/${name}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** What a sandbox is made of; the same for every run. */
export interface Sandbox {
  /** Starts Node.js with this program: fd 0 is data in, fd 3 is results out, fd 1 and 2 are what the model prints. */
  start(program: string, limits: Limits): ChildProcess;
}

/** The sandbox, or why there is none. */
export const openSandbox = async (): Promise<Sandbox | string> => {
  if (process.platform !== "linux" || !isArchitecture(process.arch))
    return `bubblewrap needs Linux, this is ${process.platform} ${process.arch}`;
  const [bwrap, prlimit] = [findProgram("bwrap"), findProgram("prlimit")];
  if (!bwrap) return "bwrap is not installed (package bubblewrap)";
  if (!prlimit) return "prlimit is not installed (package util-linux)";
  const filter = seccompFilter(process.arch);
  try {
    const bubble = bubbleOf(process.execPath, await librariesOf(process.execPath));
    const sandbox: Sandbox = {
      start: (program, limits) => launch(prlimit, bwrap, bubble, filter, program, limits),
    };
    return (await trial(sandbox)) ?? sandbox;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** Absolute paths that the dynamic linker resolves for the binary. */
const librariesOf = async (binary: string): Promise<string[]> => {
  const { stdout } = await run("ldd", [binary], { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } });
  if (stdout.includes("not found")) throw new Error(`a library of ${binary} is missing`);
  return [...new Set(stdout.match(/(?<=\s)\/\S+/g) ?? [])];
};

const bubbleOf = (node: string, libraries: readonly string[]): string[] => [
  "--unshare-all",
  "--die-with-parent",
  "--new-session",
  "--clearenv",
  ...["--cap-drop", "ALL"],
  ...["--uid", "65534"],
  ...["--gid", "65534"],
  ...["--hostname", "model"],
  ...["--ro-bind", node, "/node"],
  ...libraries.flatMap((path) => ["--ro-bind", path, path]),
  ...["--remount-ro", "/"],
  ...["--chdir", "/"],
  ...["--seccomp", "4"],
];

/**
 * Writable memory that Node.js maps for itself before the model has anything: 574 MB measured, of which V8 reserves 509
 * for machine code and uses few. A worker thread would reserve as much again, so a model has hardly any.
 */
const RUNTIME_BYTES = 640 << 20;

const launch = (
  prlimit: string,
  bwrap: string,
  bubble: string[],
  filter: Uint8Array,
  program: string,
  limits: Limits,
): ChildProcess => {
  const megabytes = Math.max(16, Math.floor(limits.memory / (1 << 20)));
  const child = spawn(
    prlimit,
    [
      `--data=${limits.memory + RUNTIME_BYTES}`,
      // CPU time of all threads: only a backstop for the clock on the wall.
      `--cpu=${4 * Math.ceil(limits.seconds) + 10}`,
      "--nofile=64",
      "--fsize=0",
      "--core=0",
      bwrap,
      ...bubble,
      ...["/node", "--no-addons", "--no-warnings", `--max-old-space-size=${megabytes}`, "-e", program],
    ],
    { env: { PATH: "/usr/bin:/bin" }, stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"], detached: true },
  );
  const seccomp = child.stdio[4] as import("node:stream").Writable;
  seccomp.on("error", () => seccomp.destroy());
  seccomp.end(filter);
  return child;
};

/** Starts an empty program: undefined, or what the sandbox says against it. */
const trial = (sandbox: Sandbox): Promise<string | undefined> =>
  new Promise((resolve) => {
    const child = sandbox.start("", { seconds: 10, memory: 64 << 20, output: 0 });
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk).slice(0, 500);
    });
    child.stdin?.on("error", () => child.stdin?.destroy());
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) => {
      clearTimeout(timer);
      resolve(status === 0 ? undefined : `the sandbox does not start (${signal ?? status}): ${said.trim()}`);
    });
    child.stdin?.end();
    child.stdout?.resume();
    (child.stdio[3] as import("node:stream").Readable).resume();
  });
