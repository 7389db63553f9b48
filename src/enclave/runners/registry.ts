import type { Cgroups } from "./bubblewrap/cgroups.ts";
import { createJavascriptRunner } from "./javascript/index.ts";
import { createPythonRunner } from "./python/index.ts";
import { createQuickjsRunner } from "./quickjs/index.ts";
import type { Isolation, Runner } from "./runner.ts";
import { createSqlRunner } from "./sql/index.ts";
import { createWasmRunner } from "./wasm/index.ts";

export interface RunnerOptions {
  /** Folder of the Python image. */
  readonly python?: string | undefined;
  /** Of bubblewrap: a sandbox without processes of its own has no use for them. */
  readonly cgroups?: Cgroups | undefined;
}

const registry: Record<Isolation, (options: RunnerOptions) => Record<string, Runner>> = {
  bubblewrap: ({ python, cgroups }) => ({
    javascript: createJavascriptRunner(cgroups),
    python: createPythonRunner(python, cgroups),
    sql: createSqlRunner(cgroups),
    wasm: createWasmRunner(cgroups),
  }),
  quickjs: () => ({ javascript: createQuickjsRunner() }),
};

/** Runners by the name that manifests have for them, in this isolation. They start nothing before they are asked. */
export const runnersOf = (isolation: Isolation, options: RunnerOptions): Record<string, Runner> =>
  registry[isolation](options);
