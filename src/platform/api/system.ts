/** What the platform says of itself. The OpenAPI document is the server's. */
import { iso } from "../../base/clock.ts";
import type { system as contract } from "../../contract/system.ts";
import { explainedConfig, redactedConfig } from "../config/describe.ts";
import type { Config } from "../config/load.ts";
import { refuse } from "../errors.ts";
import type { Health } from "../health.ts";
import type { Job, JobStore } from "../jobs-store.ts";
import type { Log } from "../log.ts";
import type { LogTail } from "../log-tail.ts";
import type { Metrics } from "../metrics.ts";
import { cursorPage, decodeCursor } from "../paging.ts";
import type { StorageReport } from "../storage.ts";
import type { Api } from "./caller.ts";

export interface SystemOptions {
  health: Health;
  metrics: Metrics;
  config: Config;
  /** Of the product. */
  version: string;
  log: Log;
  logTail: Pick<LogTail, "list">;
  jobs: Pick<JobStore, "list">;
  storage: () => Promise<StorageReport>;
}

export const createSystemApi = (options: SystemOptions): Omit<Api<typeof contract>, "openapi"> => {
  const { health, metrics, config, version, log, logTail, jobs, storage } = options;
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
    config: async () => ({ settings: redactedConfig(config), described: explainedConfig(config) }),
    async jobs(_, { cursor, limit, ...filter }) {
      const [beforeId] = cursor === undefined ? [] : decodeCursor(cursor, ["string"]);
      const found = await jobs.list(filter, { limit: limit + 1, beforeId: beforeId as string | undefined });
      const { items, next } = cursorPage(found, limit, ({ id }) => [id]);
      return { items: items.map(showJob), next };
    },
    logs: async (_, filter) => ({ items: logTail.list(filter) }),
    async storage() {
      const { areas, disk } = await storage();
      return { areas: [...areas], disk };
    },
  };
};

/** Without its payload, which may hold anything. */
const showJob = ({ id, kind, key, state, attempts, interruptions, error, runAt, createdAt, finishedAt }: Job) => ({
  ...{ id, kind, key, state, attempts, interruptions, error },
  ...{ runAt: iso(runAt), createdAt: iso(createdAt), finishedAt: finishedAt === null ? null : iso(finishedAt) },
});
