/** Which enclave a task runs in: one that it names, with room, that can be had. */
import { MAX_DELEGATIONS } from "../rules/task-run.ts";
import type { Task } from "../rules/task-state.ts";
import { type Fleet, isElsewhere } from "./fleet.ts";

export const createPlacement = (fleet: Pick<Fleet, "isUp" | "isLost" | "streams">, concurrency: number) => {
  const active = new Map<string, number>();
  /** By task: enclaves that cannot reach what it needs. */
  const barred = new Map<string, Set<string>>();

  const roomIn = (enclave: string) => concurrency - (active.get(enclave) ?? 0);

  const candidates = (id: string, { definition, runner, runners, delegations }: Task): string[] => {
    const { enclave, workers = [] } = definition;
    const ours = fleet.streams();
    // A worker that had it before runs it no more where it has forgotten that.
    const open = [enclave, ...workers.filter((one) => one === runner || !runners.includes(one))];
    const named = (delegations < MAX_DELEGATIONS ? open : [runner]).filter((one) => ours.includes(one));
    const able = named.filter((one) => !barred.get(id)?.has(one) && !fleet.isLost(one));
    // Where none can, all are tried again.
    if (able.length === 0) barred.delete(id);
    const willing = able.length === 0 ? named : able;
    // One that dies comes back to what it had: its outcome may wait there, or be delivered already.
    return willing.includes(runner) && runner !== enclave ? [runner] : willing;
  };

  return {
    /** The enclave with the most room; undefined where none has any. One that is not ours is its task's own answer. */
    choose(id: string, task: Task): string | undefined {
      const [first, ...others] = candidates(id, task);
      if (first === undefined) return task.definition.enclave;
      const best = others.reduce((best, one) => {
        const better = fleet.isUp(one) && (roomIn(one) > roomIn(best) || !fleet.isUp(best));
        return better ? one : best;
      }, first);
      return roomIn(best) > 0 ? best : undefined;
    },
    taken: (enclave: string) => void active.set(enclave, (active.get(enclave) ?? 0) + 1),
    left: (enclave: string) => void active.set(enclave, (active.get(enclave) ?? 1) - 1),
    failed(id: string, enclave: string, error: unknown): void {
      if (isElsewhere(error)) barred.set(id, (barred.get(id) ?? new Set()).add(enclave));
    },
    forget: (id: string) => void barred.delete(id),
  };
};
