/**
 * Small tasks through the whole path, one enclave: created, authorised in all four parts, run, its result fetched,
 * proven by its evidence and decrypted. Several clients at once, in this process; server, enclave and sandboxes share
 * the machine with them. With simulated attestation, and with a software TPM that every state of the enclave goes into.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startSwtpm } from "../src/cli/demo/machines/swtpm.ts";
import { startPlatform } from "../test/support/platform.ts";
import { authorise, createTrio, newTask, readResult, SUM, type Trio } from "../test/support/trio.ts";
import { median, percentile, report } from "./support.ts";

const CLIENTS = 6;
const WARM_UP = 5;
const SECONDS = 30;
const POLL = 40;
const TARGET = 300;
const bench = "tasks-a-minute";

/** One task, from nothing to the decrypted result. @returns milliseconds from its last authorisation to its receipt */
const runTask = async (trio: Trio, round: number): Promise<number> => {
  const { institute, hospitals } = trio;
  const { id } = (await newTask(trio, round)).resource;
  await authorise(trio, institute, id);
  await Promise.all(hospitals.map((hospital) => authorise(trio, hospital, id)));
  await authorise(trio, institute, id);
  const authorised = performance.now();
  for (;;) {
    const { failure, receipt } = await institute.client.tasks.get({ id });
    if (failure) throw new Error(`the task failed: ${failure.code}`);
    if (receipt) break;
    await sleep(POLL);
  }
  const elapsed = performance.now() - authorised;
  const { round: found, sum } = await readResult(trio, id);
  if (found !== round || sum !== SUM) throw new Error(`the result of ${id} is not its own`);
  return elapsed;
};

const measure = async (settings: Readonly<Record<string, string>>) => {
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  try {
    const limits = { "rate-limit": "1000000", "rate-burst": "1000000" };
    const platform = await startPlatform({ data: join(directory, "data"), settings: { ...limits, ...settings } });
    try {
      const trio = await createTrio(platform, join(directory, "profiles"));
      const began = performance.now() + 1_000 * WARM_UP;
      const until = began + 1_000 * SECONDS;
      const ended: { readonly at: number; readonly elapsed: number }[] = [];
      let round = 0;
      const client = async () => {
        while (performance.now() < until) {
          const elapsed = await runTask(trio, ++round);
          ended.push({ at: performance.now(), elapsed });
        }
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const counted = ended.filter(({ at }) => at >= began && at < until);
      return { rate: (60 * counted.length) / SECONDS, latencies: counted.map(({ elapsed }) => elapsed) };
    } finally {
      await platform.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const show = async (name: string, settings: Readonly<Record<string, string>>) => {
  const { rate, latencies } = await measure(settings);
  const note = `${CLIENTS} clients, ${SECONDS} s, two tables of 3 rows`;
  report({ bench, metric: `${name}: tasks a minute`, value: rate, unit: "tasks/min", target: TARGET, note });
  for (const [label, value] of [
    ["p50", median(latencies)],
    ["p95", percentile(latencies, 0.95)],
  ] as const)
    report({ bench, metric: `${name}: last authorisation to receipt, ${label}`, value, unit: "ms" });
};

await show("simulated", {});
const tpm = await startSwtpm();
if ("skip" in tpm) console.log(JSON.stringify({ bench, skip: tpm.skip }));
else {
  try {
    await show("swtpm", {
      attestation: "swtpm",
      "attestation-options": `device=${tpm.device},certificates=${tpm.issuers}`,
    });
  } finally {
    await tpm.stop();
  }
}
