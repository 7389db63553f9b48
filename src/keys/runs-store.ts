/**
 * Under which id the nodes ran what an attempt asks for: once one of them has said what it made, the others are asked
 * about that very run, also by a server that was started again.
 */
import { DAY } from "../base/clock.ts";
import type { PlatformDb } from "../platform/db/schema.ts";

/** Attempts are over by then. */
const KEPT = 8 * DAY;

type RunTables = { keyRuns: { attempt: string; run: string; at: number } };

export const createRunsStore = (platformDb: PlatformDb) => {
  const db = platformDb.$extendTables<RunTables>();
  return {
    async find(attempt: string): Promise<string | undefined> {
      const row = await db.selectFrom("keyRuns").select("run").where("attempt", "=", attempt).executeTakeFirst();
      return row?.run;
    },
    async put(attempt: string, run: string, at: number): Promise<void> {
      await db
        .deleteFrom("keyRuns")
        .where("at", "<", at - KEPT)
        .execute();
      await db
        .insertInto("keyRuns")
        .values({ attempt, run, at })
        .onConflict((oc) => oc.column("attempt").doUpdateSet({ run, at }))
        .execute();
    },
  };
};
export type RunsStore = ReturnType<typeof createRunsStore>;
