/**
 * Runs an authorised task: judges it, opens what it may, runs the model in a sandbox, seals the result to the
 * receiver, and says what it did in a signed receipt. Nothing here believes the server.
 */
import { sha256Hex } from "#crypto";
import { concat } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { iso } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import { model as modelBook } from "../../rules/model.ts";
import { type Column, SourceDetail, source as sourceBook, structureDigest } from "../../rules/source.ts";
import { stateAt, type Task, task as taskBook } from "../../rules/task.ts";
import { type Receipt, taskDigest } from "../../rules/task-definition.ts";
import { streamOf, type World } from "../../rules/world.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { digestOf } from "../../trust/digest.ts";
import { modelContext, resultContext, sourceContext } from "../../trust/envelope/contexts.ts";
import { open, seal } from "../../trust/envelope/envelope.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { signStatementWith } from "../../trust/statement.ts";
import { unpack } from "../archive.ts";
import type { Batch, ColumnType } from "../columns/batch.ts";
import { refuse } from "../errors.ts";
import { writeCsv } from "../files/csv-write.ts";
import { selectFields } from "../files/format.ts";
import { sourceReader } from "../files/reader.ts";
import type { PlacedStatement } from "../protocol/messages.ts";
import { type Manifest, readManifest, resolveParameters } from "../runners/manifest.ts";
import type { Result, Run, Runner } from "../runners/runner.ts";
import type { AttemptsLog } from "./attempts.ts";
import { type CheckedFile, summed, takeFile } from "./checked.ts";
import type { Followed, Follower } from "./follower.ts";
import { replay, requireOnly } from "./replay.ts";
import type { Kept, Results } from "./results.ts";
import type { Outcome } from "./sealed-state.ts";

const MiB = 2 ** 20;

export interface RunDeps {
  readonly clock: Clock;
  readonly follower: Follower;
  /** Stream id of this enclave. */
  readonly enclave: string;
  readonly measurement: string;
  readonly signingKey: PrivateKey<"P-256">;
  readonly encryptionKey: PrivateKey<"X25519">;
  readonly runner: Runner;
  /** What the machine's operator lets a run use at most: seconds, and bytes of memory and of the result's columns. */
  readonly limits: { readonly seconds: number; readonly memory: number; readonly output: number };
  /** For files that do not fit into memory. */
  readonly directory: string;
  /** A file of the server's, by digest; its content is not to be believed. */
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly write: (content: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly attempts: AttemptsLog;
  readonly results: Results;
  /** Has `stop` called when the task (by its stream) is to run no longer; the returned function ends that. */
  readonly watch: (task: string, stop: () => void) => () => void;
}

export interface RunRequest {
  readonly task: string;
  readonly statements: readonly PlacedStatement[];
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the server did or left undone: nothing is signed about it, and the run is made again. */
const HOST_FAULTS = new Set(["enclave.host", "enclave.file", "enclave.moved", "model.stopped"]);
/** The server's fault, or the machine's: a full disk, no more processes. */
const isMachines = (error: unknown): boolean =>
  error instanceof Refusal ? HOST_FAULTS.has(error.code) : error instanceof Error && "syscall" in error;

/** Manifests name the language; which sandbox runs it, the enclave's founding statement says. */
const RUNNER = "javascript";

/** Codes that say only how a run ended: what a model wrote or threw could carry data out. */
const failureCode = (error: unknown): string => (error instanceof Refusal ? error.code : "enclave.internal");

/**
 * @returns the enclave's signed statement: `task.completed`, or `task.failed` with a code
 * @throws Refusal where the task may not be run at all, or the server kept a file back: then nothing is signed
 */
export const runTask = async (deps: RunDeps, request: RunRequest): Promise<string> => {
  const judged = judge(deps, request);
  const sign = ({ kind, payload }: Outcome) =>
    signStatementWith(
      { kind, stream: request.task, seen: judged.head, by: deps.enclave, at: iso(deps.clock.now()), payload },
      deps.signingKey,
    );
  try {
    const usable = requireUsable(judged, request.details);
    const outcome =
      deps.attempts.outcome(request.task, judged.head) ?? (await attempt(deps, request.task, judged, usable));
    if (outcome.kind === "task.completed") {
      requireUnmoved(deps, request.task, judged);
      await handOver(deps, outcome);
    }
    return sign(outcome);
  } catch (error) {
    if (isMachines(error)) throw error;
    return sign({ kind: "task.failed", payload: { task: judged.digest, code: failureCode(error) } });
  }
};

/** Runs the model, once. @returns what the task has come to, durable. @throws where nothing of it was begun */
const attempt = async (deps: RunDeps, stream: string, judged: Judged, usable: Usable): Promise<Outcome> => {
  // The sandbox starts, empty, while what must be durable before anything is opened is written.
  const sandbox = deps.runner.start(limitsOf(deps, judged.task));
  const stop = () =>
    sandbox.then(
      (run) => run.stop(),
      () => undefined,
    );
  const unwatch = deps.watch(stream, () => void stop());
  const files: CheckedFile[] = [];
  try {
    // What the server does not give costs no attempt: nothing is opened yet.
    for (const digest of digestsOf(judged.task))
      files.push(await takeFile(deps.read(digest), digest, { directory: deps.directory }));
    if (!(await deps.attempts.begin(stream, judged.head))) throw refuse("enclave.attempts");
    const ended = await completed(deps, await sandbox, stream, judged, usable, files).catch((error): Outcome => {
      if (isMachines(error)) throw error;
      return { kind: "task.failed", payload: { task: judged.digest, code: failureCode(error) } };
    });
    return await deps.attempts.settle(stream, judged.head, ended);
  } finally {
    unwatch();
    await stop();
    for (const file of files) await file.drop();
  }
};

const completed = async (
  deps: RunDeps,
  run: Run,
  stream: string,
  judged: Judged,
  usable: Usable,
  files: readonly CheckedFile[],
): Promise<Outcome> => {
  const started = deps.clock.now();
  const { table, rows } = await compute(deps, run, judged, usable, files);
  requireUnmoved(deps, stream, judged);
  const receipt: Receipt = {
    task: judged.digest,
    measurement: deps.measurement,
    isolation: deps.runner.isolation,
    model: judged.task.definition.model.archive,
    sources: usable.sources.map(({ stream, envelope }, i) => ({ stream, envelope, rows: rows[i] ?? 0 })),
    checkpoint: judged.checkpoint,
    heads: judged.heads,
    started: second(started),
    finished: second(deps.clock.now()),
  };
  return { kind: "task.completed", payload: { receipt, result: await keepSealed(deps, judged, table) } };
};

/** To the second: how long a model took is its to choose, and stays in the bundle for everybody. */
const second = (time: number): string => iso(time - (time % 1_000));

/** Files of a run: the model's archive, plain or sealed, then the sources' envelopes in order. */
const digestsOf = ({ definition: { model, sources } }: Task): string[] => [
  model.envelope ?? model.archive,
  ...sources.map(({ envelope }) => envelope),
];

/** Nothing is delivered that the ledger, as far as it was followed meanwhile, allows no longer. */
const requireUnmoved = ({ follower }: RunDeps, stream: string, { head, heads, task }: Judged): void => {
  const { model, sources } = task.definition;
  const same = [model, ...sources].every((used) => follower.headOf(used.stream) === heads[used.stream]);
  if (!same || follower.headOf(stream) !== head) throw refuse("enclave.moved");
};

/** What the task asks for, within what the machine's operator allows. */
const limitsOf = ({ limits: most }: RunDeps, { definition: { limits } }: Task) => ({
  seconds: Math.min(limits.seconds, most.seconds),
  memory: Math.min(limits.memory * MiB, most.memory),
  output: most.output,
});

interface Judged {
  readonly world: World;
  readonly task: Task;
  readonly digest: string;
  readonly delivery: NonNullable<Task["delivery"]>;
  readonly head: string;
  readonly heads: Record<string, string>;
  /** The ledger as it was followed when the task was judged. */
  readonly checkpoint: Followed;
}

/** Whether this very task may run here and now. @throws Refusal */
const judge = ({ follower, clock, enclave, measurement }: RunDeps, { task: id, statements }: RunRequest): Judged => {
  follower.requireCurrent();
  const replayed = replay(statements, follower);
  const { world, heads } = replayed;
  const stream = streamOf(world, taskBook, id);
  const task = stream?.state;
  // The host's clock may be turned back, but not behind what the ledger has seen.
  const state = task && stateAt(task, Math.max(clock.now(), follower.time));
  if (!stream || state !== "running" || !task?.delivery)
    throw refuse("enclave.task.state", { state: state ?? "unknown" });
  const { definition, delivery } = task;
  if (definition.enclave !== enclave || definition.measurement !== measurement)
    throw refuse("enclave.task.enclave", { expected: definition.enclave });
  requireOnly(id, replayed);
  return {
    world,
    task,
    digest: taskDigest(id, definition, delivery),
    delivery,
    head: stream.head,
    heads,
    checkpoint: follower.followed,
  };
};

interface UsableSource {
  readonly stream: string;
  readonly owner: string;
  readonly type: string;
  readonly table: string;
  readonly envelope: string;
  readonly columns: readonly Column[];
}

/** The model and the sources as they were authorised, none of them withdrawn since. @throws Refusal */
const requireUsable = ({ world, task }: Judged, details: RunRequest["details"]) => {
  const { definition } = task;
  const model = streamOf(world, modelBook, definition.model.stream)?.state;
  if (!model || model.withdrawn) throw refuse("enclave.withdrawn", { id: model?.id ?? definition.model.stream });
  const sources = definition.sources.map(({ stream, table, envelope, structure }): UsableSource => {
    const state = streamOf(world, sourceBook, stream)?.state;
    if (!state || state.withdrawn) throw refuse("enclave.withdrawn", { id: state?.id ?? stream });
    const detail = Object.hasOwn(details, state.detail) ? details[state.detail] : undefined;
    if (!detail || digestOf(detail) !== state.detail) throw refuse("enclave.file", { digest: state.detail });
    const columns = SourceDetail.safeParse(detail).data?.columns;
    if (!columns || structureDigest(columns) !== structure)
      throw refuse("enclave.structure", { id: state.id, difference: "its description is another" });
    return { stream, owner: state.owner, type: state.type, table, envelope, columns };
  });
  return { owner: model.owner, sources };
};
type Usable = ReturnType<typeof requireUsable>;

/** Model and tables into the sandbox. @param files archive and envelopes, as `digestsOf` names them */
const compute = async (deps: RunDeps, run: Run, { task }: Judged, usable: Usable, files: readonly CheckedFile[]) => {
  const { limits, parameters, model } = task.definition;
  const [archive, ...envelopes] = files as [CheckedFile, ...CheckedFile[]];
  const { manifest, files: code } = await openModel(deps, task, usable, archive);
  // The gate: what leaves is never more than the task allows, whatever the model declares.
  const maxRows = Math.min(manifest.result.maxRows, limits.rows);
  const gated = { ...manifest, result: { ...manifest.result, maxRows } };
  run.load({ manifest: gated, files: code, main: model.main, parameters: resolveParameters(manifest, parameters) });
  const rows = usable.sources.map(() => 0);
  for (const [i, source] of usable.sources.entries()) {
    const { schema, batches } = openSource(deps, source, manifest, envelopes[i] as CheckedFile);
    const count = (read: number) => {
      rows[i] = (rows[i] ?? 0) + read;
    };
    run.table(source.table, schema, counting(batches, count));
  }
  return { table: await run.result(), rows };
};

/** Seals the result to the receiver. What it is, is said by what was sealed here. */
const keepSealed = async (deps: RunDeps, { digest, delivery }: Judged, table: Result) => {
  const to = receiverKey(delivery.key);
  const csv = writeCsv(table.schema, table.batches);
  const sealed = seal(csv, { to, context: resultContext(digest), enc: delivery.cipher });
  return { ...(await deps.results.keep(sealed)), rows: table.rows };
};

/** @throws Refusal enclave.host where the server does not take it whole */
const handOver = async ({ results, write }: RunDeps, { payload }: Outcome): Promise<void> => {
  const { result } = payload as { result: Kept };
  const handed = summed(results.content(result));
  await write(handed.content);
  handed.sum();
};

/** The model's archive: the very bytes that were authorised. */
const openModel = async (deps: RunDeps, { definition }: Task, { owner }: Usable, stored: CheckedFile) => {
  const { archive, envelope } = definition.model;
  const context = modelContext(owner, deps.enclave, archive);
  const plain = envelope ? open(stored.content(), { key: deps.encryptionKey, context }) : stored.content();
  const bytes = concat(...(await Array.fromAsync(plain)));
  if (sha256Hex(bytes) !== archive) throw refuse("enclave.archive", { digest: archive });
  const files = await unpack(bytes);
  const manifest = readManifest(files);
  if (manifest.runner !== RUNNER) throw refuse("enclave.runner", { runner: manifest.runner });
  return { files, manifest };
};

/** The columns that the model names of a source, as batches. */
const openSource = (
  deps: RunDeps,
  { stream, owner, type, table, columns }: UsableSource,
  manifest: Manifest,
  file: CheckedFile,
) => {
  const wanted = manifest.tables[table]?.columns;
  if (!wanted) throw refuse("enclave.structure", { id: stream, difference: `the model has no table ${table}` });
  const schema = columns.map(({ name, type }) => ({ name, type: type as ColumnType }));
  const names = Object.keys(wanted);
  const content = open(file.content(), {
    key: deps.encryptionKey,
    context: sourceContext(owner, deps.enclave, type),
  });
  return { schema: selectFields(schema, names), batches: sourceReader(type).read(content, schema, names) };
};

async function* counting(batches: AsyncIterable<Batch>, count: (rows: number) => void): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    count(batch.rows);
    yield batch;
  }
}
