/**
 * Cold start of the sandbox: from the call that starts it until the model's main function is called, in bubblewrap
 * with seccomp, against a bare Node.js that imports as small a module. Turn by turn, so that both see the same machine.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "../src/base/bytes.ts";
import { createJavascriptRunner } from "../src/enclave/runners/javascript/index.ts";
import type { Model } from "../src/enclave/runners/runner.ts";
import { median, report } from "./support.ts";

const RUNS = 40;
const WARM_UP = 5;
const LIMITS = { seconds: 20, memory: 256 << 20, output: 1 << 20 };

const MODEL: Model = {
  manifest: {
    runner: "javascript",
    entry: "index.js",
    tables: {},
    result: { columns: { value: "f64" }, maxRows: 1 },
    parameters: {},
  },
  files: new Map([["index.js", utf8("export const main = () => [{ value: 1 }];\n")]]),
  main: "main",
  parameters: {},
};
/** Says that it has started through a pipe too. */
const BARE = `import { writeSync } from "node:fs";
const main = () => [{ value: 1 }];
writeSync(1, "started");
main();
`;

const runner = createJavascriptRunner();

const sandboxed = async (): Promise<number> => {
  const began = performance.now();
  const run = await runner.start(LIMITS);
  run.load(MODEL);
  await run.started;
  const elapsed = performance.now() - began;
  await run.result();
  return elapsed;
};

const bare = async (module: string): Promise<number> => {
  const began = performance.now();
  const child = spawn(process.execPath, [module], { stdio: ["ignore", "pipe", "inherit"], env: {} });
  const closed = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const elapsed = performance.now() - began;
  await closed;
  return elapsed;
};

const bench = "sandbox";
const available = await runner.available();
const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  if (available !== true) {
    console.log(JSON.stringify({ bench, skip: available }));
  } else {
    const module = join(directory, "index.mjs");
    await writeFile(module, BARE);
    const times = { sandboxed: [] as number[], bare: [] as number[] };
    for (let run = -WARM_UP; run < RUNS; run++) {
      const [inside, outside] = [await sandboxed(), await bare(module)];
      if (run < 0) continue;
      times.sandboxed.push(inside);
      times.bare.push(outside);
    }
    const [inside, outside] = [median(times.sandboxed), median(times.bare)];
    const note = `${RUNS} starts each, in turns`;
    report({ bench, metric: "sandboxed, p50", value: inside, unit: "ms", note });
    report({ bench, metric: "bare node, p50", value: outside, unit: "ms", note });
    report({ bench, metric: "ratio", value: inside / outside, unit: "x", target: 1.3, atMost: true, note });
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
