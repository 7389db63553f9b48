/** The verifier as a program of its own: `node verify-main.ts FILE`, or `node verify.mjs FILE` from its bundle. */
import process from "node:process";
import { keepCompiled } from "./compile-cache.ts";

keepCompiled();
const { verifyMain } = await import("./verify.ts");
process.exitCode = verifyMain(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
});
