/**
 * Founds the runs of a scheduled task: the newest that is due, each number once, whatever the server asks for. Which
 * one was the last is durable before its statement is handed out.
 */
import { iso } from "../../base/clock.ts";
import { dueNow, goesOn, occurrenceId } from "../../rules/task-recurred.ts";
import { CLOCK_SKEW } from "../../rules/world.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { parseStatement, signStatementWith } from "../../trust/statement.ts";
import { refuse } from "../errors.ts";
import type { AttemptsDeps } from "./attempts.ts";
import { type JudgeDeps, lookAt, type RunRequest } from "./judge.ts";
import { requirePlace } from "./places.ts";
import type { SealedState, Series } from "./sealed-state.ts";

/** Scheduled tasks that may go on at a time. */
const MAX_SERIES = 1_000;

export interface RecurDeps extends JudgeDeps, Pick<AttemptsDeps, "change"> {
  readonly signingKey: PrivateKey<"P-256">;
}

/**
 * @returns the statement that founds the run; the same one again for the same number
 * @throws Refusal enclave.task.state, enclave.not-due, enclave.moved
 */
export const recur = async (deps: RecurDeps, request: Pick<RunRequest, "task" | "statements">): Promise<string> => {
  const { follower, clock } = deps;
  const { task, stream, state, time, head } = lookAt(deps, request);
  if (!task.definition.schedule || !goesOn(task, time)) throw refuse("enclave.task.state", { state });
  const number = dueNow(task, clock.now());
  if (number === 0) throw refuse("enclave.not-due", { id: task.id });
  let statement = "";
  await deps.change(({ series }) => {
    const last = series[stream];
    if (last && last.number > number) throw refuse("enclave.not-due", { id: task.id });
    if (last?.number === number && !isLost(deps, last)) {
      ({ statement } = last);
      return undefined;
    }
    statement = sign(deps, { id: occurrenceId(task, number), of: stream, number });
    const { creator } = task;
    const run = { creator, number, stream: parseStatement(statement).digest, statement, head, expires: task.expires };
    const { [stream]: _, ...others } = live(deps, series);
    requirePlace(Object.values(others), creator, MAX_SERIES);
    return { series: { ...others, [stream]: run } };
  });
  // What was revoked meanwhile founds nothing.
  if (follower.headOf(stream) !== head) throw refuse("enclave.moved");
  return statement;
};

const sign = ({ enclave, clock, signingKey }: RecurDeps, payload: object): string =>
  signStatementWith(
    { kind: "task.recurred", stream: "", seen: "", by: enclave, at: iso(clock.now()), payload },
    signingKey,
  );

/** It never came onto the ledger, and is too old to: another in its place can run, and then it cannot. */
const isLost = ({ follower, clock }: RecurDeps, { stream, statement }: Series): boolean =>
  follower.headOf(stream) === undefined &&
  clock.now() - Date.parse(parseStatement(statement).statement.at) > CLOCK_SKEW;

/** Those that can have another run: a scheduled task only ever moves to its end, or lapses. */
const live = ({ follower }: RecurDeps, series: SealedState["series"]): SealedState["series"] =>
  Object.fromEntries(
    Object.entries(series).filter(
      ([task, { head, expires }]) => follower.headOf(task) === head && follower.time <= expires,
    ),
  );
