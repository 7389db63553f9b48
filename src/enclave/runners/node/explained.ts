/** Refusals of one runner's own, for what its guest reports as `code: message`. */
import { Refusal } from "../../../base/refusal.ts";
import type { SandboxedRunner } from "../bubblewrap/runner.ts";
import type { Limits } from "../runner.ts";

/** @param explain what stands for the guest's code; undefined when it is none of the runner's */
export const withRefusals = (
  runner: SandboxedRunner,
  explain: (code: string, message: string, limits: Limits) => Refusal | undefined,
): SandboxedRunner => {
  const translated = (error: unknown, limits: Limits): unknown => {
    if (!(error instanceof Refusal) || error.code !== "model.threw") return error;
    const [, code, message] = /^([a-z-]+): (.*)$/s.exec(String(error.details.message)) ?? [];
    return (code !== undefined && message !== undefined && explain(code, message, limits)) || error;
  };
  return {
    ...runner,
    async start(limits) {
      const run = await runner.start(limits);
      return {
        ...run,
        result: () =>
          run.result().catch((error: unknown) => {
            throw translated(error, limits);
          }),
      };
    },
  };
};
