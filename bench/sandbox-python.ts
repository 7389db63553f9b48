/**
 * Cold start of Python's sandbox: from the call that starts it until the model's main function is called, in bubblewrap
 * with seccomp, against the same interpreter bare, that runs as small a script. Turn by turn, so that both see the same
 * machine.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "../src/base/bytes.ts";
import { createPythonRunner } from "../src/enclave/runners/python/index.ts";
import type { Model } from "../src/enclave/runners/runner.ts";
import { findPythonImage } from "../test/support/python.ts";
import { median, report } from "./support.ts";

const RUNS = 60;
const WARM_UP = 5;
const LIMITS = { seconds: 20, memory: 256 << 20, output: 1 << 20 };

const MODEL: Model = {
  manifest: {
    runner: "python",
    entry: "main.py",
    tables: {},
    result: { columns: { value: "f64" }, maxRows: 1 },
    parameters: {},
  },
  files: new Map([["main.py", utf8('def main(tables, parameters):\n    return [{"value": 1}]\n')]]),
  main: "main",
  parameters: {},
};
/** Says that it has started through a pipe too. */
const BARE = `import os
def main():
    return [{"value": 1}]
os.write(1, b"started")
main()
`;

const bench = "sandbox-python";
const image = await findPythonImage();
const directory = "skip" in image ? undefined : image.directory;
const runner = createPythonRunner(directory);

const sandboxed = async (): Promise<number> => {
  const began = performance.now();
  const run = await runner.start(LIMITS);
  run.load(MODEL);
  await run.started;
  const elapsed = performance.now() - began;
  await run.result();
  return elapsed;
};

const bare = async (script: string): Promise<number> => {
  const began = performance.now();
  const child = spawn(`${directory}/python/bin/python3`, [script], { stdio: ["ignore", "pipe", "inherit"], env: {} });
  const closed = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const elapsed = performance.now() - began;
  await closed;
  return elapsed;
};

const available = await runner.available();
const scratch = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  if ("skip" in image || available !== true) {
    console.log(JSON.stringify({ bench, skip: "skip" in image ? image.skip : available }));
  } else {
    const script = join(scratch, "main.py");
    await writeFile(script, BARE);
    const times = { sandboxed: [] as number[], bare: [] as number[] };
    for (let run = -WARM_UP; run < RUNS; run++) {
      const [inside, outside] = [await sandboxed(), await bare(script)];
      if (run < 0) continue;
      times.sandboxed.push(inside);
      times.bare.push(outside);
    }
    const [inside, outside] = [median(times.sandboxed), median(times.bare)];
    const note = `${RUNS} starts each, in turns`;
    report({ bench, metric: "sandboxed, p50", value: inside, unit: "ms", note });
    report({ bench, metric: "bare python, p50", value: outside, unit: "ms", note });
    report({ bench, metric: "ratio", value: inside / outside, unit: "x", target: 1.5, atMost: true, note });

    const began = performance.now();
    await runner.imageDigest();
    report({ bench, metric: "digest of the image, once a process", value: performance.now() - began, unit: "ms" });
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
