/**
 * Has the enclave found the runs of scheduled tasks when they are due. The ledger is the timetable: which tasks go on,
 * and which of their runs there are, is read from it, so a restart forgets nothing. What was missed is skipped: the
 * newest run that is due comes, one at a time.
 */
import { SECOND } from "../base/clock.ts";
import { replayable } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { task as taskBook } from "../rules/task.ts";
import { dueNow, goesOn, nextDueOf, occurrenceId } from "../rules/task-recurred.ts";
import { stateAt, type Task } from "../rules/task-state.ts";
import { streamOf, type World } from "../rules/world.ts";
import type { Fleet } from "./fleet.ts";

const FIRST_RETRY = 500;
const LONGEST_RETRY = 60 * SECOND;
/** The clock may be set, so nobody sleeps for longer. */
const LONGEST_SLEEP = SECOND;

/** Streams of the runs of a scheduled task, the newest first: a run's id is the task's with its number. */
export const runsOf = (world: World, series: Task): string[] => {
  const found: string[] = [];
  for (let number = series.definition.schedule?.runs ?? 0; number > 0; number--) {
    const run = world.ids.get(occurrenceId(series, number));
    if (run !== undefined) found.push(run);
  }
  return found;
};

export interface SchedulesOptions {
  readonly ledger: Ledger;
  readonly fleet: Pick<Fleet, "of">;
  readonly now: () => number;
  readonly onError: (task: string, error: unknown) => void;
}

export const createSchedules = ({ ledger, fleet, now, onError }: SchedulesOptions) => {
  /** Scheduled tasks that go on, by stream. */
  const going = new Set<string>();
  /** The newest run of each scheduled task, by stream: looked at every second, so it is not searched for. */
  const newest = new Map<string, string>();
  const asked = new Set<string>();
  /** Milliseconds to wait after the last failure. */
  const pauses = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let detach: () => void = () => undefined;

  const find = (id: string): Task | undefined => streamOf(ledger.world, taskBook, id)?.state;
  const isUnderWay = (run: string | undefined): boolean => {
    const state = run === undefined ? undefined : find(run);
    return state !== undefined && stateAt(state, now()) === "running";
  };

  /** Whether a run is to be founded now: the newest that is due is not there, and none is under way. */
  const isDue = (id: string, series: Task): boolean => {
    const number = dueNow(series, now());
    if (number === 0 || ledger.world.ids.has(occurrenceId(series, number))) return false;
    return !isUnderWay(newest.get(id));
  };

  const ask = async (id: string): Promise<void> => {
    asked.add(id);
    try {
      const { enclave = "" } = find(id)?.definition ?? {};
      const { statement } = await fleet.of(enclave).recur(id, (until) => replayable(ledger, id, until));
      await ledger.submit(statement);
      pauses.delete(id);
      asked.delete(id);
    } catch (error) {
      if (stopped) return;
      onError(id, error);
      const pause = pauses.get(id) ?? FIRST_RETRY;
      pauses.set(id, Math.min(pause * 2, LONGEST_RETRY));
      setTimeout(() => {
        asked.delete(id);
        look();
      }, pause).unref();
    }
  };

  /** Asks for what is due, and sleeps until the next is. */
  const look = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    let soonest = LONGEST_SLEEP;
    for (const id of going) {
      const series = find(id);
      if (!series || !goesOn(series, now())) {
        going.delete(id);
        pauses.delete(id);
        continue;
      }
      if (!asked.has(id) && isDue(id, series)) void ask(id);
      const next = nextDueOf(series, now());
      if (next !== undefined) soonest = Math.min(soonest, next - now());
    }
    if (going.size > 0) timer = setTimeout(look, soonest).unref();
  };

  /** A task that goes on is looked after, and so is the newest of its runs. */
  const note = (id: string): void => {
    const series = find(id);
    const { of = "", number = 0 } = series?.occurrence ?? {};
    if (number > (find(newest.get(of) ?? "")?.occurrence?.number ?? 0)) newest.set(of, id);
    if (series?.definition.schedule && goesOn(series, now())) going.add(id);
  };

  return {
    start() {
      let size = ledger.size;
      for (const id of ledger.world.streams.keys()) note(id);
      detach = ledger.onDurable((now) => {
        const moved = ledger.streamsBetween(size, now);
        size = now;
        for (const id of moved) note(id);
        // A run that has ended makes place for the next.
        if ([...moved].some((id) => going.has(find(id)?.occurrence?.of ?? id))) look();
      });
      look();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      detach();
    },
  };
};
