/**
 * 试运行: the model of a task on rows that are made up from what its sources say of their columns, the same ones each
 * time: so a dry run tells what the model is, and asking again tells no more. Of models whose code is open alone: what
 * a sealed one does is its owner's to show.
 */
import { concat, fromUtf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { type DryRun, signDryRun } from "../../rules/dry-run.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import type { ColumnType } from "../columns/batch.ts";
import { refuse } from "../errors.ts";
import { writeCsv } from "../files/csv-write.ts";
import { type Manifest, resolveParameters } from "../runners/manifest.ts";
import type { Result } from "../runners/runner.ts";
import type { DescribedField } from "../synthesis/meanings.ts";
import { joinedColumns, synthesise } from "../synthesis/synthesise.ts";
import { takeFile } from "./checked.ts";
import { type ComputeDeps, limitsOf, openModel, requireReadable, runnerOf } from "./compute.ts";
import { type JudgeDeps, lookAt, type RunRequest, requireUsable, type UsableSource } from "./judge.ts";
import type { Questions } from "./questions.ts";

/** Rows of each table. */
const ROWS = 1_000;
/** Seconds that a model may take. */
const SECONDS = 30;
const MAX_CSV = 64 << 10;

export interface DryRunDeps extends JudgeDeps, ComputeDeps {
  readonly signingKey: PrivateKey<"P-256">;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly questions: Questions;
}

/** @throws Refusal enclave.task.state, enclave.withdrawn, enclave.file, enclave.busy, enclave.slow */
export const dryRun = async (deps: DryRunDeps, request: RunRequest): Promise<DryRun & { readonly answer: string }> => {
  const looked = lookAt(deps, request);
  const { task, stream } = looked;
  if (task.definition.model.envelope) throw refuse("enclave.sealed-model");
  const usable = requireUsable(looked, request.details);
  const run = await deps.questions(`dry run ${task.creator}`, () => runOnce(deps, { task, ...usable }));
  return { ...run, answer: signDryRun(stream, task.definition, run, deps.signingKey) };
};

type Usable = ReturnType<typeof requireUsable> & { readonly task: ReturnType<typeof lookAt>["task"] };

const runOnce = async (deps: DryRunDeps, { task, owner, sources }: Usable): Promise<DryRun> => {
  const { definition } = task;
  const { archive, main } = definition.model;
  const stored = await takeFile(deps.read(archive), archive, deps);
  const run = await runnerOf(deps, task).start({ ...limitsOf(deps, task), seconds: SECONDS });
  try {
    const { manifest, files } = await openModel(deps, task, { owner, sources }, stored);
    const tables = sources.map((source) => ({ name: source.table, fields: fieldsOf(source, manifest) }));
    const keys = joinedColumns(tables.map(({ fields }) => fields));
    run.load({ manifest, files, main, parameters: resolveParameters(manifest, definition.parameters) });
    for (const { name, fields } of tables)
      run.table(name, fields, synthesise(fields, { rows: ROWS, seed: archive, table: name, keys }));
    return await shown(await run.result());
  } catch (error) {
    if (!(error instanceof Refusal) || !/^(model|source|enclave\.(columns|structure|manifest))/.test(error.code))
      throw error;
    return { failure: { code: error.code, reason: error.message }, csv: "", rows: 0, log: "", made: ROWS };
  } finally {
    await run.stop();
    await stored.drop();
  }
};

/** Columns that the model reads, with what their owner says of them. */
const fieldsOf = (source: UsableSource, manifest: Manifest): DescribedField[] => {
  const { reads } = requireReadable(source, manifest);
  return source.columns
    .filter(({ name }) => reads.includes(name))
    .map(({ name, type, description }) => ({ name, type: type as ColumnType, description }));
};

const shown = async ({ schema, batches, rows, log }: Result): Promise<DryRun> => {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of writeCsv(schema, batches)) {
    pieces.push(piece);
    size += piece.length;
    if (size > MAX_CSV) break;
  }
  return { failure: null, csv: cut(concat(...pieces)), rows, log, made: ROWS };
};

/** Whole lines of at most so many bytes. */
const cut = (csv: Uint8Array): string => {
  if (csv.length <= MAX_CSV) return fromUtf8(csv);
  const end = csv.subarray(0, MAX_CSV).lastIndexOf(0x0a);
  return fromUtf8(csv.subarray(0, end + 1));
};
