/** A second click comes before a button is seen to wait: the same work is done once. */
import { useCallback, useRef } from "react";

/** @returns the work; while it runs with one input, the same input gives the same run */
export const useOnce = <T, In>(work: (input: In) => Promise<T>): ((input: In) => Promise<T>) => {
  const running = useRef<{ readonly input: In; readonly done: Promise<T> }>(undefined);
  return useCallback(
    (input) => {
      if (running.current && isSame(running.current.input, input)) return running.current.done;
      const done = work(input).finally(() => {
        if (running.current?.done === done) running.current = undefined;
      });
      running.current = { input, done };
      return done;
    },
    [work],
  );
};

/** Two inputs by what they hold. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.is(one[name], other[name]));
};
