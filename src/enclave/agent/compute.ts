/** Opens what a task may use, and hands it to the sandbox: the model's very bytes, the columns that it may read. */
import { randomBytes, sha256Hex } from "#crypto";
import { concat } from "../../base/bytes.ts";
import type { Task } from "../../rules/task-state.ts";
import { modelContext, sourceContext } from "../../trust/envelope/contexts.ts";
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
import { spoolTable } from "./spool.ts";
import { type Unsealing, unseal } from "./unsealing.ts";

const MiB = 2 ** 20;

export interface ComputeDeps extends Unsealing {
  /** By the name that manifests have for them. */
  readonly runners: Readonly<Record<string, Runner>>;
  /** What the machine's operator lets a run use at most: seconds, and bytes of memory and of the result's columns. */
  readonly limits: { readonly seconds: number; readonly memory: number; readonly output: number };
  /** For tables that do not fit into memory. */
  readonly directory: string;
  /** Ends the reading of tables. */
  readonly signal?: AbortSignal | undefined;
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
  const tables = await openTables(deps, usable, envelopes, wanted, (i) => gate.columns(i));
  try {
    // The model has none of them before the last connection is closed.
    run.load({ manifest: gated, files: code, main: model.main, parameters: resolveParameters(manifest, parameters) });
    for (const [i, { table }] of usable.sources.entries()) {
      const { structure, reads } = wanted[i] as Readable;
      run.table(table, selectFields(structure, reads), gate.watch(i, (tables[i] as OpenTable).batches()));
    }
    const { result, spends } = gate.release(await run.result());
    return { table: result, rows: tables.map((table) => table.rows()), spends };
  } finally {
    for (const table of tables) await table.close();
  }
};

/** The model's archive: the very bytes that were authorised. */
export const openModel = async (deps: ComputeDeps, { definition }: Task, { owner }: Usable, stored: CheckedFile) => {
  const { archive, envelope } = definition.model;
  const context = (enclave: string) => modelContext(owner, enclave, archive);
  const { content } = stored;
  const plain = envelope ? unseal(deps, { digest: envelope, content, context }) : content();
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
export const requireReadable = ({ stream, table, columns, allowed }: UsableSource, manifest: Manifest): Readable => {
  const wanted = manifest.tables[table]?.columns;
  if (!wanted) throw refuse("enclave.structure", { id: stream, difference: `the model has no table ${table}` });
  const reads = Object.keys(wanted);
  const barred = reads.find((name) => !allowed.has(name));
  if (barred !== undefined) throw refuse("enclave.columns", { table, column: barred });
  return { structure: columns.map(({ name, type }) => ({ name, type: type as ColumnType })), reads };
};

interface OpenTable {
  batches(): AsyncIterable<Batch>;
  /** All of a table that came over a network; of a file those that the model took. */
  rows(): number;
  close(): Promise<void>;
}

/** Files as the model takes them; what comes over a network whole. @param names of the columns to read of each */
const openTables = async (
  deps: ComputeDeps,
  { sources }: Usable,
  envelopes: readonly CheckedFile[],
  wanted: readonly Readable[],
  names: (source: number) => readonly string[],
): Promise<OpenTable[]> => {
  const { directory, signal } = deps;
  const opened = await Promise.allSettled(
    sources.map(async ({ owner, type, envelope: digest }, i): Promise<OpenTable> => {
      const reader = sourceReader(type);
      const context = (enclave: string) => sourceContext(owner, enclave, type);
      const content = unseal(deps, { digest, content: (envelopes[i] as CheckedFile).content, context });
      const batches = reader.read(content, (wanted[i] as Readable).structure, names(i), signal);
      if (!reader.remote) return lazily(batches);
      const spool = await spoolTable(batches, directory);
      return { batches: spool.batches, rows: () => spool.rows, close: spool.drop };
    }),
  );
  const tables = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failure = opened.find((one) => one.status === "rejected");
  if (!failure) return tables;
  for (const table of tables) await table.close();
  throw signal?.aborted ? signal.reason : failure.reason;
};

const lazily = (batches: AsyncIterable<Batch>): OpenTable => {
  let rows = 0;
  return {
    async *batches() {
      for await (const batch of batches) {
        rows += batch.rows;
        yield batch;
      }
    },
    rows: () => rows,
    close: async () => undefined,
  };
};
