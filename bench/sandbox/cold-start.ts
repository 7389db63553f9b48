/**
 * Cold start of a sandbox: from the call that starts it until the model's main function is called, in bubblewrap with
 * seccomp, against the same interpreter bare, which runs as small a program. Turn by turn, so that both see the same
 * machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "../../src/base/bytes.ts";
import type { Model, Runner } from "../../src/enclave/runners/runner.ts";
import { median, report, takeTurns } from "../support.ts";

const WARM_UP = 5;
const LIMITS = { seconds: 20, memory: 256 << 20, output: 1 << 20 };

interface Contest {
  readonly bench: string;
  readonly runner: Runner;
  readonly runs: number;
  /** What the ratio has to stay below. */
  readonly target: number;
  /** A model whose result is one row, { value: 1 }. */
  readonly model: { readonly entry: string; readonly source: string };
  /** Says that it has started through a pipe too. */
  readonly bare: {
    readonly name: string;
    readonly command: string;
    readonly file: string;
    readonly source: string;
  };
}

/** Reports both and their ratio, or why there is nothing to report. @returns whether it was measured */
export const benchColdStart = async ({ bench, runner, runs, target, model, bare }: Contest): Promise<boolean> => {
  const available = await runner.available();
  if (available !== true) {
    console.log(JSON.stringify({ bench, skip: available }));
    return false;
  }
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  try {
    const program = join(directory, bare.file);
    await writeFile(program, bare.source);
    const contenders = {
      sandboxed: () => startSandboxed(runner, modelOf(runner, model)),
      bare: () => startBare(bare.command, program),
    };
    const times = await takeTurns(contenders, { runs, warmUp: WARM_UP });
    const [inside, outside] = [median(times.sandboxed), median(times.bare)];
    const note = `${runs} starts each, in turns`;
    report({ bench, metric: "sandboxed, p50", value: inside, unit: "ms", note });
    report({ bench, metric: `bare ${bare.name}, p50`, value: outside, unit: "ms", note });
    report({ bench, metric: "ratio", value: inside / outside, unit: "x", target, atMost: true, note });
    return true;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const modelOf = (runner: Runner, { entry, source }: Contest["model"]): Model => ({
  manifest: {
    runner: runner.id,
    entry,
    tables: {},
    result: { columns: { value: "f64" }, maxRows: 1 },
    parameters: {},
  },
  files: new Map([[entry, utf8(source)]]),
  main: "main",
  parameters: {},
});

const startSandboxed = async (runner: Runner, model: Model): Promise<number> => {
  const began = performance.now();
  const run = await runner.start(LIMITS);
  run.load(model);
  await run.started;
  const elapsed = performance.now() - began;
  await run.result();
  return elapsed;
};

const startBare = async (command: string, program: string): Promise<number> => {
  const began = performance.now();
  const child = spawn(command, [program], { stdio: ["ignore", "pipe", "inherit"], env: {} });
  const closed = once(child, "close");
  await once(child.stdout, "data");
  const elapsed = performance.now() - began;
  await closed;
  return elapsed;
};
