/**
 * From nothing to a result: clones this repository as it is committed, and runs `npm run demo -- --once --json` in the
 * clone. npm's cache is filled by an installation before, which does not count.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { report } from "./support.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
/** The Node.js of the machine, as whoever clones the repository has it, and not the one in node_modules. */
const env = {
  ...process.env,
  PATH: (process.env.PATH ?? "")
    .split(delimiter)
    .filter((part) => !part.includes("node_modules"))
    .join(delimiter),
};

/** Runs the demo. @returns what it printed, and milliseconds until its first line */
const demo = async (cwd: string, home: string) => {
  const began = performance.now();
  const child = spawn("npm", ["run", "--silent", "demo", "--", "--once", "--json", "--data", home], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines: Record<string, unknown>[] = [];
  let first = 0;
  for await (const line of createInterface(child.stdout)) {
    first ||= performance.now() - began;
    lines.push(JSON.parse(line) as Record<string, unknown>);
  }
  const status = await closed;
  const last = lines.at(-1);
  if (status !== 0 || last?.done !== true) throw new Error(`the demo ended with ${status} and ${JSON.stringify(last)}`);
  return { first, all: performance.now() - began, last };
};

const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  const clone = join(directory, "clone");
  await run("git", ["clone", "--quiet", root, join(directory, "first")]);
  await run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], { cwd: join(directory, "first"), env });
  await rm(join(directory, "first"), { recursive: true });

  const began = performance.now();
  await run("git", ["clone", "--quiet", root, clone]);
  const cloned = performance.now() - began;
  const { first, all, last } = await demo(clone, join(directory, "demo"));
  const bench = "demo";
  const { verify } = last as { verify: { ok: boolean; ms: number } };
  const note = `the verifier says ${verify.ok ? "ok" : "NO"}`;
  report({
    bench,
    metric: "clone to result",
    value: (cloned + all) / 1_000,
    unit: "s",
    target: 60,
    atMost: true,
    note,
  });
  report({ bench, metric: "clone", value: cloned / 1_000, unit: "s" });
  report({ bench, metric: "dependencies, to the demo's first line", value: first / 1_000, unit: "s" });
  report({ bench, metric: "the demo itself", value: (all - first) / 1_000, unit: "s" });
  report({ bench, metric: "of it, the verifier", value: verify.ms / 1_000, unit: "s" });
} finally {
  await rm(directory, { recursive: true, force: true });
}
