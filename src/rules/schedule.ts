/**
 * A task that is agreed to once and runs again and again: how often, how many times, and which run is due. Each run is
 * a task of its own, an occurrence (task-recurred.ts).
 */
import { z } from "zod";
import { DAY, iso, SECOND } from "../base/clock.ts";
import { refuse } from "./errors.ts";
import { OPEN_FOR } from "./shapes.ts";

const LONGEST = 31 * DAY;
/** As long as a grant's: consent is not for ever. */
const SERIES_MAX = 366 * DAY;

export const Schedule = z.strictObject({
  /** Seconds from one run to the next. */
  every: z
    .int()
    .min(60)
    .max(LONGEST / SECOND),
  /** How many there are at most: one that was missed is not made up for. */
  runs: z.int().min(1).max(1_000),
  /** When the first is due, ISO 8601; as soon as everybody has authorised, where it is absent. */
  first: z.iso.datetime().optional(),
});
export type Schedule = z.output<typeof Schedule>;

/**
 * When a run is due, milliseconds.
 * @param authorised when the last party authorised, milliseconds
 * @param number from 1
 */
export const dueAt = ({ every, first }: Schedule, authorised: number, number: number): number =>
  (first === undefined ? authorised : Date.parse(first)) + (number - 1) * every * SECOND;

/** The number of the newest run that is due at a time; 0 before the first. Those before it, if missed, are not run. */
export const newestDue = (schedule: Schedule, authorised: number, time: number): number => {
  const passed = time - dueAt(schedule, authorised, 1);
  return passed < 0 ? 0 : Math.min(schedule.runs, Math.floor(passed / (schedule.every * SECOND)) + 1);
};

/** Until when the consent is good: a run that is late has as long as any other. */
export const lastsUntil = (schedule: Schedule, authorised: number): number =>
  dueAt(schedule, authorised, schedule.runs) + OPEN_FOR;

/** @param time of the task's creation. @throws Refusal task.schedule */
export const requireSchedule = (schedule: Schedule, start: "automatic" | "manual", time: number): void => {
  if (start !== "automatic") throw refuse("task.schedule", { reason: "it starts by hand" });
  const last = dueAt(schedule, time, schedule.runs);
  if (last < time || last > time + SERIES_MAX)
    throw refuse("task.schedule", { reason: `its last run would be due at ${iso(last)}` });
};
