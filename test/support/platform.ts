/** The platform as its users start it: `entente up` in a process of its own, which ends with this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The command, as `npx entente` runs it. */
const entente = fileURLToPath(new URL("../../bin/entente.js", import.meta.url));
const SETPRIV = "/usr/bin/setpriv";

export interface PlatformOptions {
  readonly data: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** Further settings by their flag's name, without dashes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A program that runs in the command's place, with the same flags. */
  readonly program?: string;
  /** Called with the process before it is ready. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

export interface Platform {
  readonly url: string;
  readonly pid: number;
  /** Of the operator; on the first start on this data only. */
  readonly admin: { readonly accessKeyId: string; readonly accessKeySecret: string } | null;
  readonly enclave: { readonly measurement: string; readonly attestation: string };
  /** Where the key service's other faces are; null without key nodes. */
  readonly keys: { readonly url: string } | null;
  /** Milliseconds from the start of the process to the line that says it is ready. */
  readonly readyIn: number;
  /** Resolves with the status, or the signal, that it ended with. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** As Ctrl-C does. Resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * In a process group of its own: its number is the group's.
 * @throws Error with what the process said, when it ends before it is ready
 */
export const startPlatform = async (options: PlatformOptions): Promise<Platform> => {
  const { data, port = 0, settings = {}, program, onSpawn } = options;
  const began = performance.now();
  const flags = { data, port: String(port), "log-level": "warn", "key-nodes": "0", "key-port": "0", ...settings };
  const given = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = program ? spawnProgram(program, given) : spawnProgram(entente, ["up", "--json", ...given]);
  onSpawn?.(child);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("exit", (status, signal) => resolve(signal ?? status ?? 0));
  });
  const said = collect(child);
  const line = await firstLine(child, ended).catch(async () => {
    throw new Error(`the platform did not start (${await ended}): ${said()}`);
  });
  return {
    ...(JSON.parse(line) as Pick<Platform, "url" | "pid" | "admin" | "enclave" | "keys">),
    readyIn: performance.now() - began,
    ended,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
};

/** Runs a command of `entente` to its end. @returns what it printed. @throws Error with what it said, when it fails */
export const runEntente = async (args: readonly string[]): Promise<string> => {
  const child = spawnProgram(entente, args);
  const said = collect(child);
  let printed = "";
  child.stdout?.on("data", (text: Buffer) => {
    printed += text;
  });
  const status = await new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
  if (status !== 0) throw new Error(`entente ${args[0]} ended with ${status}: ${said()}`);
  return printed;
};

const spawnProgram = (file: string, args: readonly string[]): ChildProcess => {
  const command = [process.execPath, file, ...args];
  const [program = "", ...rest] = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", ...command] : command;
  return spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"], detached: true });
};

/** The end of what goes to the error stream. */
const collect = (child: ChildProcess): (() => string) => {
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said = (said + text).slice(-4_000);
  });
  return () => said.trim();
};

/** Rejects when it ends before. */
const firstLine = (child: ChildProcess, ended: Promise<unknown>): Promise<string> =>
  new Promise((resolve, reject) => {
    let printed = "";
    child.stdout?.on("data", (text: Buffer) => {
      printed += text;
      const end = printed.indexOf("\n");
      if (end >= 0) resolve(printed.slice(0, end));
    });
    void ended.then(reject);
  });
