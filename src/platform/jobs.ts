/**
 * Work that must happen though the process dies: stored with the caller's transaction, started at once in this process,
 * tried again with growing pauses, taken over when its server is gone. A handler runs at least once; what it writes
 * together with `job.done(tx)` happens exactly once.
 */
import { randomUUID } from "node:crypto";
import type { Transaction } from "kysely";
import { type Clock, DAY, HOUR, SECOND } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { PlatformDb, PlatformTables } from "./db/schema.ts";
import { afterCommit, transaction } from "./db/transaction.ts";
import { refuse } from "./errors.ts";
import type { NewId } from "./ids.ts";
import type { Job, JobStore } from "./jobs-store.ts";
import type { Log } from "./log.ts";

type Tx = Transaction<PlatformTables>;

/** What a handler knows of the job in its hands. */
export interface RunningJob {
  id: string;
  key: string;
  /** Of the tries that may fail: 1 for the first. */
  attempt: number;
  /** Whether the job fails for good if this try does. */
  last: boolean;
  /** Aborts when the server stops or another took the job over. */
  signal: AbortSignal;
  /** Ends the job within a transaction of the handler's. @throws Error when another took it over: roll back */
  done(tx: Tx): Promise<void>;
}

export interface JobKind<P> {
  kind: string;
  run(payload: P, job: RunningJob): Promise<void>;
  /** Called in the transaction that ends the job as failed. `code` is a refusal's. */
  failed?(payload: P, failure: { id: string; key: string; code: string }, tx: Tx): Promise<void>;
  /** Tries before the job fails. */
  attempts?: number;
  /** Milliseconds to wait after the n-th failed try (n from 1). */
  backoff?(failures: number): number;
}

export interface NewJob<P> {
  kind: JobKind<P>;
  /** Work with the same kind and key is queued once, until it ended. */
  key: string;
  payload: P;
  /** Not before; at once unless given. */
  runAt?: number;
}

export interface Jobs {
  /** Says how a kind of job is done. Before `start`. */
  register<P>(kind: JobKind<P>): void;
  /**
   * Stores a job, in the caller's transaction when `db` is one, and starts it right after the commit.
   * @returns the id, and whether the job is new or was open already
   */
  enqueue<P>(db: PlatformDb, job: NewJob<P>): Promise<{ id: string; created: boolean }>;
  start(): Promise<void>;
  /** Takes no more, aborts what runs, and waits for it up to `grace` milliseconds. The rest is done after the next start. */
  stop(grace?: number): Promise<void>;
  /** Looks for due jobs now. */
  wake(): void;
  /** Resolves when nothing is due or running here. */
  idle(): Promise<void>;
}

export interface JobsOptions {
  db: PlatformDb;
  store: JobStore;
  clock: Clock;
  newId: NewId;
  log: Log;
  /** No other server uses the database: what a former process left running is put back at the start. */
  sole: boolean;
  /** Jobs at a time. */
  concurrency?: number;
  /** Milliseconds a job is this server's without a sign of life. */
  lease?: number;
  /** Milliseconds between looks for jobs of other servers. */
  poll?: number;
}

/** Servers that may die with a job in hand before the job is suspected to be the cause. */
const INTERRUPTIONS = 20;
const ATTEMPTS = 5;
/** Ended jobs are kept for people to look at. */
const KEPT = 7 * DAY;

/** 1 s, 4 s, 16 s, … to an hour. */
const growing = (failures: number): number => Math.min(HOUR, SECOND * 4 ** (failures - 1));

export const createJobs = (options: JobsOptions): Jobs => {
  const {
    db,
    store,
    clock,
    newId,
    log,
    sole,
    concurrency = 8,
    lease: leaseTime = 30 * SECOND,
    poll = 5 * SECOND,
  } = options;
  const owner = randomUUID();
  const kinds = new Map<string, JobKind<unknown>>();
  const running = new Map<string, { work: Promise<void>; abort: AbortController }>();
  let state: "new" | "started" | "stopped" = "new";
  let pumping: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let purged = 0;

  const wake = (): void => {
    if (state !== "started") return;
    again = true;
    pumping ??= pump().finally(() => {
      pumping = undefined;
      if (again) wake();
    });
  };

  /** Starts due jobs until there are none or enough are running, and sets the alarm for the next. */
  const pump = async (): Promise<void> => {
    clearTimeout(timer);
    let pause = poll;
    try {
      while (again) {
        again = false;
        while (state === "started" && running.size < concurrency) {
          const lease = randomUUID();
          const now = clock.now();
          const job = await store.claim({ now, kinds: [...kinds.keys()], owner, lease, lockedUntil: now + leaseTime });
          if (!job) break;
          launch(job, lease);
        }
      }
      if (running.size < concurrency) {
        const next = await store.nextDue([...kinds.keys()]);
        if (next !== undefined) pause = Math.min(poll, Math.max(1, next - clock.now()));
      }
      await purge();
    } catch (error) {
      again = false;
      log.error({ err: error }, "the job queue cannot be read");
    }
    if (state === "started") timer = setTimeout(wake, pause);
  };

  const purge = async (): Promise<void> => {
    if (clock.now() - purged < HOUR) return;
    purged = clock.now();
    await store.purge(purged - KEPT);
  };

  const launch = (job: Job, lease: string): void => {
    const abort = new AbortController();
    const work = attempt(job, lease, abort)
      .catch((error: unknown) =>
        log.error({ err: error, job: job.id }, "the end of a job cannot be stored; it will run again"),
      )
      .finally(() => {
        running.delete(lease);
        wake();
      });
    running.set(lease, { work, abort });
  };

  const attempt = async (job: Job, lease: string, abort: AbortController): Promise<void> => {
    const kind = kinds.get(job.kind) as JobKind<unknown>;
    const payload: unknown = JSON.parse(job.payload);
    const attempts = kind.attempts ?? ATTEMPTS;
    if (job.interruptions > INTERRUPTIONS)
      return await giveUp(job, lease, kind, payload, refuse("job.interrupted", { times: job.interruptions }).code);

    let ended = false;
    const heart = setInterval(() => {
      store.renew(job.id, lease, clock.now() + leaseTime).then(
        (held) => held || ended || abort.abort(new Error("another server took the job over")),
        (error: unknown) => log.warn({ err: error, job: job.id }, "a lease cannot be renewed"),
      );
    }, leaseTime / 3);
    const done = async (tx: Tx): Promise<void> => {
      const held = await store.finish(job.id, lease, { state: "done", error: null, at: clock.now() }, tx);
      if (!held) throw new Error("another server took the job over");
      afterCommit(tx, () => {
        ended = true;
      });
    };
    try {
      const last = job.attempts + 1 >= attempts;
      await kind.run(payload, {
        id: job.id,
        key: job.key,
        attempt: job.attempts + 1,
        last,
        signal: abort.signal,
        done,
      });
      if (!ended) await store.finish(job.id, lease, { state: "done", error: null, at: clock.now() });
    } catch (error) {
      if (ended) log.error({ err: error, job: job.id }, "a job failed after it had ended");
      else await failed(job, lease, kind, payload, error, abort.signal);
    } finally {
      clearInterval(heart);
    }
  };

  const failed = async (
    job: Job,
    lease: string,
    kind: JobKind<unknown>,
    payload: unknown,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> => {
    const now = clock.now();
    // The server stops: nobody's fault, and the next start does it at once.
    if (signal.aborted)
      return void (await store.requeue(job.id, lease, { runAt: now, attempts: job.attempts, error: null }));
    const code = error instanceof Refusal ? error.code : "job.failed";
    const attempts = job.attempts + 1;
    log.warn({ err: error, job: job.id, kind: job.kind, attempt: attempts }, "a job failed");
    if (attempts >= (kind.attempts ?? ATTEMPTS)) return await giveUp(job, lease, kind, payload, code);
    await store.requeue(job.id, lease, { runAt: now + (kind.backoff ?? growing)(attempts), attempts, error: code });
  };

  const giveUp = async (
    job: Job,
    lease: string,
    kind: JobKind<unknown>,
    payload: unknown,
    code: string,
  ): Promise<void> =>
    await transaction(db, async (tx) => {
      const held = await store.finish(job.id, lease, { state: "failed", error: code, at: clock.now() }, tx);
      if (held) await kind.failed?.(payload, { id: job.id, key: job.key, code }, tx);
    });

  return {
    register(kind) {
      if (state !== "new") throw new Error("job kinds are registered before the start");
      if (kinds.has(kind.kind)) throw new Error(`job kind ${kind.kind} is there already`);
      kinds.set(kind.kind, erased(kind));
    },

    async enqueue(on, { kind, key, payload, runAt }) {
      const now = clock.now();
      const openKey = `${kind.kind}:${key}`;
      for (;;) {
        const job = newJob({
          id: newId("J"),
          kind: kind.kind,
          key,
          openKey,
          payload: JSON.stringify(payload),
          runAt,
          now,
        });
        if (await store.add(job, on)) {
          afterCommit(on, wake);
          return { id: job.id, created: true };
        }
        const id = await store.openId(openKey, on);
        // Undefined: it ended just now, so the work is to be done again.
        if (id !== undefined) return { id, created: false };
      }
    },

    async start() {
      if (state !== "new") throw new Error("jobs were started already");
      const count = sole ? await store.reclaim(owner) : 0;
      if (count > 0) log.info({ count }, "jobs of the former process go on");
      state = "started";
      wake();
    },

    async stop(grace = 10 * SECOND) {
      state = "stopped";
      clearTimeout(timer);
      await pumping;
      for (const { abort } of running.values()) abort.abort(new Error("the server stops"));
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const alarm = setTimeout(resolve, grace);
      await Promise.race([Promise.all([...running.values()].map(({ work }) => work)), late]);
      clearTimeout(alarm);
    },

    wake,
    async idle() {
      while (pumping || running.size > 0)
        await Promise.all([pumping, ...[...running.values()].map(({ work }) => work)]);
    },
  };
};

/** Handlers of all kinds lie in one map: each is called with payloads of its own kind only. */
const erased = <P>(kind: JobKind<P>): JobKind<unknown> => ({
  ...kind,
  run: (payload, job) => kind.run(payload as P, job),
  failed: async (payload, failure, tx) => await kind.failed?.(payload as P, failure, tx),
});

const newJob = ({
  now,
  runAt = now,
  ...job
}: Pick<Job, "id" | "kind" | "key" | "openKey" | "payload"> & { runAt?: number; now: number }): Job => ({
  ...job,
  runAt,
  state: "queued",
  attempts: 0,
  interruptions: 0,
  owner: null,
  lease: null,
  lockedUntil: null,
  error: null,
  createdAt: now,
  finishedAt: null,
});
