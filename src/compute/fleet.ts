/** The enclaves of this server: the first, which stands for it, and others of the same program that share its tasks. */
import { Refusal } from "../base/refusal.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import type { EnclaveHost } from "./enclave-host.ts";
import { refuse } from "./errors.ts";

/** Milliseconds that an enclave may be away before others take what it had: it is started again at once. */
const LOST_AFTER = 30_000;

/** @param hosts the first of them first */
export const createFleet = (hosts: readonly EnclaveHost[], onError: (error: unknown) => void) => {
  const [first, ...others] = hosts;
  if (!first) throw new TypeError("a fleet has an enclave");
  const started = () => hosts.filter(({ stream }) => stream() !== undefined);
  const of = (id: string): EnclaveHost => {
    const found = hosts.find(({ stream }) => stream() === id);
    if (found) return found;
    throw started().length < hosts.length
      ? refuse("enclave.unavailable", { reason: "it has not started yet" })
      : refuseRule("stream.unknown", { id });
  };
  return {
    /** Stream id of the first; the others come when they can. @throws Refusal enclave.*, where the first does not start */
    async start(): Promise<string> {
      const stream = await first.start();
      await Promise.all(others.map((host) => host.start().catch(onError)));
      return stream;
    },
    /** Stream ids of those that have started, the first one first. */
    streams: (): string[] => started().flatMap((host) => host.stream() ?? []),
    /** @throws Refusal stream.unknown, enclave.unavailable where one of its enclaves may not have said yet who it is */
    of,
    /** Ends the runs of a task in an enclave. @throws Refusal as `of` */
    stopRun: async (id: string, task: string) => of(id).stopRun(task),
    isUp: (id: string): boolean => hosts.some((host) => host.stream() === id && host.awayFor() === 0),
    isLost: (id: string): boolean => hosts.some((host) => host.stream() === id && host.awayFor() > LOST_AFTER),
    stop: async () => {
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
};
export type Fleet = ReturnType<typeof createFleet>;

/** Whether an enclave cannot reach what a task needs, where another may. */
export const isElsewhere = (error: unknown): boolean => error instanceof Refusal && error.code === "enclave.network";
