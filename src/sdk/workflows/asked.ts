/** What the server answers with is what it was asked for. */
import { refuse } from "./errors.ts";

/** @param id number or stream id. @throws Refusal task.other */
export const requireAsked = (id: string, found: { readonly id: string; readonly stream: string }): void => {
  if (found.id !== id && found.stream !== id) throw refuse("task.other", { id, found: found.id });
};
