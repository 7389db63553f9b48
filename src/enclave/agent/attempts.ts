/**
 * How often each task was begun and what came of it: durable, so that an authorisation gives the server one outcome to
 * look at. What it is told (rows, size, code) is the model's to choose, and is told once.
 */
import { DAY } from "../../base/clock.ts";
import { CLOCK_SKEW } from "../../rules/world.ts";
import { parseStatement } from "../../trust/statement.ts";
import { refuse } from "../errors.ts";
import { type Spend, spendAll } from "../gate/accountant.ts";
import { keptUnder, stillKept } from "./diagnostics.ts";
import { requireAccountable } from "./holdings.ts";
import { requirePlace } from "./places.ts";
import type { Results } from "./results.ts";
import type { Attempts, Delegation, Outcome, SealedState } from "./sealed-state.ts";

/** A run that the machine interrupts is begun again, but not for ever: each time shows the server how long it took. */
const MAX_ATTEMPTS = 8;
/** Tasks that may be under way at a time. */
const MAX_REMEMBERED = 10_000;

const GIVEN_AWAY = "it was given to another enclave";

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

/** Whose task it is, at which head it may run, and until when (milliseconds, by the ledger's time). */
type Running = Pick<Attempts, "creator" | "head" | "expires">;

/** Whether the task may still run, or be run elsewhere, as far as the ledger was followed. */
const isCurrent = ({ head, delegation }: Attempts, now: string | undefined): boolean =>
  now === head || (now !== undefined && now === delegation?.after);

export const createAttempts = ({ attempts, change, results, headOf, time }: AttemptsDeps) => {
  /** What was judged at a head counts there alone: the task may have gone elsewhere and come back. @throws Refusal enclave.moved */
  const requireHead = (task: string, head: string): void => {
    if (headOf(task) !== head) throw refuse("enclave.moved");
  };

  /** Changes what is known of a task; the first time it is paid for. False where there is nothing to change. */
  const remember = async (
    task: string,
    spends: readonly Spend[],
    next: (before: Attempts | undefined) => Attempts | undefined,
  ): Promise<boolean> => {
    let forgotten: Remembered = {};
    let old: string[] = [];
    const changed = await change(({ attempts: now, account, diagnostics: all, holdings }) => {
      const mine = next(now[task]);
      if (!mine) return undefined;
      requireAccountable(holdings, spends);
      // A run is paid for before anything is opened, once a task: whatever comes of it tells something.
      const paid = now[task] ? account : spendAll(account, spends);
      // A running task only ever moves to its end, to another enclave, or lapses: then it needs no remembering. By the
      // ledger's time alone, which does not go back.
      const canRun = (known: Attempts, other: string) =>
        isCurrent(known, headOf(other)) && time() <= known.expires + DAY;
      const [open, moved] = parted(now, (other, known) => other === task || canRun(known, other));
      forgotten = moved;
      const { [task]: _, ...others } = open;
      requirePlace(Object.values(others), mine.creator, MAX_REMEMBERED);
      const diagnostics = stillKept(all, time());
      old = dropped(all, diagnostics);
      return { account: paid, attempts: { ...others, [task]: mine }, diagnostics };
    });
    await results.drop([...keptIn(forgotten), ...old]);
    return changed;
  };

  return {
    /** How the task ended here before, if it did, whichever enclave it went to since. @param task its stream */
    outcome(task: string): Outcome | undefined {
      return attempts()[task]?.outcome;
    },

    /** Whether it was begun here, and nothing of that was forgotten since. */
    isKnown: (task: string): boolean => attempts()[task] !== undefined,

    /** That a receipt of it is handed out, durable when it resolves. */
    async tell(task: string): Promise<void> {
      await change(({ attempts: now }) => {
        const known = now[task];
        return known && !known.told ? { attempts: { ...now, [task]: { ...known, told: true } } } : undefined;
      });
    },
    wasTold: (task: string): boolean => attempts()[task]?.told ?? false,

    /** The last word on where the task runs. */
    delegation(task: string): Delegation | undefined {
      return attempts()[task]?.delegation;
    },

    /** That it was begun once more, durable before an envelope is opened; false when it was begun too often. */
    begin: (task: string, { creator, head, expires, spends }: Running & Costs): Promise<boolean> =>
      remember(task, spends, (before) => {
        requireHead(task, head);
        if (before?.delegation?.after === head) throw refuse("enclave.delegation", { reason: GIVEN_AWAY });
        if ((before?.count ?? 0) >= MAX_ATTEMPTS) return undefined;
        return { ...before, creator, head, expires, count: (before?.count ?? 0) + 1 };
      }),

    /**
     * That another enclave runs it, or this one again, durable before anybody is told: from then on it does not run here
     * at the head that was left, whether the ledger hears of it or not.
     * @returns what was said first at this head; for the same enclave once more, where the ledger has not taken that in time
     */
    async delegate(
      task: string,
      { spends, delegation, ...running }: Costs & Omit<Running, "head"> & { readonly delegation: Delegation },
    ): Promise<Delegation> {
      let said = delegation;
      await remember(task, spends, (before) => {
        requireHead(task, delegation.after);
        if (before?.outcome) throw refuse("enclave.delegation", { reason: "it has ended here" });
        if (before?.delegation?.after === delegation.after) {
          if (before.delegation.to !== delegation.to) throw refuse("enclave.delegation", { reason: GIVEN_AWAY });
          if (!isTooOld(before.delegation, delegation)) {
            said = before.delegation;
            return undefined;
          }
        }
        const head = parseStatement(delegation.statement).digest;
        return { ...before, ...running, head, count: before?.count ?? 0, delegation };
      });
      return said;
    },

    /**
     * How the task has ended, what its sources gave for it, and under which digest diagnostics of its failure are kept:
     * durable together. @throws Refusal gate.budget, enclave.delegation, enclave.moved
     */
    async settle(
      task: string,
      { outcome, spends, diagnostics: digest, ...running }: Running & Costs & Ending,
    ): Promise<void> {
      let old: string[] = [];
      await change(({ attempts: now, account, diagnostics: all, holdings }) => {
        requireHead(task, running.head);
        requireAccountable(holdings, spends);
        const before = now[task];
        if (before?.delegation?.after === running.head) throw refuse("enclave.delegation", { reason: GIVEN_AWAY });
        // What failed before it was begun takes a place too, until its failure is on the ledger.
        if (!before) requirePlace(Object.values(now), running.creator, MAX_REMEMBERED);
        const ended = { ...before, ...running, count: before?.count ?? 0, outcome };
        const diagnostics = stillKept(
          all,
          time(),
          digest === undefined ? {} : { [task]: { creator: running.creator, digest, time: time() } },
        );
        old = dropped(all, diagnostics);
        return { account: spendAll(account, spends), attempts: { ...now, [task]: ended }, diagnostics };
      });
      await results.drop(old);
    },
  };
};
export type AttemptsLog = ReturnType<typeof createAttempts>;

/** Said before a crash and never heard: at its head nothing else can be said, and the ledger takes it no more. */
const isTooOld = (said: Delegation, again: Delegation): boolean => {
  const [then, now] = [said, again].map(({ statement }) => Date.parse(parseStatement(statement).statement.at));
  return (now ?? 0) - (then ?? 0) > CLOCK_SKEW;
};

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
