/** Creates a task: whoever creates it names a model and tables by id, and signs what they are at this moment. */
import type { z } from "zod";
import type { Schedule } from "../../rules/schedule.ts";
import { structureDigest } from "../../rules/source.ts";
import type { Limits } from "../../rules/task-definition.ts";
import type { Client } from "../client.ts";
import { requireAsked } from "./asked.ts";
import { refuse } from "./errors.ts";
import { requireOwners } from "./owners.ts";
import { type ExpectedEnclave, type VerifiedEnclave, verifyEnclave } from "./verify-enclave.ts";
import { verifyWorkers } from "./workers.ts";

export interface TaskSource {
  readonly id: string;
  readonly table: string;
  readonly columns?: readonly string[] | undefined;
  /** A grant of the source's owner that covers the task. */
  readonly grant?: string | undefined;
}

export interface NewTask {
  readonly name: string;
  readonly description?: string | undefined;
  /** Stream id. */
  readonly alliance: string;
  /** Stream id of the member that receives the result (结果使用方). */
  readonly receiver: string;
  /** Id (M… or stream). */
  readonly model: string;
  /**
   * One to five, by id (D… or stream), each with the name of the model's table that it fills, and the columns that the
   * model may read of it where these are not all.
   */
  readonly sources: readonly TaskSource[];
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly limits?: z.input<typeof Limits> | undefined;
  readonly start?: "automatic" | "manual" | undefined;
  /**
   * Stream ids of enclaves that may run it beside the alliance's; `all` that are of its kind by default, but none where
   * a grant stands in, which says itself for which enclaves it is.
   */
  readonly workers?: "all" | readonly string[] | undefined;
  /** To run again and again, under one authorisation; once, without. */
  readonly schedule?: Schedule | undefined;
}

type TaskClient = Pick<Client, "alliances" | "enclaves" | "models" | "sources" | "streams" | "tasks">;

type Shown<R extends "models" | "sources"> = Awaited<ReturnType<Client[R]["get"]>>;

/** What the task is about to be made of. */
export interface TaskParts {
  readonly model: Shown<"models">;
  readonly sources: readonly Shown<"sources">[];
  readonly enclave: VerifiedEnclave;
  /** Stream ids of others of its kind. */
  readonly workers?: readonly string[];
}

export interface CreateTaskOptions extends ExpectedEnclave {
  /** Sees everything before it is signed; whatever it throws stops it. */
  review?(parts: TaskParts): void | Promise<void>;
}

/** @throws Refusal task.other, enclave.untrusted and others of `verifyEnclave`, and those of the server */
export const createTask = async (client: TaskClient, task: NewTask, { review, ...expected }: CreateTaskOptions) => {
  const { name, description = "", parameters = {}, limits = {}, start = "automatic", schedule } = task;
  const [alliance, model, sources] = await Promise.all([
    client.alliances.get({ id: task.alliance }),
    client.models.get({ id: task.model }),
    Promise.all(task.sources.map(({ id }) => client.sources.get({ id }))),
  ]);
  requireAsked(task.alliance, alliance);
  requireAsked(task.model, model);
  for (const [i, source] of sources.entries()) {
    requireAsked(task.sources[i]?.id ?? "", source);
    const found = structureDigest(source.columns);
    if (found !== source.structure) throw refuse("source.structure", { found, expected: source.structure });
  }
  const part = <K>(kind: K, { stream, id, creator }: { stream: string; id: string; creator: { id: string } }) => ({
    ...{ kind, stream, id },
    owner: creator.id,
  });
  await requireOwners(client, [part("model" as const, model), ...sources.map((one) => part("source" as const, one))]);
  const enclave = await verifyEnclave(client, alliance.enclave, expected);
  const wanted = task.workers ?? (task.sources.some(({ grant }) => grant !== undefined) ? [] : "all");
  const workers = await verifyWorkers(client, enclave, wanted, expected);
  await review?.({ model, sources, enclave, ...workers });
  return client.tasks.create({
    alliance: alliance.stream,
    type: "ordinary",
    receiver: task.receiver,
    enclave: enclave.id,
    measurement: enclave.measurement,
    ...workers,
    model: {
      stream: model.stream,
      archive: model.archive.digest,
      ...(model.envelope && { envelope: model.envelope.digest }),
      runner: model.runner,
      main: model.main,
    },
    sources: sources.map((source, i) => ({
      stream: source.stream,
      table: task.sources[i]?.table ?? "",
      envelope: source.envelope.digest,
      structure: source.structure,
      ...columnsOf(source, task.sources[i]?.columns),
      ...(task.sources[i]?.grant !== undefined && { grant: task.sources[i].grant }),
    })),
    parameters: { ...parameters },
    limits,
    ...(schedule && { schedule }),
    start,
    detail: { name, description },
  });
};

const columnsOf = ({ columns }: Pick<Shown<"sources">, "columns">, names: readonly string[] | undefined) =>
  names ? { columns: positionsOf(columns, names) } : {};

/** Positions of the columns of these names, in order. @throws Refusal source.column-unknown */
export const positionsOf = (columns: readonly { readonly name: string }[], names: readonly string[]): number[] => {
  const known = columns.map(({ name }) => name);
  const positions = names.map((name) => {
    const position = known.indexOf(name);
    if (position < 0) throw refuse("source.column-unknown", { column: name, columns: known.join(", ") });
    return position;
  });
  return [...new Set(positions)].sort((a, b) => a - b);
};
