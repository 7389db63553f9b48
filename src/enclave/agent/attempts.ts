/**
 * How often each task was begun and what came of it: durable, so that an authorisation gives the server one outcome to
 * look at. What it is told (rows, size, code) is the model's to choose, and is told once.
 */
import { DAY } from "../../base/clock.ts";
import { refuse } from "../errors.ts";
import { type Spend, spendAll } from "../gate/accountant.ts";
import { keptUnder, stillKept } from "./diagnostics.ts";
import type { Results } from "./results.ts";
import type { Attempts, Outcome, SealedState } from "./sealed-state.ts";

/** A run that the machine interrupts is begun again, but not for ever: each time shows the server how long it took. */
const MAX_ATTEMPTS = 8;
/** Tasks that may be under way at a time. */
const MAX_REMEMBERED = 10_000;

type Remembered = SealedState["attempts"];

export interface AttemptsDeps {
  readonly attempts: () => Remembered;
  /** Changes what is sealed, one change after the other, durable when it resolves; false where there is none. */
  readonly change: (next: (now: SealedState) => Partial<SealedState> | undefined) => Promise<boolean>;
  readonly results: Pick<Results, "drop">;
  /** Newest statement of a stream. */
  readonly headOf: (stream: string) => string | undefined;
  /** The ledger's, milliseconds. */
  readonly time: () => number;
}

interface Costs {
  readonly spends: readonly Spend[];
}

interface Ending {
  readonly outcome: Outcome;
  readonly diagnostics?: string | undefined;
}

/** At which head the task may run, and until when (milliseconds, by the ledger's time). */
type Running = Pick<Attempts, "head" | "expires">;

export const createAttempts = ({ attempts, change, results, headOf, time }: AttemptsDeps) => ({
  /** How the task ended before, if it did. @param task its stream; @param head at which it may run */
  outcome(task: string, head: string): Outcome | undefined {
    const known = attempts()[task];
    return known?.head === head ? known.outcome : undefined;
  },

  /** That it was begun once more, durable before an envelope is opened; false when it was begun too often. */
  async begin(task: string, { head, expires, spends }: Running & Costs): Promise<boolean> {
    let forgotten: Remembered = {};
    let old: string[] = [];
    const begun = await change(({ attempts: now, account, diagnostics: all }) => {
      // A run is paid for before anything is opened, once a task: whatever comes of it tells something.
      const paid = now[task] ? account : spendAll(account, spends);
      const before = now[task]?.count ?? 0;
      if (before >= MAX_ATTEMPTS) return undefined;
      // A running task only ever moves to its end, or lapses: then it needs no remembering. By the ledger's time alone,
      // which does not go back.
      const canRun = (known: Attempts, other: string) => headOf(other) === known.head && time() <= known.expires + DAY;
      const [open, moved] = parted(now, (other, known) => other === task || canRun(known, other));
      if (Object.keys(open).length >= MAX_REMEMBERED)
        throw refuse("enclave.host", { reason: "too many tasks were begun and not ended" });
      forgotten = moved;
      const { [task]: mine, ...others } = open;
      const diagnostics = stillKept(all, time());
      old = dropped(all, diagnostics);
      return {
        account: paid,
        attempts: { ...others, [task]: { ...mine, head, expires, count: before + 1 } },
        diagnostics,
      };
    });
    await results.drop([...keptIn(forgotten), ...old]);
    return begun;
  },

  /**
   * How the task has ended, what its sources gave for it, and under which digest diagnostics of its failure are kept:
   * durable together. @throws Refusal gate.budget
   */
  async settle(
    task: string,
    { outcome, spends, diagnostics: digest, ...running }: Running & Costs & Ending,
  ): Promise<void> {
    let old: string[] = [];
    await change(({ attempts: now, account, diagnostics: all }) => {
      const diagnostics = stillKept(all, time(), digest === undefined ? {} : { [task]: { digest, time: time() } });
      old = dropped(all, diagnostics);
      return {
        account: spendAll(account, spends),
        attempts: { ...now, [task]: { ...running, count: now[task]?.count ?? 0, outcome } },
        diagnostics,
      };
    });
    await results.drop(old);
  },
});
export type AttemptsLog = ReturnType<typeof createAttempts>;

const dropped = (before: SealedState["diagnostics"], after: SealedState["diagnostics"]): string[] => {
  const kept = new Set(keptUnder(after));
  return keptUnder(before).filter((digest) => !kept.has(digest));
};

const parted = (all: Remembered, stays: (task: string, known: Attempts) => boolean): [Remembered, Remembered] => {
  const entries = Object.entries(all);
  const kept = entries.filter(([task, known]) => stays(task, known));
  return [Object.fromEntries(kept), Object.fromEntries(entries.filter((entry) => !kept.includes(entry)))];
};

/** Digests of the sealed results that these outcomes name. */
export const keptIn = (attempts: Remembered): string[] =>
  Object.values(attempts).flatMap(({ outcome }) => {
    const result = (outcome?.payload as { result?: { digest: string } } | undefined)?.result;
    return result ? [result.digest] : [];
  });
