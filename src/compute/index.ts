/** The compute pillar (可信计算): alliances, models, data sources, tasks, and the enclave that runs them. */
import type { Log } from "../platform/log.ts";
import type { Spine } from "../spine/index.ts";
import { createAlliances } from "./alliances.ts";
import { createEnclaves } from "./enclaves.ts";
import { computeEvents } from "./events.ts";
import type { Fleet } from "./fleet.ts";
import type { FormerPrograms } from "./former-programs.ts";
import { createModels } from "./models.ts";
import { createMoves } from "./moves.ts";
import { createRuns } from "./runs.ts";
import { createSchedules } from "./schedules.ts";
import { createSources } from "./sources.ts";
import { createTasks } from "./tasks.ts";

export interface ComputeOptions {
  readonly spine: Spine;
  readonly fleet: Fleet;
  readonly former: FormerPrograms;
  readonly log: Log;
  /** Tasks that run at a time in each enclave. */
  readonly concurrency: number;
}

export const createCompute = ({ spine, fleet, former, log, concurrency }: ComputeOptions) => {
  const { ledger, views, managed, clock } = spine;

  const runs = createRuns({
    ledger,
    fleet,
    views,
    concurrency,
    now: () => clock.now(),
    onProgress(id, phase) {
      const stream = ledger.world.streams.get(id);
      if (stream) void spine.announce(id, stream, "task.progress", { phase });
    },
    onError: (id, error) => log.warn({ err: error, task: id }, "a run is tried again"),
  });

  const schedules = createSchedules({
    ledger,
    fleet,
    now: () => clock.now(),
    onError: (id, error) => log.warn({ err: error, task: id }, "a scheduled run is tried again"),
  });

  const moves = createMoves({
    ledger,
    fleet,
    former,
    onError: (id, error) => log.warn({ err: error, resource: id }, "what was moved is not handed over yet"),
  });

  return {
    api: {
      enclaves: createEnclaves({ ledger, fleet, managed, clock }),
      alliances: createAlliances(spine),
      models: createModels(spine),
      sources: createSources(spine),
      tasks: createTasks({ ...spine, fleet }),
    },
    events: computeEvents(spine),
    /** Starts the enclaves. @returns the stream of the first @throws Refusal enclave.* where the ledger is not theirs */
    open: () => fleet.start(),
    /** Takes up what the ledger says is to run. */
    start() {
      runs.start();
      schedules.start();
      moves.start();
    },
    runs: { active: () => runs.active },
    async stop() {
      schedules.stop();
      runs.stop();
      // What is being asked ends with the enclaves.
      const carried = moves.stop();
      await fleet.stop();
      await carried;
    },
  };
};
