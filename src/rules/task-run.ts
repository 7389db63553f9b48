/** The end of a compute task: which enclave runs it, and what it says of the run. */
import { z } from "zod";
import { enclave } from "./enclave.ts";
import { refuse } from "./errors.ts";
import type { Act, Elsewhere } from "./rulebook.ts";
import { Digest, StreamId } from "./shapes.ts";
import { Receipt, Result } from "./task-definition.ts";
import { goesOn, seriesOf } from "./task-recurred.ts";
import { end, kind, requireDigest, requireState, type Task } from "./task-state.ts";

/** Each lets the server look at how another run ends, should it hide what the one before came to. */
export const MAX_DELEGATIONS = 4;

/** The enclave that holds the keys has another run the task, or takes it back: only one may end it. */
export const delegated = kind({
  name: "task.delegated",
  by: "enclave",
  payload: z.strictObject({
    task: Digest,
    enclave: StreamId,
    /** SHA-256 of the keys, sealed to that enclave; none where the task is taken back. */
    keys: Digest.optional(),
  }),
  apply: (state, act) => {
    const { definition, runner, delegations } = state;
    const { task, enclave: to, keys } = act.payload;
    if (act.by !== definition.enclave) throw refuse("task.party", { id: state.id });
    requireState(state, act, "running");
    requireDigest(state, act.stream, task);
    if ((to === definition.enclave) !== (keys === undefined)) throw refuse("task.worker", { enclave: to });
    if (to === runner || ![definition.enclave, ...(definition.workers ?? [])].includes(to))
      throw refuse("task.worker", { enclave: to });
    if (delegations >= MAX_DELEGATIONS) throw refuse("task.delegations", { limit: MAX_DELEGATIONS });
    return { ...state, runner: to, keys, delegations: delegations + 1, runners: [...state.runners, runner] };
  },
});

export const completed = kind({
  name: "task.completed",
  by: "enclave",
  payload: z.strictObject({ receipt: Receipt, result: Result }),
  apply: (state, act, elsewhere) => {
    requireReceipt(state, act, elsewhere);
    return { ...end(state, act, "succeeded", ""), ...act.payload };
  },
});

export const failed = kind({
  name: "task.failed",
  by: "enclave",
  payload: z.strictObject({ task: Digest, code: z.string().regex(/^[a-z0-9.-]{1,64}$/) }),
  apply: (state, act) => {
    if (act.by !== state.runner) throw refuse("task.party", { id: state.id });
    requireState(state, act, "running");
    requireDigest(state, act.stream, act.payload.task);
    return end(state, act, "failed", act.payload.code);
  },
});

/** The receipt is of this task, this code, these sources, this measurement, and the isolation that was promised. */
const requireReceipt = (
  state: Task,
  act: Act<{ receipt: Receipt; result: z.output<typeof Result> }>,
  elsewhere: Elsewhere,
) => {
  const { receipt, result } = act.payload;
  if (act.by !== state.runner) throw refuse("task.party", { id: state.id });
  requireState(state, act, "running");
  // Whoever revoked its series has revoked it: no result of it comes onto the ledger after that.
  const series = seriesOf(state, elsewhere);
  if (state.occurrence && !goesOn(series, act.time))
    throw refuse("task.state", { state: series?.state ?? "unknown", kind: act.kind });
  requireDigest(state, act.stream, receipt.task);
  const fits: [boolean, string][] = [
    [receipt.measurement === state.definition.measurement, "measurement"],
    [receipt.isolation === elsewhere.stream(enclave, act.by)?.state.isolation, "isolation"],
    [receipt.model === state.definition.model.archive, "model"],
    [receipt.sources.length === state.definition.sources.length, "sources"],
    [
      receipt.sources.every((read, i) => {
        const named = state.definition.sources[i];
        return read.stream === named?.stream && read.envelope === named.envelope;
      }),
      "sources",
    ],
    [result.rows <= state.definition.limits.rows, "rows"],
    [Date.parse(receipt.started) <= Date.parse(receipt.finished), "times"],
  ];
  const wrong = fits.find(([ok]) => !ok);
  if (wrong) throw refuse("task.receipt", { reason: wrong[1] });
};
