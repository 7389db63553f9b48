/** Asks the worker beside the page. */
import { askOnce } from "../parts/beside.ts";
import type { Work } from "./task-worker.ts";

/** @throws Refusal what the work refuses */
export const beside = <W extends keyof Work>(what: W, asked: Work[W]["asked"]): Promise<Work[W]["answer"]> =>
  askOnce(new Worker(new URL("./task-worker.ts", import.meta.url), { type: "module" }), [what, asked]);
