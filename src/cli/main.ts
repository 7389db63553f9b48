/**
 * `entente`: one program for people and scripts. Each part is loaded only when it is asked for, so that verifying a
 * file does not wait for the client, nor the client for the platform.
 */
import process from "node:process";
import { keepCompiled } from "./compile-cache.ts";
import type { Terminal } from "./run.ts";

keepCompiled();
const words = process.argv.slice(2);
const terminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
};
// Whoever reads only the first lines (`| head`) has read enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const main = async () => {
  if (words[0] === "verify") return (await import("./verify.ts")).verifyMain(words.slice(1), terminal);
  const status = await (await import("./programs.ts")).runProgram(words, terminal);
  return status ?? (await import("./run.ts")).runCommandLine(words, terminal);
};

process.exitCode = await main();
