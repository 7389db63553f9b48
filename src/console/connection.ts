/** Whether the platform answers. Noticed when something is asked in vain; from then on it is asked until it does. */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Refusal } from "../base/refusal.ts";

/** Milliseconds between questions. */
const PAUSE = 2_000;

let lost = false;
const listeners = new Set<() => void>();

const set = (now: boolean): void => {
  lost = now;
  for (const tell of listeners) tell();
};

const answers = (): Promise<boolean> =>
  fetch("/health", { cache: "no-store" }).then(
    () => true,
    () => false,
  );

/** Asks until there is an answer; then everything is read again. */
const watch = async (queries: QueryClient): Promise<void> => {
  if (lost) return;
  set(true);
  while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, PAUSE));
  set(false);
  await queries.invalidateQueries();
};

export const noteFailure = (queries: QueryClient, error: unknown): void => {
  if (error instanceof Refusal && error.code === "server.unreachable") void watch(queries);
};

/** Browsers know at once when the line is down. */
export const watchLine = (queries: QueryClient): void => addEventListener("offline", () => void watch(queries));

export const useLost = (): boolean =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => lost,
  );
