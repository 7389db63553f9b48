/** Asks the worker beside the page. */
import { Refusal } from "../../base/refusal.ts";
import type { Work } from "./task-worker.ts";

/** @throws Refusal what the work refuses */
export const beside = <W extends keyof Work>(what: W, asked: Work[W]["asked"]): Promise<Work[W]["answer"]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./task-worker.ts", import.meta.url), { type: "module" });
    const end = (then: () => void) => {
      worker.terminate();
      then();
    };
    worker.onerror = ({ message }) => end(() => reject(new Error(message)));
    worker.onmessage = ({ data: { done, failed } }) =>
      end(() =>
        failed ? reject(new Refusal(failed.code, failed.status, failed.details, failed.message)) : resolve(done),
      );
    worker.postMessage([what, asked]);
  });
