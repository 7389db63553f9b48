/** One run of a scheduled task: founded by the task's enclave when it is due, under the consents given to the task. */
import { z } from "zod";
import { iso } from "../base/clock.ts";
import { refuse } from "./errors.ts";
import type { Elsewhere } from "./rulebook.ts";
import { dueAt, newestDue } from "./schedule.ts";
import { OPEN_FOR, StreamId } from "./shapes.ts";
import { kind, requireState, type Task, taskStreams } from "./task-state.ts";

/** Nobody else can take it, and no two runs have one: a task's own id has no dash. */
export const occurrenceId = ({ id }: Pick<Task, "id">, number: number): string => `${id}-${number}`;

/** The scheduled task that this one is a run of, as it stands; undefined where it is a task of its own. */
export const seriesOf = ({ occurrence }: Task, elsewhere: Elsewhere): Task | undefined =>
  occurrence && elsewhere.stream(taskStreams, occurrence.of)?.state;

/** Whether runs of it may begin and end: everybody has authorised, nobody has revoked, it has not lapsed. */
export const goesOn = (series: Task | undefined, time: number): boolean =>
  series?.state === "authorised" && time <= series.expires;

/** The number of its newest run that is due; 0 where there is none. */
export const dueNow = ({ definition: { schedule }, decided }: Task, time: number): number =>
  schedule && decided.model ? newestDue(schedule, decided.model, time) : 0;

/** When its next run is due, milliseconds; undefined where there is none to come, or not everybody has authorised. */
export const nextDueOf = (task: Task, time: number): number | undefined => {
  const { schedule } = task.definition;
  const next = dueNow(task, time) + 1;
  if (!schedule || next > schedule.runs || !goesOn(task, time)) return undefined;
  return dueAt(schedule, task.decided.model, next);
};

export const recurred = kind({
  name: "task.recurred",
  founds: true,
  by: "enclave",
  payload: z.strictObject({
    id: z.string().regex(/^T\d{14}\d{1,6}-[1-9]\d{0,3}$/),
    /** The scheduled task. */
    of: StreamId,
    number: z.int().min(1).max(1_000),
  }),
  refers: ({ of }) => [of],
  apply: (_, act, elsewhere) => {
    const { id, of, number } = act.payload;
    const series = elsewhere.stream(taskStreams, of)?.state;
    const schedule = series?.definition.schedule;
    if (!series || !schedule) throw refuse("stream.unknown", { id: of });
    if (act.by !== series.definition.enclave) throw refuse("task.party", { id: series.id });
    requireState(series, act, "authorised");
    // The newest alone: what was missed is not piled up.
    if (number !== dueNow(series, act.time))
      throw refuse("task.not-due", { number, due: iso(dueAt(schedule, series.decided.model, number)) });
    if (id !== occurrenceId(series, number))
      throw refuse("task.occurrence", { found: id, expected: occurrenceId(series, number) });
    const { schedule: _schedule, ...definition } = series.definition;
    return {
      ...series,
      id,
      definition,
      state: "running",
      created: act.time,
      expires: Math.min(act.time + OPEN_FOR, series.expires),
      occurrence: { of, number },
    };
  },
});
