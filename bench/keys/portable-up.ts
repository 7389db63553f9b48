/**
 * `entente up` on a machine without the optional native packages: its key nodes run from a folder beside which there are
 * none. Prints what `entente up --json` does.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentProgram } from "../../scripts/bundle.ts";
import { systemClock } from "../../src/base/clock.ts";
import { configOf, untilTold, version } from "../../src/cli/up.ts";
import { startPlatform } from "../../src/compose.ts";

const flags = Object.fromEntries(process.argv.slice(2).map((one) => one.replace(/^--/, "").split(/=(.*)/s)));
const told = untilTold();
const directory = await mkdtemp(join(tmpdir(), "entente-portable-"));
try {
  const program = join(directory, "keynode.mjs");
  await copyFile(await currentProgram("keynode"), program);
  const { url, admin, enclave, keys, close } = await startPlatform({
    ...{ config: configOf(flags), clock: systemClock, version },
    enclaveCommand: [process.execPath, await currentProgram("enclave")],
    keyNodeCommand: [process.execPath, program],
  });
  console.log(
    JSON.stringify({ url, pid: process.pid, admin: admin ?? null, enclave, keys: keys && { url: keys.url } }),
  );
  await told;
  await close();
} finally {
  await rm(directory, { recursive: true, force: true });
}
