/** Work that may not overlap. */

/** Takes work one after another: each begins when the one before has ended, however it ended. */
export const createTurns = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
};

/** A function whose calls are made one after another. */
export const inTurn = <A, R>(work: (argument: A) => Promise<R>) => {
  const take = createTurns();
  return (argument: A): Promise<R> => take(() => work(argument));
};

/** Work that is done when it is first asked for, and not again unless it fails. */
export const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
};

/** What `work` comes to, or the signal's reason as soon as it is aborted; then the work goes on for whoever else waits. */
export const unlessAborted = <T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> => {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", onAbort));
};
