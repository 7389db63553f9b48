/** Which enclave a task runs in: one that it names, with room, that has not failed it just now. */
import type { Task } from "../rules/task-state.ts";
import { type Fleet, isElsewhere } from "./fleet.ts";

/** Failures in a row, of which the enclave may come back by itself, before another takes the task. */
const PATIENCE = 3;

export const createPlacement = (fleet: Pick<Fleet, "isUp" | "streams">, concurrency: number) => {
  const active = new Map<string, number>();
  /** By task: how often each enclave has failed it in a row. */
  const failures = new Map<string, Map<string, number>>();

  const isAvoided = (task: string, enclave: string) => (failures.get(task)?.get(enclave) ?? 0) >= PATIENCE;
  const roomIn = (enclave: string) => concurrency - (active.get(enclave) ?? 0);

  const candidates = (id: string, { definition, runner }: Task): string[] => {
    const { enclave, workers = [] } = definition;
    const ours = fleet.streams();
    const named = [enclave, ...workers].filter((one) => ours.includes(one));
    const willing = named.filter((one) => !isAvoided(id, one));
    // Where all have failed it, all are tried again.
    if (willing.length === 0) failures.delete(id);
    const able = willing.length === 0 ? named : willing;
    // Where it was before, its outcome may wait to be handed over.
    return able.includes(runner) && runner !== enclave ? [runner] : able;
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
      const own = failures.get(id) ?? new Map<string, number>();
      failures.set(id, own.set(enclave, isElsewhere(error) ? PATIENCE : (own.get(enclave) ?? 0) + 1));
    },
    forget: (id: string) => void failures.delete(id),
  };
};
