/** What the platform says of itself. The OpenAPI document is the server's. */
import type { system as contract } from "../../contract/system.ts";
import { redactedConfig } from "../config/describe.ts";
import type { Config } from "../config/load.ts";
import { refuse } from "../errors.ts";
import type { Health } from "../health.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Api } from "./caller.ts";

export interface SystemOptions {
  health: Health;
  metrics: Metrics;
  config: Config;
  /** Of the product. */
  version: string;
  log: Log;
}

export const createSystemApi = (options: SystemOptions): Omit<Api<typeof contract>, "openapi"> => {
  const { health, metrics, config, version, log } = options;
  return {
    async health() {
      const { status, checks } = await health.report();
      // Anybody may ask, and messages of drivers name hosts and users: those are for the log.
      const shown = Object.fromEntries(Object.entries(checks).map(([name, { ok, ms }]) => [name, { ok, ms }]));
      if (status === "ok") return { status, version, checks: shown };
      const failing = Object.keys(checks).filter((name) => !checks[name]?.ok);
      log.error({ checks }, "health checks fail");
      throw refuse("health.failing", { failing: failing.join(", "), checks: shown, version });
    },
    metrics: async () => ({ content: (await metrics.read()).body }),
    config: async () => ({ settings: redactedConfig(config) }),
  };
};
