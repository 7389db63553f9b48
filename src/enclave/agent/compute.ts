/** Opens what a task may use, and hands it to the sandbox: the model's very bytes, the columns that it may read. */
import { randomBytes, sha256Hex } from "#crypto";
import { concat } from "../../base/bytes.ts";
import type { Task } from "../../rules/task.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { modelContext, sourceContext } from "../../trust/envelope/contexts.ts";
import { open } from "../../trust/envelope/envelope.ts";
import { unpack } from "../archive.ts";
import type { Batch, ColumnType, Schema } from "../columns/batch.ts";
import { refuse } from "../errors.ts";
import { selectFields } from "../files/format.ts";
import type { Spend } from "../gate/accountant.ts";
import { openGate } from "../gate/gate.ts";
import { type Manifest, readManifest, resolveParameters, schemaOfColumns } from "../runners/manifest.ts";
import type { Result, Run, Runner } from "../runners/runner.ts";
import { sourceReader } from "../sources.ts";
import type { CheckedFile } from "./checked.ts";
import type { Judged, Usable, UsableSource } from "./judge.ts";

const MiB = 2 ** 20;

export interface ComputeDeps {
  /** Stream id of this enclave. */
  readonly enclave: string;
  readonly encryptionKey: PrivateKey<"X25519">;
  /** By the name that manifests have for them. */
  readonly runners: Readonly<Record<string, Runner>>;
  /** What the machine's operator lets a run use at most: seconds, and bytes of memory and of the result's columns. */
  readonly limits: { readonly seconds: number; readonly memory: number; readonly output: number };
}

/** Files of a run: the model's archive, plain or sealed, then the sources' envelopes in order. */
export const digestsOf = ({ definition: { model, sources } }: Task): string[] => [
  model.envelope ?? model.archive,
  ...sources.map(({ envelope }) => envelope),
];

/** @throws Refusal enclave.runner */
export const runnerOf = ({ runners }: ComputeDeps, { definition: { model } }: Task): Runner => {
  const found = Object.hasOwn(runners, model.runner) ? runners[model.runner] : undefined;
  if (!found) throw refuse("enclave.runner", { runner: model.runner, known: Object.keys(runners).join(", ") });
  return found;
};

/** What the task asks for, within what the machine's operator allows. */
export const limitsOf = ({ limits: most }: ComputeDeps, { definition: { limits } }: Task) => ({
  seconds: Math.min(limits.seconds, most.seconds),
  memory: Math.min(limits.memory * MiB, most.memory),
  output: most.output,
});

/** What a run gave, and what it costs the sources. */
export interface Computed {
  readonly table: Result;
  /** Rows read of each source. */
  readonly rows: readonly number[];
  readonly spends: readonly Spend[];
}

/**
 * Model and tables into the sandbox, and the result through the gate.
 * @param files archive and envelopes, as `digestsOf` names them
 */
export const compute = async (
  deps: ComputeDeps,
  run: Run,
  { task }: Judged,
  usable: Usable,
  files: readonly CheckedFile[],
): Promise<Computed> => {
  const { limits, parameters, model } = task.definition;
  const [archive, ...envelopes] = files as [CheckedFile, ...CheckedFile[]];
  const { manifest, files: code } = await openModel(deps, task, usable, archive);
  // What leaves is never more than the task allows, whatever the model declares.
  const maxRows = Math.min(manifest.result.maxRows, limits.rows);
  const gated = { ...manifest, result: { ...manifest.result, maxRows } };
  const wanted = usable.sources.map((source) => requireReadable(source, manifest));
  const gate = openGate({
    sources: wanted.map(({ structure, reads }, i) => {
      const { stream, policy } = usable.sources[i] as UsableSource;
      return { stream, policy, structure, reads };
    }),
    result: schemaOfColumns(manifest.result.columns),
    noise: manifest.result.noise ?? {},
    random: randomBytes,
  });
  run.load({ manifest: gated, files: code, main: model.main, parameters: resolveParameters(manifest, parameters) });
  const rows = usable.sources.map(() => 0);
  for (const [i, source] of usable.sources.entries()) {
    const { structure, reads } = wanted[i] as Readable;
    const batches = openSource(deps, source, structure, gate.columns(i), envelopes[i] as CheckedFile);
    const count = (read: number) => {
      rows[i] = (rows[i] ?? 0) + read;
    };
    run.table(source.table, selectFields(structure, reads), gate.watch(i, counting(batches, count)));
  }
  const { result, spends } = gate.release(await run.result());
  return { table: result, rows, spends };
};

/** The model's archive: the very bytes that were authorised. */
const openModel = async (deps: ComputeDeps, { definition }: Task, { owner }: Usable, stored: CheckedFile) => {
  const { archive, envelope } = definition.model;
  const context = modelContext(owner, deps.enclave, archive);
  const plain = envelope ? open(stored.content(), { key: deps.encryptionKey, context }) : stored.content();
  const bytes = concat(...(await Array.fromAsync(plain)));
  if (sha256Hex(bytes) !== archive) throw refuse("enclave.archive", { digest: archive });
  const files = await unpack(bytes);
  const manifest = readManifest(files);
  // What started already is what was authorised; the archive does not get to say otherwise.
  if (manifest.runner !== definition.model.runner)
    throw refuse("enclave.manifest", { found: manifest.runner, expected: definition.model.runner });
  return { files, manifest };
};

interface Readable {
  /** All columns of the source, in order. */
  readonly structure: Schema;
  /** Names of those that the model reads. */
  readonly reads: readonly string[];
}

/** What the model reads of a source is what the task lets it read. @throws Refusal enclave.structure, enclave.columns */
const requireReadable = ({ stream, table, columns, allowed }: UsableSource, manifest: Manifest): Readable => {
  const wanted = manifest.tables[table]?.columns;
  if (!wanted) throw refuse("enclave.structure", { id: stream, difference: `the model has no table ${table}` });
  const reads = Object.keys(wanted);
  const barred = reads.find((name) => !allowed.has(name));
  if (barred !== undefined) throw refuse("enclave.columns", { table, column: barred });
  return { structure: columns.map(({ name, type }) => ({ name, type: type as ColumnType })), reads };
};

/** Columns of a source, as batches. @param names of those to read */
const openSource = (
  deps: ComputeDeps,
  { owner, type }: UsableSource,
  structure: Schema,
  names: readonly string[],
  file: CheckedFile,
): AsyncGenerator<Batch> => {
  const context = sourceContext(owner, deps.enclave, type);
  const content = open(file.content(), { key: deps.encryptionKey, context });
  return sourceReader(type).read(content, structure, names);
};

async function* counting(batches: AsyncIterable<Batch>, count: (rows: number) => void): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    count(batch.rows);
    yield batch;
  }
}
