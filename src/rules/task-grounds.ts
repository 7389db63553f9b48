/** What a task rests on, whenever somebody agrees to it: nobody is asked to agree to what cannot run. */
import { refuse } from "./errors.ts";
import { takesKey } from "./grant.ts";
import { model } from "./model.ts";
import { hasLeft } from "./moving.ts";
import type { Elsewhere } from "./rulebook.ts";
import { source } from "./source.ts";
import type { Definition, Delivery } from "./task-definition.ts";

/** @throws Refusal enclave.mismatch where an owner has moved it to another enclave since */
export const requireStayed = ({ enclave, ...task }: Definition, elsewhere: Elsewhere): void => {
  const used = [
    elsewhere.stream(model, task.model.stream)?.state,
    ...task.sources.map(({ stream }) => elsewhere.stream(source, stream)?.state),
  ];
  const moved = used.find((state) => state && hasLeft(state, enclave));
  if (moved) throw refuse("enclave.mismatch", { id: moved.id, enclave });
};

/** Whoever gave a grant did not see this key; it may have said which. */
export const requireGrantedKey = ({ sources }: Definition, delivery: Delivery, elsewhere: Elsewhere): void => {
  for (const { stream, grant: id } of sources) {
    const grant = id === undefined ? undefined : elsewhere.stream(source, stream)?.state.grants.get(id);
    if (id !== undefined && !(grant && takesKey(grant, delivery)))
      throw refuse("task.grant", { grant: id, reason: "it is for another key" });
  }
};
