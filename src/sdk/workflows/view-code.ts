/**
 * The code that a task runs, for whoever is to authorise it: its files, and what changed since the version that the same
 * member agreed to last. All of it is computed here, from the archives whose digests the statements name.
 */
import { sha256Hex } from "#crypto";
import { equal, fromUtf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { type Model, published, revised } from "../../rules/model.ts";
import type { Client } from "../client.ts";
import { diffOf, type Files, pathsOf, textOf } from "../compare-files.ts";
import { refuse as refuseServer } from "../errors.ts";
import { readStatements, replayStream } from "../replay-streams.ts";
import { readArchive, unpackArchive } from "../unpack.ts";
import { type Approved, requireApproved, requireSigned, taskFounded } from "./approved.ts";
import { requireAsked } from "./asked.ts";
import { refuse } from "./errors.ts";

export type { Approved } from "./approved.ts";

export interface CodeFile {
  readonly path: string;
  /** Bytes and SHA-256 (hex); null for a file that is no longer there. */
  readonly size: number | null;
  readonly digest: string | null;
  /** SHA-256 of what was approved; null where it was not there, or there is nothing to compare with. */
  readonly before: string | null;
  /** Null where there is nothing to compare with. */
  readonly change: "added" | "removed" | "changed" | "same" | null;
  /** Null where it is no text, or too long to be shown. As its author wrote it: make control characters harmless. */
  readonly text: string | null;
  /** `diff -u`, where it changed. */
  readonly diff: string | null;
}

/**
 * How it compares with what was approved: `nothing` was; `same`: it is that very archive; `changed`: `files` say how;
 * `unseen`: it is another, and one of them is sealed, no longer kept or can't be read, so nobody but their author knows.
 */
export type Compared = "nothing" | "same" | "changed" | "unseen";

export interface CodeView {
  /** Number of the task. */
  readonly id: string;
  /** Stream of the model. */
  readonly model: string;
  readonly runner: string;
  readonly main: string;
  readonly archive: { readonly digest: string; readonly size: number };
  /** Its author published the code. Without that there are no files: only the enclave opens the archive. */
  readonly open: boolean;
  /** What the member agreed to last of the same model, so far as the server shows it. */
  readonly approved: Approved | null;
  readonly compared: Compared;
  readonly files: readonly CodeFile[];
  /** `entente.json`, as JSON: now, and as it was approved. Null where it is not there. */
  readonly manifest: { readonly now: unknown; readonly before: unknown };
}

export interface ViewOptions {
  /** Stream id of the member that decides. */
  readonly me: string;
  /** Whether to compute what changed line by line. */
  readonly diffs?: boolean;
}

/** A text of more bytes is not shown. */
const TEXT_MAX = 2 ** 20;
/** Bytes, before and after, that are compared line by line: more would let an author keep its reader waiting. */
const DIFFS_MAX = 4 * 2 ** 20;

type CodeClient = Pick<Client, "tasks" | "models" | "streams">;

/**
 * @param id of the task
 * @throws Refusal server.history, task.other, code.archive, code.approved, archive.*, and those of the server
 */
export const viewCode = async (
  client: CodeClient,
  id: string,
  { me, diffs = true }: ViewOptions,
): Promise<CodeView> => {
  const shown = await client.tasks.code({ id });
  requireAsked(id, shown);
  const task = await taskOf(client, id, shown.stream);
  const { stream, archive, envelope, runner, main } = task.model;
  const versions = await versionsOf(client, stream);
  const version = versions.find((one) => one.archive.digest === archive && one.envelope?.digest === envelope);
  if (!version) throw refuseServer("server.history", { id: stream, reason: `it has no version ${archive}` });
  const approved =
    shown.approved && (await requireApproved(client, shown.approved, { me, model: stream, task: shown.stream }));
  const open = envelope === undefined;
  const now = open ? await readFiles(client, stream, archive) : undefined;
  const before = now && (await approvedFiles(client, versions, { stream, archive, now, approved }));
  return {
    ...{ id: task.id, model: stream, runner, main, archive: version.archive, open, approved },
    compared: comparedWith(approved, archive, before),
    files: now ? filesOf(now, before, diffs) : [],
    manifest: { now: manifestOf(now), before: manifestOf(before) },
  };
};

/** What the task's creator signed that it runs. @throws Refusal server.history, task.other, statement.*, certificate.* */
const taskOf = async (client: CodeClient, id: string, stream: string) => {
  const statements = await readStatements(client, stream);
  const [founding] = statements;
  const task = taskFounded(statements, stream);
  if (!founding || !task) throw refuseServer("server.history", { id, reason: "it does not begin as that task" });
  requireAsked(id, { id: task.id, stream });
  await requireSigned(client, founding, founding.signed.statement.by);
  return task;
};

type Signed = Pick<Model, "archive" | "envelope" | "version" | "runner" | "main" | "description" | "enclave">;
export interface ModelRelease extends Signed {
  /** Ledger's time, milliseconds. */
  readonly at: number;
  /** Digest of the statement. */
  readonly digest: string;
}

/** Every version that the model's owner has signed, the first one first; every signature verified here. */
export const versionsOf = async (client: Pick<Client, "streams">, stream: string): Promise<ModelRelease[]> => {
  const { statements } = await replayStream(client, stream);
  return statements.flatMap(({ time, signed: { statement, digest } }) =>
    [published.name, revised.name].includes(statement.kind)
      ? [{ ...(statement.payload as Signed), at: time, digest }]
      : [],
  );
};

/** The files of one version, as far as its author published the code. @throws Refusal code.archive, archive.*, blob.unknown */
export const readFiles = async (
  { models }: Pick<Client, "models">,
  model: string,
  expected: string,
): Promise<Files> => {
  const { stream } = await models.archive({ id: model, digest: expected });
  const archive = await readArchive(stream);
  const found = sha256Hex(archive);
  if (found !== expected) throw refuse("code.archive", { found, expected });
  return unpackArchive(archive);
};

/** Undefined where nothing was approved, or what was can't be seen. */
const approvedFiles = async (
  client: CodeClient,
  versions: readonly Signed[],
  of: { stream: string; archive: string; now: Files; approved: Approved | null },
): Promise<Files | undefined> => {
  if (!of.approved) return undefined;
  const { archive } = of.approved;
  if (archive === of.archive) return of.now;
  if (!versions.some((one) => one.archive.digest === archive && !one.envelope)) return undefined;
  try {
    return await readFiles(client, of.stream, archive);
  } catch (error) {
    // It is gone, or it was never one that can be read; a server that gives another lies.
    if (error instanceof Refusal && /^(blob\.unknown|archive\..+)$/.test(error.code)) return undefined;
    throw error;
  }
};

const comparedWith = (approved: Approved | null, archive: string, before: Files | undefined): Compared => {
  if (!approved) return "nothing";
  if (approved.archive === archive) return "same";
  return before ? "changed" : "unseen";
};

const filesOf = (now: Files, before: Files | undefined, diffs: boolean): CodeFile[] => {
  let left = diffs ? DIFFS_MAX : 0;
  return pathsOf(now, before ?? new Map()).map((path) => {
    const [b, a] = [now.get(path), before?.get(path)];
    const change = before ? changeOf(a, b) : null;
    const differs = change !== null && change !== "same";
    if (differs) left -= (a?.length ?? 0) + (b?.length ?? 0);
    return {
      path,
      size: b?.length ?? null,
      digest: b ? sha256Hex(b) : null,
      before: a ? sha256Hex(a) : null,
      change,
      text: b && b.length <= TEXT_MAX ? (textOf(b) ?? null) : null,
      diff: differs && diffs && left >= 0 ? diffOf(path, a, b) : null,
    };
  });
};

const changeOf = (a?: Uint8Array, b?: Uint8Array): NonNullable<CodeFile["change"]> => {
  if (!a) return "added";
  if (!b) return "removed";
  return equal(a, b) ? "same" : "changed";
};

/** As the enclave reads it; what it makes of another shape is its to say. */
const manifestOf = (files: Files | undefined): unknown => {
  const bytes = files?.get("entente.json");
  if (!bytes) return null;
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return null;
  }
};
