import { Refusal } from "../base/refusal.ts";

/** As what a failure is shown: our own refusals as they are, anything else by its message. */
export const refusalOf = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal("console.failed", 0, {}, error instanceof Error ? error.message : String(error));
