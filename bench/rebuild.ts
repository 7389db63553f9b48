/**
 * `entente rebuild` on a ledger of 100,000 acts: the whole process, which reads the log, runs every rule again and
 * makes every row of the computed tables. The ledger is made once, and kept in .cache.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/base/clock.ts";
import { openEvidenceLedger } from "../src/ledger/engines/evidence/index.ts";
import { runEntente } from "../test/support/platform.ts";
import { isMade, ledgerSignerIn, makeLedger } from "./rebuild/make-ledger.ts";
import { report } from "./support.ts";

const ACTS = 100_000;
const RUNS = 2;

const data = fileURLToPath(new URL("../.cache/rebuild/", import.meta.url));
if (!(await isMade(data, ACTS))) {
  await rm(data, { recursive: true, force: true });
  await makeLedger(data, ACTS);
}

const bench = "rebuild";
for (let run = 1; run <= RUNS; run++) {
  const began = performance.now();
  const printed = await runEntente(["rebuild", "--json", `--data=${data}`, "--log-level=warn"]);
  const seconds = (performance.now() - began) / 1_000;
  const { streams, entries } = JSON.parse(printed.trim().split("\n").at(-1) ?? "{}") as Record<string, number>;
  if ((entries ?? 0) < ACTS) throw new Error(`the ledger has ${entries} entries`);
  const note = `run ${run} of ${RUNS}, ${entries} acts in ${streams} streams, SQLite`;
  report({ bench, metric: "views", value: seconds, unit: "s", target: 20, atMost: true, note });
}

const began = performance.now();
const directory = join(data, "ledger");
const ledger = await openEvidenceLedger({ directory, clock: systemClock, signer: await ledgerSignerIn(directory) });
const note = "of that, reading the log and running its rules again (as every start does)";
report({ bench, metric: "replay", value: (performance.now() - began) / 1_000, unit: "s", note });
await ledger.close();
