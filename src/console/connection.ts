/** Whether the platform answers. Noticed when something is asked in vain; from then on it is asked until it does. */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Refusal } from "../base/refusal.ts";

/** Milliseconds between questions. */
const PAUSE = 2_000;
/** Milliseconds in which everything is read again once at most: one address may be dead on a platform that answers. */
const CALM = 30_000;

let lost = false;
let asking = false;
let reread = Number.NEGATIVE_INFINITY;
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

/** Asks until there is an answer. @returns whether it was missed at all */
const untilAnswered = async (): Promise<boolean> => {
  if (await answers()) return false;
  set(true);
  do await new Promise((resolve) => setTimeout(resolve, PAUSE));
  while (!(await answers()));
  set(false);
  return true;
};

/** When the platform answers again, everything is read again. */
const watch = async (queries: QueryClient): Promise<void> => {
  if (asking) return;
  asking = true;
  const missed = await untilAnswered();
  asking = false;
  const now = performance.now();
  if (!missed && now - reread < CALM) return;
  reread = now;
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
