/**
 * `entente verify` on the demo's evidence bundle, from the start of the process to its end: from source and as the
 * single file that is handed out.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { currentProgram } from "../scripts/bundle.ts";
import { runEntente } from "../test/support/platform.ts";
import { median, percentile, report } from "./support.ts";

const RUNS = 15;

const cache = fileURLToPath(new URL("../.cache/", import.meta.url));
const bundle = join(cache, "demo.evidence.json");
const fromSource = fileURLToPath(new URL("../src/cli/verify-main.ts", import.meta.url));

/** @returns milliseconds. @throws Error where the process says that the bundle does not hold */
const time = async (program: readonly string[]): Promise<number> => {
  const began = performance.now();
  await promisify(execFile)(process.execPath, [...program]);
  return performance.now() - began;
};
const verify = (program: string) => time([program, bundle, "--json"]);

/** Kept from an earlier run, as long as it holds. */
const makeBundle = async () => {
  await mkdir(cache, { recursive: true });
  if (await verify(fromSource).then(Boolean, () => false)) return;
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  try {
    const printed = await runEntente(["demo", "--once", "--json", `--data=${join(directory, "demo")}`]);
    const { bundle: made } = JSON.parse(printed.trim().split("\n").at(-1) ?? "{}") as { bundle: string };
    await copyFile(made, bundle);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

await makeBundle();
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
