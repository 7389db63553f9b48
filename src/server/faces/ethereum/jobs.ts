/**
 * Work that may take longer than a caller waits, since people have to approve it. It goes on; whoever asks for the very
 * same again joins it, so that a client's retry does not pay twice.
 */
import { type Clock, MINUTE } from "../../../base/clock.ts";
import { CODES, RpcError } from "./errors.ts";

export interface Job {
  /** Id of the request to the key nodes, once there is one. */
  request: string | undefined;
  outcome: { readonly result: string } | { readonly error: unknown } | undefined;
  /** When it was done. */
  ended: number;
  readonly done: Promise<void>;
}

/** Remembered; the oldest are forgotten first. */
const MOST = 10_000;
/** For so long an end that nobody heard of is told to who asks the same again. */
const REMEMBERED = 10 * MINUTE;

export const createJobs = ({ clock, wait }: { clock: Clock; wait: number }) => {
  const jobs = new Map<string, Job>();

  const begin = (work: (requested: (id: string) => void) => Promise<string>): Job => {
    const requested = (id: string) => {
      job.request = id;
    };
    const end = (outcome: Job["outcome"]) => {
      job.outcome = outcome;
      job.ended = clock.now();
    };
    const job: Job = {
      ...{ request: undefined, outcome: undefined, ended: 0 },
      done: Promise.resolve()
        .then(() => work(requested))
        .then(
          (result) => end({ result }),
          (error: unknown) => end({ error }),
        ),
    };
    return job;
  };

  const current = (name: string): Job | undefined => {
    const known = jobs.get(name);
    return known?.outcome && clock.now() - known.ended > REMEMBERED ? undefined : known;
  };

  const keep = (name: string, job: Job): void => {
    jobs.delete(name);
    jobs.set(name, job);
    const [oldest] = jobs.size > MOST ? jobs.keys() : [];
    if (oldest !== undefined) jobs.delete(oldest);
  };

  return {
    /** Goes on with work that another process of this server began: its request is there. */
    resume(name: string, request: string, work: () => Promise<string>): void {
      if (current(name)) return;
      keep(
        name,
        begin((requested) => {
          requested(request);
          return work();
        }),
      );
    },
    /**
     * @param name the same for the same work @param work says the id of its request as soon as it has one
     * @throws RpcError CODES.unavailable with that id, when it takes longer; whatever the work throws
     */
    async run(name: string, work: (requested: (id: string) => void) => Promise<string>): Promise<string> {
      const job = current(name) ?? begin(work);
      keep(name, job);
      await within(job.done, wait);
      if (!job.outcome) throw pending(job.request);
      if (jobs.get(name) === job) jobs.delete(name);
      if ("error" in job.outcome) throw job.outcome.error;
      return job.outcome.result;
    },
    /** By the id of its request. */
    find: (request: string): Job | undefined => [...jobs.values()].find((job) => job.request === request),
  };
};
export type Jobs = ReturnType<typeof createJobs>;

const pending = (request: string | undefined): RpcError =>
  new RpcError(
    CODES.unavailable,
    request === undefined
      ? "The account's transaction before this one is not sent yet. Send the same again."
      : `The request ${request} waits for approvals or nodes. Send the same again, or ask entente_getRequest.`,
    request && { request },
  );

/** Resolves with the promise, or after so many milliseconds. */
export const within = async (promise: Promise<unknown>, milliseconds: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
