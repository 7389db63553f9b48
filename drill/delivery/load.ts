/** Organisations that bring one task after another to its end, whatever happens to platform and databases. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Destination } from "../../src/sdk/workflows/index.ts";
import type { Trio } from "../../test/support/trio.ts";
import { advance } from "../kill/advance.ts";
import type { Memory, TaskRecord } from "../kill/record.ts";
import { authorise, newTask } from "./consortium.ts";
import { FILLERS, TABLES } from "./work.ts";

const WORKERS = 4;
const POLL = 60;

/** A task of the drill; its round tells how large its result is. */
export const fillersOf = ({ round }: Pick<TaskRecord, "round">): number => FILLERS[round % FILLERS.length] ?? 0;

export interface Stage {
  /** Its model and its sources are those of work.ts. */
  readonly trio: Trio;
  readonly destination: Destination;
  readonly memory: Memory;
}

export interface Load {
  /** No new tasks; resolves when those that were begun have ended, or after so many milliseconds. */
  finish(patience: number): Promise<void>;
}

export const startLoad = ({ trio, destination, memory }: Stage): Load => {
  let stopping = false;
  let deadline = Number.POSITIVE_INFINITY;
  let round = 0;

  const runTask = async (): Promise<void> => {
    const mine = ++round;
    const created = await memory.attempt(() =>
      newTask(trio, {
        name: `Round${mine}`,
        model: trio.model,
        sources: trio.sources.map((id, i) => ({ id, table: TABLES[i] ?? "" })),
        parameters: { round: mine, fillers: fillersOf({ round: mine }) },
      }),
    );
    if (!created) return;
    const task = memory.task(memory.acknowledged(created).resource.id, mine);
    while (!(await advance(trio, memory, task, (party) => authorise(trio, party, task.id, destination)))) {
      if (performance.now() > deadline) return memory.violation(`${task.id} was not brought to its end in time`);
      await sleep(POLL);
    }
  };
  const worker = async () => {
    while (!stopping) {
      await runTask();
      await sleep(POLL);
    }
  };
  const workers = Array.from({ length: WORKERS }, worker);
  return {
    async finish(patience) {
      stopping = true;
      deadline = performance.now() + patience;
      await Promise.all(workers);
    },
  };
};
