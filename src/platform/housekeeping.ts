/** What is done once a day: sessions, kept answers and uploads that nobody needs any more go. */
import { type Clock, DAY } from "../base/clock.ts";
import type { Sessions } from "./accounts/sessions.ts";
import type { Blobs } from "./blobs.ts";
import type { PlatformDb } from "./db/schema.ts";
import { transaction } from "./db/transaction.ts";
import type { Idempotency } from "./idempotency.ts";
import type { JobKind, Jobs } from "./jobs.ts";
import type { Log } from "./log.ts";

/** Content that was uploaded, as the pillar knows it that keeps the list. */
export interface Uploads {
  /** Digests that were last uploaded before a date (milliseconds). */
  oldUploads(before: number): Promise<readonly string[]>;
  /** Whether anything names the content: a stream, or work that is under way. */
  isReferenced(digest: string): Promise<boolean>;
  /**
   * Takes the uploads of a digest before a date off the list, so that nobody can name them any more.
   * @returns false where it was uploaded again since, which leaves all as it is
   */
  forgetUpload(digest: string, before: number): Promise<boolean>;
}

export interface HousekeepingOptions {
  db: PlatformDb;
  jobs: Jobs;
  clock: Clock;
  log: Log;
  sessions: Pick<Sessions, "purge">;
  idempotency: Pick<Idempotency, "purge">;
  blobs: Pick<Blobs, "delete">;
  uploads: Uploads;
}

/** How long an upload may wait for the statement that names it. */
const UPLOADED = DAY;

/** Registers the jobs. `start` queues them, today's at once. */
export const createHousekeeping = (options: HousekeepingOptions): { start(): Promise<void> } => {
  const { db, jobs, clock, log, sessions, idempotency, blobs, uploads } = options;

  const collect = async (signal: AbortSignal): Promise<number> => {
    const before = clock.now() - UPLOADED;
    let deleted = 0;
    for (const digest of await uploads.oldUploads(before)) {
      signal.throwIfAborted();
      if (await uploads.isReferenced(digest)) continue;
      // Off the list first: what is named between the two looks is found by the second.
      if (!(await uploads.forgetUpload(digest, before)) || (await uploads.isReferenced(digest))) continue;
      if (await blobs.delete(digest)) deleted++;
    }
    return deleted;
  };

  const daily = [
    createDaily("sessions.purge", () => sessions.purge(), { jobs, clock, log, db }),
    createDaily("idempotency.purge", () => idempotency.purge(), { jobs, clock, log, db }),
    createDaily("uploads.collect", collect, { jobs, clock, log, db }),
  ];
  for (const kind of daily) jobs.register(kind);

  return {
    async start() {
      for (const kind of daily) await jobs.enqueue(db, { kind, key: DAILY, payload: {} });
    },
  };
};

const DAILY = "daily";

/** A job that, whether it was done or failed for good, is queued for the next day in the transaction that ends it. */
const createDaily = (
  name: string,
  work: (signal: AbortSignal) => Promise<number>,
  { jobs, clock, log, db }: Pick<HousekeepingOptions, "jobs" | "clock" | "log" | "db">,
): JobKind<object> => {
  const again = async (tx: PlatformDb): Promise<void> => {
    await jobs.enqueue(tx, { kind, key: DAILY, payload: {}, runAt: clock.now() + DAY });
  };
  const kind: JobKind<object> = {
    kind: name,
    async run(_, { signal, done }) {
      const count = await work(signal);
      if (count > 0) log.info({ job: name, count }, "housekeeping");
      await transaction(db, async (tx) => {
        await done(tx);
        await again(tx);
      });
    },
    failed: (_, __, tx) => again(tx),
  };
  return kind;
};
