/**
 * Runs an authorised task: judges it, opens what it may, runs the model in a sandbox, seals the result to the
 * receiver, and says what it did in a signed receipt. Nothing here believes the server.
 */
import { sha256Hex } from "#crypto";
import { concat } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import type { Receipt } from "../../rules/task-definition.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { resultContext } from "../../trust/envelope/contexts.ts";
import { seal } from "../../trust/envelope/envelope.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { signStatementWith } from "../../trust/statement.ts";
import { refuse } from "../errors.ts";
import { writeCsv } from "../files/csv-write.ts";
import type { Spend } from "../gate/accountant.ts";
import type { Isolation, Result, Run, Said } from "../runners/runner.ts";
import type { AttemptsLog } from "./attempts.ts";
import { type CheckedFile, takeFile } from "./checked.ts";
import { type ComputeDeps, compute, digestsOf, limitsOf, runnerOf } from "./compute.ts";
import { besideRun, costOfRun } from "./costs.ts";
import { type Handed, requireDivisible, takeKeys } from "./delegation.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { type HandOverDeps, handOver, openDestination } from "./hand-over.ts";
import { type Holdings, requireAdopted } from "./holdings.ts";
import {
  isOver,
  type JudgeDeps,
  type Judged,
  judge,
  type RunRequest,
  requireUnmoved,
  requireUsable,
  type Usable,
} from "./judge.ts";
import type { Kept, Results } from "./results.ts";
import type { Outcome } from "./sealed-state.ts";

export interface RunDeps extends JudgeDeps, ComputeDeps, HandOverDeps {
  readonly signingKey: PrivateKey<"P-256">;
  readonly isolation: Isolation;
  readonly attempts: AttemptsLog;
  readonly holdings: () => Holdings;
  readonly results: Results;
  /** Has `stop` called when the task (by its stream) is to run no longer; the returned function ends that. */
  readonly watch: (task: string, stop: () => void) => () => void;
}

interface PlacedDeps extends RunDeps {
  /** The enclave that the task names first has paid for the run. */
  readonly delegated: boolean;
  /** Where the receiver's database is, opened when it is first asked for. */
  readonly destination: () => ReturnType<typeof openDestination>;
}

export interface RunTaskRequest extends RunRequest {
  readonly handed?: Handed | undefined;
}

/** What the server, or the receiver's database, did or left undone: it is no outcome, and the run is made again. */
const HOST_FAULTS = new Set([
  ...["enclave.host", "enclave.file", "enclave.moved", "enclave.destination", "enclave.result-lost"],
  ...["enclave.network", "enclave.delegation", "enclave.not-adopted"],
  "model.stopped",
]);

/** Whether the task has failed by it: by what was authorised, not by a full disk or the server. */
const isOutcome = (error: unknown): boolean =>
  error instanceof Refusal ? !HOST_FAULTS.has(error.code) : !(error instanceof Error && "syscall" in error);

/**
 * A code that says only how a run ended: what a model wrote or threw could carry data out, and waits inside for those
 * whose data they are.
 */
const failed = ({ digest }: Judged, error: unknown, said?: Said): Ended => ({
  outcome: {
    kind: "task.failed",
    payload: { task: digest, code: error instanceof Refusal ? error.code : "enclave.internal" },
  },
  spends: [],
  diagnostics: diagnosticsOf(error, said),
});

/**
 * Signs what the task has come to, and nothing else: what is signed is durable in the sealed state first.
 * @returns the enclave's signed statement: `task.completed`, or `task.failed` with a code
 * @throws Refusal where the task may not be run at all, or the server or the machine failed: then nothing is signed
 */
export const runTask = async (own: RunDeps, { handed, ...request }: RunTaskRequest): Promise<string> => {
  const judged = judge(own, request);
  // Whatever it has come to: the rules take no receipt of it any more.
  if (isOver(judged))
    return sign(own, judged, failed(judged, refuse("enclave.series", { id: judged.task.id })).outcome);
  const deps = await placed(own, judged, handed);
  const known = deps.attempts.outcome(judged.stream);
  // What was withdrawn since is not delivered any more; the task lapses.
  const { outcome, sealed: fresh }: Pick<Ended, "outcome" | "sealed"> = known
    ? { outcome: known }
    : await attempt(deps, judged, request.details);
  if (outcome.kind === "task.failed") return sign(deps, judged, outcome);
  if (known) requireUsable(judged, request.details);
  const { result } = outcome.payload as { result: Kept };
  const sealed = fresh ?? (await deps.results.read(result));
  const statement = sign(deps, judged, outcome);
  const destination = await deps.destination();
  requireUnmoved(deps, judged);
  try {
    await handOver(deps, judged, destination, result, sealed);
  } catch (error) {
    if (!isTaken(error) || judged.task.delegations === 0 || deps.attempts.wasTold(judged.stream)) throw error;
    const { outcome: other } = await settled(deps, judged, failed(judged, refuse("enclave.delivered")));
    return sign(deps, judged, other);
  }
  requireUnmoved(deps, judged);
  // Alone where another enclave may have delivered before can a result come to nothing after all.
  if (judged.task.delegations > 0) await deps.attempts.tell(judged.stream);
  return statement;
};

/** An enclave that ran the task before, and is lost, had delivered already: nothing is delivered over it. */
const isTaken = (error: unknown): boolean =>
  error instanceof Refusal && error.details.reason === "database.destination.taken";

/** In another enclave's place: with the keys that it has handed over, at its cost. */
const placed = async (own: RunDeps, judged: Judged, handed: Handed | undefined): Promise<PlacedDeps> => {
  if (judged.task.definition.enclave === own.enclave)
    return { ...own, delegated: false, destination: openedOnce(own, judged) };
  // What it had come to here may have been forgotten when it went on; then it comes to nothing else.
  if (judged.task.runners.includes(own.enclave) && !own.attempts.isKnown(judged.stream))
    throw refuse("enclave.delegation", { reason: "it was here before, and what came of it is known no more" });
  if (!handed) throw refuse("enclave.delegation", { reason: "its keys are not there" });
  const deps = { ...own, handed: await takeKeys(own, judged, handed) };
  return { ...deps, delegated: true, destination: openedOnce(deps, judged) };
};

const openedOnce = (deps: RunDeps, judged: Judged): PlacedDeps["destination"] => {
  let opened: ReturnType<typeof openDestination> | undefined;
  return () => {
    opened ??= openDestination(deps, judged);
    return opened;
  };
};

const sign = ({ enclave, clock, signingKey }: RunDeps, { stream, head }: Judged, { kind, payload }: Outcome): string =>
  signStatementWith({ kind, stream, seen: head, by: enclave, at: iso(clock.now()), payload }, signingKey);

/** What it leaves behind first: the state that names it must find it. */
const settled = async (
  { attempts, results }: RunDeps,
  { stream, head, task }: Judged,
  ended: Ended,
): Promise<Ended> => {
  const { outcome, spends, sealed, diagnostics: kept } = ended;
  const files = [sealed, kept].filter((file) => file !== undefined);
  for (const file of files) await results.keep(file);
  const { creator, expires } = task;
  const diagnostics = kept && sha256Hex(kept);
  try {
    await attempts.settle(stream, { creator, head, expires, outcome, spends, diagnostics });
  } catch (error) {
    // Not where it is unknown what was saved.
    if (error instanceof Refusal && !error.code.startsWith("enclave.state."))
      await results.drop(files.map((file) => sha256Hex(file)));
    throw error;
  }
  return ended;
};

/** Runs the model, once. @returns what the task has come to, durable. @throws where it has come to nothing yet */
const attempt = async (deps: PlacedDeps, judged: Judged, details: RunRequest["details"]): Promise<Ended> => {
  const ended = await begun(deps, judged, details).catch((error: unknown): Ended => {
    if (isOutcome(error)) return failed(judged, error);
    throw error;
  });
  // Another task may have spent what was left when this one began: then nothing leaves.
  return settled(deps, judged, ended).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== "gate.budget") throw error;
    return settled(deps, judged, failed(judged, error));
  });
};

interface Ended {
  readonly outcome: Outcome;
  /** What it costs the sources. */
  readonly spends: readonly Spend[];
  /** The result, as its receiver will get it. */
  readonly sealed?: Uint8Array;
  /** What a failure tells the model's author, if all agree (diagnostics.ts). */
  readonly diagnostics?: Uint8Array;
}

const begun = async (deps: PlacedDeps, judged: Judged, details: RunRequest["details"]): Promise<Ended> => {
  const { stream, head, task } = judged;
  const usable = requireUsable(judged, details);
  if (deps.delegated) requireDivisible(usable);
  else requireAdopted(deps, judged);
  // The sandbox starts, empty, while what must be durable before anything is opened is written.
  const sandbox = runnerOf(deps, task).start(limitsOf(deps, task));
  const stop = () =>
    sandbox.then(
      (run) => run.stop(),
      () => undefined,
    );
  sandbox.catch(() => undefined);
  const reading = new AbortController();
  const slow = refuse("enclave.slow", { seconds: deps.limits.seconds });
  const timer = setTimeout(() => reading.abort(slow), deps.limits.seconds * 1_000);
  const ended = refuse("enclave.host", { reason: "the task has ended otherwise" });
  const unwatch = deps.watch(stream, () => {
    reading.abort(ended);
    void stop();
  });
  const files: CheckedFile[] = [];
  try {
    // What the server does not give costs no attempt: no table is opened yet.
    await deps.destination();
    for (const digest of digestsOf(task))
      files.push(await takeFile(deps.read(digest), digest, { directory: deps.directory }));
    // A machine that starts no sandbox has not ended the task: nothing is begun yet.
    const run = await sandbox.catch(noSandbox);
    // Stopped until here, it costs no attempt either.
    if (reading.signal.reason === ended) throw ended;
    const running = {
      creator: task.creator,
      head,
      expires: task.expires,
      spends: deps.delegated ? [] : costOfRun(usable, task),
    };
    if (!(await deps.attempts.begin(stream, running))) throw refuse("enclave.attempts");
    // The last moment before anything is opened: what was revoked while files were taken is not.
    requireUnmoved(deps, judged);
    return await completed({ ...deps, signal: reading.signal }, run, judged, usable, files).catch((error: unknown) => {
      if (isOutcome(error)) return failed(judged, error, run.said());
      throw error;
    });
  } finally {
    clearTimeout(timer);
    unwatch();
    await stop();
    for (const file of files) await file.drop();
  }
};

/** In fixed words: from here on, what a sandbox says may be what a model has it say. */
const noSandbox = (): never => {
  throw refuse("enclave.host", { reason: "no sandbox starts" });
};

const completed = async (
  deps: PlacedDeps,
  run: Run,
  judged: Judged,
  usable: Usable,
  files: readonly CheckedFile[],
): Promise<Ended> => {
  const started = deps.clock.now();
  const { table, rows, spends } = await compute(deps, run, judged, usable, files);
  requireUnmoved(deps, judged);
  const receipt: Receipt = {
    task: judged.digest,
    measurement: deps.measurement,
    isolation: deps.isolation,
    model: judged.task.definition.model.archive,
    sources: usable.sources.map(({ stream, envelope }, i) => ({ stream, envelope, rows: rows[i] ?? 0 })),
    checkpoint: judged.checkpoint,
    heads: judged.heads,
    started: second(started),
    // A clock that was set back meanwhile must not make a receipt that the rules never take.
    finished: second(Math.max(started, deps.clock.now())),
  };
  const sealed = await sealResult(judged, table);
  const result = { digest: sha256Hex(sealed), size: sealed.length, rows: table.rows };
  const outcome = { kind: "task.completed", payload: { receipt, result } } as const;
  return { outcome, spends: deps.delegated ? [] : spends.map(besideRun), sealed };
};

/** To the second: how long a model took is its to choose, and stays in the bundle for everybody. */
const second = (time: number): string => iso(time - (time % 1_000));

/** In memory, as the result itself is: its size is the operator's to limit. */
const sealResult = async ({ digest, delivery }: Judged, table: Result): Promise<Uint8Array> => {
  const to = receiverKey(delivery.key);
  const csv = writeCsv(table.schema, table.batches);
  return concat(...(await Array.fromAsync(seal(csv, { to, context: resultContext(digest), enc: delivery.cipher }))));
};
