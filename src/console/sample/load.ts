/** The sample as it is being loaded: it goes on while the person looks at other pages, and ends with this one. */
import { useSyncExternalStore } from "react";
import { Refusal } from "../../base/refusal.ts";
// What the worker refuses is said here, in the person's language.
import "../../sample/errors.ts";
import { read, write } from "../storage.ts";
import type { Begin, Loaded, StepDone, Told } from "./protocol.ts";

export interface Loading {
  /** Which consortium of this platform it is. */
  readonly number: number;
  readonly state: "idle" | "running" | "failed" | "done";
  readonly steps: readonly StepDone[];
  readonly now?: Pick<StepDone, "who" | "what">;
  readonly error?: Error;
  readonly loaded?: Loaded;
}

const NOTHING: Loading = { number: 1, state: "idle", steps: [] };
let loading = NOTHING;
let worker: Worker | undefined;
const listeners = new Set<() => void>();

const set = (next: Loading): void => {
  loading = next;
  for (const tell of listeners) tell();
};

/** Number of the consortium that this browser began and did not see to its end; no secret. */
const BEGUN = "sample.begun";
export const begun = (): number | undefined => read<number | undefined>(BEGUN, undefined);

const warn = (event: BeforeUnloadEvent) => event.preventDefault();

const hear = (told: Told): void => {
  const { number, state, steps } = loading;
  if ("now" in told) set({ number, state, steps, now: told.now });
  else if ("step" in told) set({ number, state, steps: [...steps, told.step] });
  else if ("done" in told) {
    worker?.terminate();
    worker = undefined;
    write(BEGUN, undefined);
    set({ number, state: "done", steps, loaded: told.done });
  } else {
    const { code, status, details, message } = told.failed;
    set({ number, state: "failed", steps, error: new Refusal(code, status, details, message) });
  }
};

/** Begins, or goes on where it failed: the worker keeps what was done. */
export const load = (begin: Begin, ended: () => void): void => {
  if (loading.state === "running") return;
  worker ??= new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const { number } = begin;
  set({ number, state: "running", steps: loading.steps });
  write(BEGUN, number);
  // What it holds is nowhere else, also when it has failed or is done: accounts without their passwords would stay.
  addEventListener("beforeunload", warn);
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    hear(data);
    if ("done" in data || "failed" in data) ended();
  };
  worker.onerror = ({ message }) => {
    set({ number, state: "failed", steps: loading.steps, error: new Error(message || "the worker did not start") });
    ended();
  };
  worker.postMessage(begin);
};

/** What failed is left as it is: the next one begins anew. */
export const leave = (): void => {
  worker?.terminate();
  worker = undefined;
  handedOver();
  set(NOTHING);
};

/** Accounts and keys were handed over: the page may go. */
export const handedOver = (): void => removeEventListener("beforeunload", warn);

export const useLoading = (): Loading =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => loading,
  );
