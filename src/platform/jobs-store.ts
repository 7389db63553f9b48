import type { Selectable } from "kysely";
import type { JobRow, PlatformDb } from "./db/schema.ts";

export type Job = Selectable<JobRow>;

/** Of a finished job nobody holds anything. */
const RELEASED = { owner: null, lease: null, lockedUntil: null };

export interface JobStore {
  /** @returns whether it was added: false when a job with this open key is there */
  add(job: Job, db?: PlatformDb): Promise<boolean>;
  openId(openKey: string, db?: PlatformDb): Promise<string | undefined>;
  find(id: string): Promise<Job | undefined>;
  /** Takes the most overdue job: queued, or running under a lease that ran out, which counts as an interruption. */
  claim(claim: {
    now: number;
    kinds: readonly string[];
    owner: string;
    lease: string;
    lockedUntil: number;
  }): Promise<Job | undefined>;
  /** When the next of the kinds is due, by date or by a lease that runs out. */
  nextDue(kinds: readonly string[]): Promise<number | undefined>;
  /** Each of the following: whether the job was still held under the lease. */
  renew(id: string, lease: string, lockedUntil: number): Promise<boolean>;
  finish(
    id: string,
    lease: string,
    end: { state: "done" | "failed"; error: string | null; at: number },
    db?: PlatformDb,
  ): Promise<boolean>;
  requeue(id: string, lease: string, next: { runAt: number; attempts: number; error: string | null }): Promise<boolean>;
  /** Puts back what all others held. Only for the sole server of a database, at its start. @returns how many */
  reclaim(owner: string): Promise<number>;
  count(): Promise<Record<Job["state"], number>>;
  /** Newest first. */
  list(
    filter: { state?: Job["state"] | undefined; kind?: string | undefined },
    page: { limit: number; beforeId?: string | undefined },
  ): Promise<Job[]>;
  /** Forgets jobs that ended before a date. @returns how many */
  purge(before: number): Promise<number>;
}

export const createJobStore = ({ db }: { db: PlatformDb }): JobStore => {
  const held = (id: string, lease: string, on: PlatformDb = db) =>
    on.updateTable("jobs").where("id", "=", id).where("lease", "=", lease).where("state", "=", "running");

  const due = (now: number, kinds: readonly string[]) =>
    db
      .selectFrom("jobs")
      .select("id")
      .where("kind", "in", kinds)
      .where((eb) =>
        eb.or([
          eb.and([eb("state", "=", "queued"), eb("runAt", "<=", now)]),
          eb.and([eb("state", "=", "running"), eb("lockedUntil", "<=", now)]),
        ]),
      )
      .orderBy("runAt")
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();

  return {
    async add(job, on = db) {
      const added = await on
        .insertInto("jobs")
        .values(job)
        .onConflict((conflict) => conflict.column("openKey").doNothing())
        .returning("id")
        .executeTakeFirst();
      return added !== undefined;
    },

    async openId(openKey, on = db) {
      return (await on.selectFrom("jobs").select("id").where("openKey", "=", openKey).executeTakeFirst())?.id;
    },

    async list({ state, kind }, { limit, beforeId }) {
      let query = db.selectFrom("jobs").selectAll().orderBy("id", "desc").limit(limit);
      if (state !== undefined) query = query.where("state", "=", state);
      if (kind !== undefined) query = query.where("kind", "=", kind);
      if (beforeId !== undefined) query = query.where("id", "<", beforeId);
      return await query.execute();
    },

    find: (id) => db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirst(),

    async claim({ now, kinds, owner, lease, lockedUntil }) {
      if (kinds.length === 0) return undefined;
      for (;;) {
        const candidate = await due(now, kinds);
        if (!candidate) return undefined;
        const claimed = await db
          .updateTable("jobs")
          .set((eb) => ({
            interruptions: eb("interruptions", "+", eb.case().when("state", "=", "running").then(1).else(0).end()),
            state: "running" as const,
            owner,
            lease,
            lockedUntil,
          }))
          .where("id", "=", candidate.id)
          // Again: another server may have been faster.
          .where((eb) =>
            eb.or([eb("state", "=", "queued"), eb.and([eb("state", "=", "running"), eb("lockedUntil", "<=", now)])]),
          )
          .returningAll()
          .executeTakeFirst();
        if (claimed) return claimed;
      }
    },

    async nextDue(kinds) {
      if (kinds.length === 0) return undefined;
      const open = db.selectFrom("jobs").where("kind", "in", kinds);
      const queued = await open
        .where("state", "=", "queued")
        .select((eb) => eb.fn.min<number | null>("runAt").as("at"))
        .executeTakeFirst();
      const running = await open
        .where("state", "=", "running")
        .select((eb) => eb.fn.min<number | null>("lockedUntil").as("at"))
        .executeTakeFirst();
      const dates = [queued?.at, running?.at].filter((at) => at !== null && at !== undefined);
      return dates.length > 0 ? Math.min(...dates) : undefined;
    },

    async renew(id, lease, lockedUntil) {
      return changed(await held(id, lease).set({ lockedUntil }).executeTakeFirst());
    },

    async finish(id, lease, { state, error, at }, on) {
      const end = { state, error, finishedAt: at, openKey: null, ...RELEASED };
      return changed(await held(id, lease, on).set(end).executeTakeFirst());
    },

    async requeue(id, lease, next) {
      return changed(
        await held(id, lease)
          .set({ state: "queued", ...next, ...RELEASED })
          .executeTakeFirst(),
      );
    },

    async reclaim(owner) {
      const { numUpdatedRows } = await db
        .updateTable("jobs")
        .set((eb) => ({ state: "queued" as const, interruptions: eb("interruptions", "+", 1), ...RELEASED }))
        .where("state", "=", "running")
        .where("owner", "!=", owner)
        .executeTakeFirst();
      return Number(numUpdatedRows);
    },

    async count() {
      const rows = await db
        .selectFrom("jobs")
        .select((eb) => ["state", eb.fn.countAll<number>().as("n")])
        .groupBy("state")
        .execute();
      return {
        queued: 0,
        running: 0,
        done: 0,
        failed: 0,
        ...Object.fromEntries(rows.map(({ state, n }) => [state, n])),
      };
    },

    async purge(before) {
      const { numDeletedRows } = await db.deleteFrom("jobs").where("finishedAt", "<", before).executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
};

const changed = ({ numUpdatedRows }: { numUpdatedRows: bigint }): boolean => numUpdatedRows > 0n;
