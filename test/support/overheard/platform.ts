/**
 * The platform as `entente up` starts it, but that a program (node.ts) stands between it and each of its key nodes, and
 * writes down all that they say: into `overheard`, beside the data directory. Arguments: settings as flags.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { currentProgram } from "../../../scripts/bundle.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { configOf, untilTold, version } from "../../../src/cli/up.ts";
import { startPlatform } from "../../../src/compose.ts";

const flags = Object.fromEntries(process.argv.slice(2).map((flag) => flag.replace(/^--/, "").split(/=(.*)/s)));
const told = untilTold();
const config = configOf(flags);
const overheard = join(config.data, "..", "overheard");
mkdirSync(overheard, { recursive: true });
const { url, admin, enclave, close } = await startPlatform({
  ...{ config, clock: systemClock, version },
  enclaveCommand: [process.execPath, await currentProgram("enclave")],
  keyNodeCommand: [
    ...[process.execPath, join(import.meta.dirname, "node.ts"), overheard],
    await currentProgram("keynode"),
  ],
});
console.log(JSON.stringify({ url, pid: process.pid, admin: admin ?? null, enclave, keys: null }));
await told;
await close();
