/** Warm start: `entente up` on data that is there, until it says it is ready; and the memory of all its processes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, startPlatform } from "../test/support/platform.ts";
import { memoryOf, type Process, treeOf } from "../test/support/processes.ts";
import { createTrio, finishTask } from "../test/support/trio.ts";
import { median, report } from "./support.ts";

const STARTS = 8;
const TASKS = 10;
/** Milliseconds without a request before memory is read. */
const IDLE = 3_000;
const MB = 1_000_000;

const isEnclave = ({ command }: Process) => command.includes("enclave.mjs");

const memory = async ({ pid }: Platform) => {
  await sleep(IDLE);
  const tree = treeOf(pid);
  return {
    all: memoryOf(tree) / MB,
    enclave: memoryOf(tree.filter(isEnclave)) / MB,
    note: `PSS of ${tree.length} processes after ${IDLE / 1_000} s without a request`,
  };
};

const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
const data = join(directory, "data");
const bench = "up";
let platform: Platform | undefined;
try {
  platform = await startPlatform({ data, settings: { "rate-limit": "100000" } });
  const { url } = platform;
  const trio = await createTrio(platform, join(directory, "profiles"));
  // The first start may have built the enclave program, which the memory of others is not to count.
  await platform.stop();
  platform = await startPlatform({ data, port: Number(new URL(url).port), settings: { "rate-limit": "100000" } });
  for (let round = 0; round < TASKS; round++) await finishTask(trio, round);
  const worked = await memory(platform);
  await platform.stop();

  const starts: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    platform = await startPlatform({ data });
    starts.push(platform.readyIn);
    if (start < STARTS - 1) await platform.stop();
  }
  const idle = await memory(platform);
  const note = `${STARTS} starts on the data of ${TASKS} tasks, to the line on standard output`;
  report({ bench, metric: "warm start, p50", value: median(starts), unit: "ms", target: 2_000, atMost: true, note });
  report({ bench, metric: "warm start, slowest", value: Math.max(...starts), unit: "ms" });
  const { all, enclave, note: when } = idle;
  report({ bench, metric: "idle memory", value: all, unit: "MB", target: 300, atMost: true, note: when });
  report({ bench, metric: "idle memory, enclave", value: enclave, unit: "MB" });
  report({ bench, metric: `memory after ${TASKS} tasks`, value: worked.all, unit: "MB", note: worked.note });
} finally {
  await platform?.stop();
  await rm(directory, { recursive: true, force: true });
}
