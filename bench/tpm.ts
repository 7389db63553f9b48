/** Evidence of a TPM: made by a software TPM over its socket, and checked. A hardware TPM takes longer to sign. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSwtpm } from "../src/cli/demo/machines/swtpm.ts";
import { openSwtpm } from "../src/tee/attestation/tpm2/provider.ts";
import { swtpm } from "../src/trust/attestation/tpm2/verifier.ts";
import { median, percentile, report } from "./support.ts";

const RUNS = 500;
const MEASUREMENT = "ab".repeat(48);
const REPORT_DATA = "cd".repeat(64);

/** @returns milliseconds of each run; the first ones, which warm up, are not among them */
const time = async (work: () => unknown): Promise<number[]> => {
  const taken: number[] = [];
  for (let run = -20; run < RUNS; run++) {
    const began = performance.now();
    await work();
    if (run >= 0) taken.push(performance.now() - began);
  }
  return taken;
};

const tpm = await startSwtpm();
if ("skip" in tpm) throw new Error(tpm.skip);
const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  const provider = await openSwtpm(directory, { device: tpm.device, certificates: tpm.issuers });
  const evidence = await provider.evidence(REPORT_DATA, MEASUREMENT);
  await provider.sealingKey(MEASUREMENT);
  const quotes = await time(() => provider.evidence(REPORT_DATA, MEASUREMENT));
  const verdicts = await time(() => {
    const verdict = swtpm.verify(evidence, { reportData: REPORT_DATA, measurement: MEASUREMENT, at: Date.now() });
    if (!verdict.ok) throw new Error(verdict.reason);
  });
  const extensions = await time(() => provider.register.extend("11".repeat(32)));
  await provider.close();
  const common = { bench: "tpm", unit: "ms", note: `${RUNS} runs, swtpm` } as const;
  report({ ...common, metric: "quote, p50", value: median(quotes), target: 1.5, atMost: true });
  report({ ...common, metric: "quote, p95", value: percentile(quotes, 0.95) });
  report({ ...common, metric: "verify, chain known, p50", value: median(verdicts), target: 0.3, atMost: true });
  report({ ...common, metric: "verify, chain known, p95", value: percentile(verdicts, 0.95) });
  report({ ...common, metric: "register extended and read back, p50", value: median(extensions) });
  report({ ...common, metric: "register extended and read back, p95", value: percentile(extensions, 0.95) });
} finally {
  await tpm.stop();
  await rm(directory, { recursive: true, force: true });
}
