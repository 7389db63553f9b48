/** What a run costs the sources that it stands on. */
import type { Task } from "../../rules/task-state.ts";
import type { Spend } from "../gate/accountant.ts";
import type { Usable } from "./judge.ts";

/**
 * Whatever comes of it: one of each grant that it stands on, and of each source with a policy. Nothing where it was given
 * away before: it was paid for then, also where this enclave has forgotten that.
 */
export const costOfRun = ({ sources }: Usable, { delegations }: Pick<Task, "delegations">): Spend[] => {
  if (delegations > 0) return [];
  const amounts = { runs: 1, rows: 0, epsilon: 0 };
  return sources.flatMap(({ stream, policy, grant }) => [
    ...(grant ? [{ source: `grant ${grant.id}`, of: stream, amounts, budget: { runs: grant.runs } }] : []),
    ...(policy ? [{ source: stream, amounts, budget: policy.budget }] : []),
  ]);
};

/** Beside the run, which is paid for already. */
export const besideRun = ({ amounts, ...spend }: Spend): Spend => ({ ...spend, amounts: { ...amounts, runs: 0 } });
