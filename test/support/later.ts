/**
 * The platform as `entente up` starts it, but eight days on: its own clock, and its enclave's, are ahead of the
 * machine's. What was asked for today has lapsed there. Arguments: settings as flags.
 */
import { currentProgram } from "../../scripts/bundle.ts";
import { currentConsole } from "../../scripts/console.ts";
import { DAY } from "../../src/base/clock.ts";
import { configOf, untilTold, version } from "../../src/cli/up.ts";
import { startPlatform } from "../../src/compose.ts";

const AHEAD = 8 * DAY;
/** Run in the enclave before its program. */
const MOVED = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${AHEAD};`;

const flags = Object.fromEntries(process.argv.slice(2).map((flag) => flag.replace(/^--/, "").split(/=(.*)/s)));
const told = untilTold();
const config = configOf(flags);
const { url, enclave, close } = await startPlatform({
  ...{ config, clock: { now: () => Date.now() + AHEAD }, version },
  enclaveCommand: [process.execPath, "--import", MOVED, await currentProgram("enclave")],
  keyNodeCommand: [],
  console: await currentConsole(),
});
console.log(JSON.stringify({ url, pid: process.pid, admin: null, enclave, keys: null }));
await told;
await close();
