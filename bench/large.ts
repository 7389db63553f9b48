/**
 * A table of 20,000,000 rows and 3 columns through a whole task: the memory that the enclave's process takes at its
 * peak (VmHWM), the sandbox's being its own. Rows that are read wait in pipes, not in memory.
 */
import { readFileSync } from "node:fs";
import { treeOf } from "../test/support/processes.ts";
import { report } from "./support.ts";
import { openTaskStage } from "./task/stage.ts";
import { days } from "./task/tables.ts";

const ROWS = 20_000_000;
const bench = "large";

/** Bytes of memory at the peak so far. */
const peakOf = (pid: number): number =>
  1_024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

const stage = await openTaskStage([days], ROWS);
if ("skip" in stage) {
  console.log(JSON.stringify({ bench, skip: stage.skip }));
} else {
  try {
    const enclave = treeOf(stage.platform.pid).find(({ command }) => command.includes("enclave.mjs"));
    if (!enclave) throw new Error("the enclave does not run");
    const before = peakOf(enclave.pid);
    const { elapsed, receipt } = await stage.run(days);
    const rows = receipt.sources[0]?.rows;
    if (rows !== ROWS) throw new Error(`${rows} rows were read where there are ${ROWS}`);
    const peak = peakOf(enclave.pid) / 1e6;
    const note = `${ROWS} rows of 3 columns; ${Math.round(before / 1e6)} MB before them`;
    report({ bench, metric: "enclave's memory at its peak", value: peak, unit: "MB", target: 400, atMost: true, note });
    report({ bench, metric: "rows a second, the whole task", value: (1_000 * ROWS) / elapsed, unit: "rows/s" });
  } finally {
    await stage.stop();
  }
}
