/**
 * Runs an authorised task: judges it, opens what it may, runs the model in a sandbox, seals the result to the
 * receiver, and says what it did in a signed receipt. Nothing here believes the server.
 */
import { sha256Hex } from "#crypto";
import { concat } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { iso } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import { ARCHIVE_MAX, model as modelBook } from "../../rules/model.ts";
import { type Column, SourceDetail, source as sourceBook, structureDigest } from "../../rules/source.ts";
import { type Task, task as taskBook } from "../../rules/task.ts";
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
import type { Run, Runner } from "../runners/runner.ts";
import { type CheckedFile, summed, takeFile } from "./checked.ts";
import type { Followed, Follower } from "./follower.ts";
import { replay } from "./replay.ts";

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
  /** Makes durable that the task (by its digest) was begun once more; false when it was begun too often. */
  readonly begin: (task: string) => Promise<boolean>;
  /** Has `stop` called when the task (by its stream) is to run no longer; the returned function ends that. */
  readonly watch: (task: string, stop: () => void) => () => void;
}

export interface RunRequest {
  readonly task: string;
  readonly statements: readonly PlacedStatement[];
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the server did or left undone: nothing is signed about it, and the run is made again. */
const HOST_FAULTS = new Set(["enclave.host", "enclave.file"]);
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
  const started = deps.clock.now();
  const judged = judge(deps, request);
  const sign = (kind: string, payload: object) =>
    signStatementWith(
      { kind, stream: request.task, seen: judged.head, by: deps.enclave, at: iso(deps.clock.now()), payload },
      deps.signingKey,
    );
  // The sandbox starts, empty, while what must be durable before anything is opened is written.
  const sandbox = deps.runner.start(limitsOf(deps, judged.task));
  sandbox.catch(() => undefined);
  try {
    if (!(await deps.begin(judged.digest))) throw refuse("enclave.attempts");
    const usable = requireUsable(judged, request.details);
    const { result, rows } = await compute(deps, { run: await sandbox, stream: request.task }, judged, usable);
    const receipt: Receipt = {
      task: judged.digest,
      measurement: deps.measurement,
      isolation: deps.runner.isolation,
      model: judged.task.definition.model.archive,
      sources: usable.sources.map(({ stream, envelope }, i) => ({ stream, envelope, rows: rows[i] ?? 0 })),
      checkpoint: judged.checkpoint,
      heads: judged.heads,
      started: iso(started),
      finished: iso(deps.clock.now()),
    };
    return sign("task.completed", { receipt, result });
  } catch (error) {
    if (isMachines(error)) throw error;
    return sign("task.failed", { task: judged.digest, code: failureCode(error) });
  } finally {
    await sandbox.then(
      (run) => run.stop(),
      () => undefined,
    );
  }
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
const judge = ({ follower, enclave, measurement }: RunDeps, { task: id, statements }: RunRequest): Judged => {
  follower.requireCurrent();
  const { world, heads } = replay(statements, follower);
  const stream = streamOf(world, taskBook, id);
  const task = stream?.state;
  if (!stream || task?.state !== "running" || !task.delivery)
    throw refuse("enclave.task.state", { state: task?.state ?? "unknown" });
  const { definition, delivery } = task;
  if (definition.enclave !== enclave || definition.measurement !== measurement)
    throw refuse("enclave.task.enclave", { expected: definition.enclave });
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
    const { columns } = SourceDetail.parse(detail);
    if (structureDigest(columns) !== structure)
      throw refuse("enclave.structure", { id: state.id, difference: "its description is another" });
    return { stream, owner: state.owner, type: state.type, table, envelope, columns };
  });
  return { owner: model.owner, sources };
};
type Usable = ReturnType<typeof requireUsable>;

/** Sandbox, model and tables at once; then the seal and the delivery. */
const compute = async (
  deps: RunDeps,
  { run, stream }: { run: Run; stream: string },
  { task, digest, delivery }: Judged,
  usable: Usable,
) => {
  const { limits, parameters, model } = task.definition;
  const files: CheckedFile[] = [];
  const unwatch = deps.watch(stream, () => void run.stop());
  try {
    for (const { envelope } of usable.sources) files.push(await takeFile(deps.read(envelope), envelope, deps));
    const { manifest, files: code } = await openModel(deps, task, usable);
    // The gate: what leaves is never more than the task allows, whatever the model declares.
    const maxRows = Math.min(manifest.result.maxRows, limits.rows);
    const gated = { ...manifest, result: { ...manifest.result, maxRows } };
    run.load({ manifest: gated, files: code, main: model.main, parameters: resolveParameters(manifest, parameters) });
    const rows = usable.sources.map(() => 0);
    for (const [i, source] of usable.sources.entries()) {
      const { schema, batches } = openSource(deps, source, manifest, files[i] as CheckedFile);
      const count = (read: number) => {
        rows[i] = (rows[i] ?? 0) + read;
      };
      run.table(source.table, schema, counting(batches, count));
    }
    const table = await run.result();
    const to = receiverKey(delivery.key);
    const csv = writeCsv(table.schema, table.batches);
    const sealed = summed(seal(csv, { to, context: resultContext(digest), enc: delivery.cipher }));
    await deps.write(sealed.content);
    return { result: { ...sealed.sum(), rows: table.rows }, rows };
  } finally {
    unwatch();
    for (const file of files) await file.drop();
  }
};

/** The model's archive, plain or sealed: the very bytes that were authorised. */
const openModel = async (deps: RunDeps, { definition }: Task, { owner }: Usable) => {
  const { archive, envelope } = definition.model;
  const { directory } = deps;
  const digest = envelope ?? archive;
  const stored = await takeFile(deps.read(digest), digest, { directory, max: 2 * ARCHIVE_MAX });
  try {
    const context = modelContext(owner, deps.enclave, archive);
    const plain = envelope ? open(stored.content(), { key: deps.encryptionKey, context }) : stored.content();
    const bytes = concat(...(await Array.fromAsync(plain)));
    if (sha256Hex(bytes) !== archive) throw refuse("enclave.archive", { digest: archive });
    const files = await unpack(bytes);
    const manifest = readManifest(files);
    if (manifest.runner !== RUNNER) throw refuse("enclave.runner", { runner: manifest.runner });
    return { files, manifest };
  } finally {
    await stored.drop();
  }
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
