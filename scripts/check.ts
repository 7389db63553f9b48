/**
 * `npm run check [-- <name>…]`: everything about the source that needs no test, in seconds. Prints a line a check with
 * its time, and of each that fails what is wrong.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { consoleTexts } from "./checks/console-texts.ts";
import { documentPairs } from "./checks/documents.ts";
import { houseRules } from "./checks/house.ts";
import { importDirections } from "./checks/imports.ts";
import { languages } from "./checks/languages.ts";
import { root } from "./tree.ts";

/** One line each of what is wrong; empty when all is well. */
type Check = () => string[] | Promise<string[]>;

/** A tool of node_modules: what it prints is the failure when it does not end with 0. */
const tool =
  (path: string, ...args: string[]): Check =>
  () =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, path), ...args], {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
      child.on("error", reject);
      child.on("close", (code, signal) =>
        resolve(code === 0 ? [] : [Buffer.concat(output).toString().trim() || `ended with ${signal ?? code}`]),
      );
    });

const REFERENCE = "scripts/reference.ts";

/** The slow ones first, so that two at a time end together. */
const CHECKS: Readonly<Record<string, Check>> = {
  imports: () => importDirections(root),
  unused: tool("node_modules/knip/bin/knip.js", "--no-progress", "--no-config-hints", "--exclude=binaries"),
  types: tool("node_modules/tsc7/bin/tsc", "-p", ".", "--pretty", "false"),
  style: tool("node_modules/@biomejs/biome/bin/biome", "check", "--max-diagnostics=50", "--error-on-warnings", "."),
  languages: async () => [...(await languages(root)), ...consoleTexts(root)],
  house: () => houseRules(root),
  documents: () => documentPairs(root),
  ...(existsSync(join(root, REFERENCE)) ? { references: tool(REFERENCE, "--check") } : {}),
};

const AT_A_TIME = 2;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(", ")}. There are: ${Object.keys(CHECKS).join(", ")}`);
  process.exit(2);
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(2)} s`;

const queue = Object.entries(CHECKS).filter(([name]) => asked.length === 0 || asked.includes(name));
const count = queue.length;
let failed = 0;
const worker = async (): Promise<void> => {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, check] = next;
    const began = performance.now();
    const failures = await Promise.resolve(check()).catch((error: Error) => [error.message]);
    console.log(`${failures.length === 0 ? "✔" : "✖"} ${name.padEnd(12)} ${seconds(began)}`);
    if (failures.length > 0) console.log(`${failures.join("\n").replace(/^/gm, "    ")}\n`);
    if (failures.length > 0) failed++;
  }
};

const began = performance.now();
await Promise.all(Array.from({ length: AT_A_TIME }, worker));
console.log(`${count - failed} of ${count} checks passed in ${seconds(began)}`);
process.exitCode = failed === 0 ? 0 : 1;
