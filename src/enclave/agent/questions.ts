/** Looks into envelopes: each may take as much memory as a file, and any member may ask; nobody keeps others from it. */
import { refuse } from "../errors.ts";

/** At a time, of all owners. */
const SLOTS = 4;
/** Milliseconds that one may take. */
const DEADLINE = 60_000;

/**
 * Looks when a slot is free: one question of an owner at a time.
 * @throws Refusal enclave.busy, enclave.slow
 */
export type Questions = <R>(owner: string, look: (signal: AbortSignal) => Promise<R>) => Promise<R>;

export const createQuestions = (deadline = DEADLINE): Questions => {
  const asking = new Set<string>();
  const waiting: (() => void)[] = [];
  let free = SLOTS;
  return async (owner, look) => {
    if (asking.has(owner)) throw refuse("enclave.busy");
    asking.add(owner);
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    const late = new AbortController();
    const slow = refuse("enclave.slow", { seconds: deadline / 1_000 });
    const timer = setTimeout(() => late.abort(slow), deadline);
    try {
      return await look(late.signal);
    } catch (error) {
      throw late.signal.aborted ? slow : error;
    } finally {
      clearTimeout(timer);
      asking.delete(owner);
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
};
