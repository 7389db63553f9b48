/**
 * Puts statements in order: rules on each over the world that those before it leave, and has them stored together.
 * While one batch is being synced to disk the next is ruled on, over the world that the first will leave. Worlds are
 * persistent values: if a sync fails, the sequencer goes back to the last durable one and refuses whatever was
 * decided since.
 */
import type { Clock } from "../../../base/clock.ts";
import { Refusal } from "../../../base/refusal.ts";
import { advance, type World } from "../../../rules/world.ts";
import { parseStatement } from "../../../trust/statement.ts";
import { refuse } from "../../errors.ts";
import type { Entry } from "../../port.ts";

/** The world after `size` entries, the last of them at `time` (milliseconds). */
interface Position {
  readonly world: World;
  readonly time: number;
  readonly size: number;
}

interface SequencerOptions {
  readonly clock: Clock;
  readonly start: Position;
  /** Statements stored together at most. */
  readonly batch: number;
  /**
   * Resolves when the entries are durable; when it rejects, none of them is. One call at a time.
   * @param world after the last of them
   */
  store(entries: readonly Entry[], world: World): Promise<void>;
}

interface Sequencer {
  /** As `Ledger.submit`. */
  submit(jws: string): Promise<Entry>;
  /** Refuses what has not been ruled on yet; resolves when the rest is stored. */
  close(): Promise<void>;
}

interface Pending {
  readonly jws: string;
  resolve(entry: Entry): void;
  reject(error: unknown): void;
}

/** What the rules said, before it is durable. */
type Decided =
  | { readonly pending: Pending; readonly entry: Entry; readonly world: World }
  | { readonly pending: Pending; readonly entry?: undefined; readonly refusal: unknown };

/** Statements ruled on in one turn of the event loop: a few milliseconds, so that everything else gets its turn too. */
const TURN = 32;
/** Characters of statements stored together at most. */
const BATCH_LENGTH = 16 * 2 ** 20;

export const createSequencer = ({ clock, start, batch, store }: SequencerOptions): Sequencer => {
  let durable = start;
  // After the last statement decided, durable or not yet.
  let ahead = durable;
  const queue: Pending[] = [];
  const decided: Decided[] = [];
  let storing: Promise<void> | undefined;
  let scheduled = false;
  let closed = false;

  const decide = (pending: Pending): Decided => {
    const time = Math.max(clock.now(), ahead.time);
    try {
      const { world, act, stream } = advance(ahead.world, parseStatement(pending.jws), time);
      const entry: Entry = {
        index: ahead.size,
        time,
        stream: act.stream,
        seq: stream.length - 1,
        statement: act.digest,
        jws: pending.jws,
      };
      ahead = { world, time, size: ahead.size + 1 };
      return { pending, entry, world };
    } catch (refusal) {
      return { pending, refusal };
    }
  };

  const turn = () => {
    scheduled = false;
    for (const pending of queue.splice(0, TURN)) decided.push(decide(pending));
    if (queue.length > 0) schedule();
    storing ??= storeAll().finally(() => {
      storing = undefined;
    });
  };
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  };

  const storeAll = async () => {
    while (decided.length > 0) {
      const taken = decided.splice(0, batchLength(decided, batch));
      try {
        await storeAccepted(taken);
      } catch (error) {
        lose([...taken, ...decided.splice(0)], error);
        continue;
      }
      // A refusal may rest on statements before it, so it is told only once those are durable.
      for (const verdict of taken)
        if (verdict.entry) verdict.pending.resolve(verdict.entry);
        else verdict.pending.reject(verdict.refusal);
    }
  };

  const storeAccepted = async (taken: readonly Decided[]) => {
    const accepted = taken.filter((verdict) => verdict.entry !== undefined);
    const last = accepted.at(-1);
    if (!last) return;
    await store(
      accepted.map(({ entry }) => entry),
      last.world,
    );
    durable = { world: last.world, time: last.entry.time, size: last.entry.index + 1 };
  };

  /** What was decided since the last durable statement, yes or no, rests on what never came to be. */
  const lose = (lost: readonly Decided[], error: unknown) => {
    ahead = durable;
    const reason = error instanceof Refusal ? error : refuse("ledger.unavailable", { reason: String(error) });
    for (const { pending } of lost) pending.reject(reason);
  };

  return {
    submit: (jws) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(refuse("ledger.closed"));
        queue.push({ jws, resolve, reject });
        schedule();
      }),
    async close() {
      closed = true;
      for (const { reject } of queue.splice(0)) reject(refuse("ledger.closed"));
      await storing;
    },
  };
};

/** How many of the first may be stored together; one at least. */
const batchLength = (decided: readonly Decided[], most: number): number => {
  let length = 0;
  const tooMany = decided.findIndex(({ pending }, i) => {
    length += pending.jws.length;
    return i > 0 && (i >= most || length > BATCH_LENGTH);
  });
  return tooMany === -1 ? decided.length : tooMany;
};
