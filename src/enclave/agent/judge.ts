/** Whether a task may run here and now, and on what: by the ledger as it was followed, not by what the server says. */
import type { Clock } from "../../base/clock.ts";
import { beyondGrant } from "../../rules/grant.ts";
import { model as modelBook } from "../../rules/model.ts";
import { hasLeft } from "../../rules/moving.ts";
import type { Policy } from "../../rules/policy.ts";
import { type Column, SourceDetail, source as sourceBook, structureDigest } from "../../rules/source.ts";
import { task as taskBook } from "../../rules/task.ts";
import { taskDigest } from "../../rules/task-definition.ts";
import { goesOn } from "../../rules/task-recurred.ts";
import { stateAt, type Task, type TaskState } from "../../rules/task-state.ts";
import { streamOf, type World } from "../../rules/world.ts";
import type { Followed, Follower } from "../../tee/follower.ts";
import type { PlacedStatement } from "../../tee/protocol/messages.ts";
import { replay, requireOnly } from "../../tee/replay.ts";
import { digestOf } from "../../trust/digest.ts";
import { refuse } from "../errors.ts";

export interface JudgeDeps {
  readonly clock: Clock;
  readonly follower: Follower;
  /** Stream id of this enclave. */
  readonly enclave: string;
  readonly measurement: string;
  /** The newest run (its stream) that this enclave has founded of a scheduled task (by stream). */
  readonly newestRun: (series: string) => string | undefined;
}

export interface RunRequest {
  readonly task: string;
  readonly statements: readonly PlacedStatement[];
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Judged {
  /** The task's stream. */
  readonly stream: string;
  readonly world: World;
  readonly task: Task;
  readonly digest: string;
  readonly delivery: NonNullable<Task["delivery"]>;
  /** By the enclave's clock or the newest leaf's, whichever is later; milliseconds. */
  readonly time: number;
  readonly head: string;
  readonly heads: Record<string, string>;
  /** The ledger as it was followed when the task was judged. */
  readonly checkpoint: Followed;
}

/**
 * Whether this very task may run here and now, or, to `decide`, whether it is this enclave that says which one runs it.
 * @throws Refusal
 */
export const judge = (deps: JudgeDeps, request: RunRequest, to: "run" | "decide" = "run"): Judged => {
  const looked = lookAt(deps, request);
  const { task, state, stream } = looked;
  const expected = to === "run" ? task.runner : task.definition.enclave;
  if (expected !== deps.enclave) throw refuse("enclave.task.enclave", { expected });
  if (state !== "running" || !task.delivery) throw refuse("enclave.task.state", { state });
  // Of a run there is one stream, and one run at a time: one whose statement came too late is founded again.
  // The enclave that has founded it knows; another runs what that one gave to it.
  const founded = task.definition.enclave === deps.enclave;
  const { definition, delivery } = task;
  const judged = { ...looked, digest: taskDigest(stream, definition, delivery), delivery };
  // Of one that was revoked nothing needs to be known: whichever run it is, it fails.
  if (task.occurrence && founded && !isOver(judged) && deps.newestRun(task.occurrence.of) !== stream)
    throw refuse("enclave.occurrence", { id: task.id });
  return judged;
};

/** The task as the ledger has it, in whatever state; it names this enclave. @throws Refusal */
export const lookAt = (
  { follower, clock, enclave, measurement }: Omit<JudgeDeps, "newestRun">,
  { task: id, statements }: Pick<RunRequest, "task" | "statements">,
): Omit<Judged, "digest" | "delivery"> & { readonly state: TaskState } => {
  follower.requireCurrent();
  const replayed = replay(statements, follower);
  const { world, heads } = replayed;
  const found = streamOf(world, taskBook, id);
  if (!found) throw refuse("enclave.task.state", { state: "unknown" });
  const { head, state: task } = found;
  // The host's clock may be turned back, but not behind what the ledger has seen.
  const time = Math.max(clock.now(), follower.time);
  const { definition } = task;
  const named = [definition.enclave, ...(definition.workers ?? [])];
  if (!named.includes(enclave) || definition.measurement !== measurement)
    throw refuse("enclave.task.enclave", { expected: definition.enclave });
  requireOnly(id, replayed);
  return { stream: id, world, task, state: stateAt(task, time), time, head, heads, checkpoint: follower.followed };
};

/** Whether it is a run of a scheduled task that was revoked, or is over: that is final. */
export const isOver = ({ world, task: { occurrence }, time }: Judged): boolean =>
  occurrence !== undefined && !goesOn(streamOf(world, taskBook, occurrence.of)?.state, time);

/** Nothing is delivered that the ledger, as far as it was followed meanwhile, allows no longer. */
export const requireUnmoved = (
  { follower }: Pick<JudgeDeps, "follower">,
  { stream, head, heads, task }: Pick<Judged, "stream" | "head" | "heads" | "task">,
): void => {
  const { occurrence, definition } = task;
  const used = [definition.model, ...definition.sources].map((one) => one.stream);
  const watched = occurrence ? [occurrence.of, ...used] : used;
  const same = watched.every((other) => follower.headOf(other) === heads[other]);
  if (!same || follower.headOf(stream) !== head) throw refuse("enclave.moved");
};

export interface UsableSource {
  readonly stream: string;
  readonly owner: string;
  readonly type: string;
  readonly table: string;
  readonly envelope: string;
  readonly columns: readonly Column[];
  /** Names of those that the model may read. */
  readonly allowed: ReadonlySet<string>;
  /** What the owner asks of results now. */
  readonly policy: Policy | undefined;
  /** What stood for the owner's authorisation, and how often it does. */
  readonly grant: { readonly id: string; readonly runs: number } | undefined;
}

/** The model and the sources as they were authorised, none of them withdrawn since. @throws Refusal */
export const requireUsable = (
  { world, task, time }: Pick<Judged, "world" | "task" | "time">,
  details: RunRequest["details"],
) => {
  const { definition } = task;
  const model = streamOf(world, modelBook, definition.model.stream)?.state;
  if (!model || model.withdrawn) throw refuse("enclave.withdrawn", { id: model?.id ?? definition.model.stream });
  if (hasLeft(model, definition.enclave)) throw refuse("enclave.left", { id: model.id });
  const sources = definition.sources.map((named): UsableSource => {
    const { stream, table, envelope, structure, columns: permitted, grant } = named;
    const state = streamOf(world, sourceBook, stream)?.state;
    if (!state || state.withdrawn) throw refuse("enclave.withdrawn", { id: state?.id ?? stream });
    if (hasLeft(state, definition.enclave)) throw refuse("enclave.left", { id: state.id });
    if (state.envelope.digest !== envelope) throw refuse("enclave.reconnected", { id: state.id });
    const terms = grant === undefined ? undefined : state.grants.get(grant);
    if (grant !== undefined) {
      const asked = { creator: task.creator, task: definition, source: named };
      const reason = beyondGrant(terms, asked, time);
      if (reason) throw refuse("enclave.grant", { grant, reason });
    }
    const detail = Object.hasOwn(details, state.detail) ? details[state.detail] : undefined;
    if (!detail || digestOf(detail) !== state.detail) throw refuse("enclave.file", { digest: state.detail });
    const columns = SourceDetail.safeParse(detail).data?.columns;
    if (!columns || structureDigest(columns) !== structure)
      throw refuse("enclave.structure", { id: state.id, difference: "its description is another" });
    const allowed = new Set(columns.filter((_, i) => permitted?.includes(i) ?? true).map(({ name }) => name));
    return {
      ...{ stream, owner: state.owner, type: state.type, table, envelope, columns, allowed },
      policy: state.policy,
      grant: grant === undefined || !terms ? undefined : { id: grant, runs: terms.runs },
    };
  });
  return { owner: model.owner, sources };
};
export type Usable = ReturnType<typeof requireUsable>;
