/**
 * `entente verify` on the demo's evidence bundle, from the start of the process to its end: from source and as the
 * single file that is handed out.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { currentProgram } from "../scripts/bundle.ts";
import { demoBundle } from "./demo-bundle.ts";
import { median, percentile, report } from "./support.ts";

const RUNS = 15;

const fromSource = fileURLToPath(new URL("../src/cli/verify-main.ts", import.meta.url));

/** @returns milliseconds. @throws Error where the process says that the bundle does not hold */
const time = async (program: readonly string[]): Promise<number> => {
  const began = performance.now();
  await promisify(execFile)(process.execPath, [...program]);
  return performance.now() - began;
};
const verify = (program: string) => time([program, bundle, "--json"]);

const bundle = await demoBundle();
const oneFile = await currentProgram("verify");
const runs = { source: [] as number[], oneFile: [] as number[], bare: [] as number[] };
for (let run = 0; run <= RUNS; run++) {
  const [source, single, bare] = [await verify(fromSource), await verify(oneFile), await time(["-e", "0"])];
  // The first is the one that fills the caches of the machine.
  if (run === 0) continue;
  runs.source.push(source);
  runs.oneFile.push(single);
  runs.bare.push(bare);
}
const bench = "verify";
const peer = { name: "node -e 0", value: median(runs.bare) };
const bound = { unit: "ms", target: 500, atMost: true, peer, note: `${RUNS} processes each` } as const;
report({ bench, metric: "from source, p50", value: median(runs.source), ...bound });
report({ bench, metric: "from source, p95", value: percentile(runs.source, 0.95), unit: "ms" });
report({ bench, metric: "dist/verify.mjs, p50", value: median(runs.oneFile), ...bound });
report({ bench, metric: "dist/verify.mjs, p95", value: percentile(runs.oneFile, 0.95), unit: "ms" });
