/**
 * A grant: a data provider's consent in advance, to tasks of one shape. Whoever names it in a task needs no further
 * word of the provider; rulebook and enclave see to it that the task is of that shape, and the enclave that it is not
 * used more often than was said.
 */
import { z } from "zod";
import { sha256Hex } from "#crypto";
import { publicKeyFromPem } from "../trust/keys.ts";
import { Columns, Digest, StreamId, StreamIds } from "./shapes.ts";
import { type Definition, type Delivery, MAX_WORKERS } from "./task-definition.ts";

const YEAR = 366 * 86_400_000;

export const GrantTerms = z.strictObject({
  /** Who may create such tasks. */
  member: StreamId,
  /** Who receives their results. */
  receiver: StreamId,
  /** SHA-256 of the only key (SubjectPublicKeyInfo) that results may be sealed to; any of the receiver's, without. */
  key: Digest.optional(),
  /** The model, by its stream: what its owner has not published there the grant is not for. */
  model: StreamId,
  /** Its very archive: another version needs another grant. */
  archive: Digest,
  /** Its main function, and the model's table that the source fills. */
  main: z.string().max(64),
  table: z.string().max(64),
  /** Other sources (by stream) that such a task may have; none but this one, without. */
  with: z.array(StreamId).max(4).optional(),
  /** Enclaves that such a task may run in beside the one that the source is sealed to; none, without. */
  workers: StreamIds.max(MAX_WORKERS).optional(),
  /** Positions in the source's structure that the model may read; all, without. */
  columns: Columns.optional(),
  /** Parameters that the task has to have, exactly; any, without. */
  parameters: z.record(z.string().max(64), z.union([z.string().max(1_024), z.number(), z.boolean()])).optional(),
  /** Rows of a result at most. */
  rows: z.int().min(1).max(10_000_000),
  /** How many tasks may run on it. */
  runs: z.int().min(1).max(1_000_000),
  /** Until when, ISO 8601; at most a year ahead. */
  expires: z.iso.datetime(),
});
export type GrantTerms = z.output<typeof GrantTerms>;

export interface Grant extends GrantTerms {
  readonly withdrawn: boolean;
}

/** @param time the ledger's, milliseconds */
export const fitsAYear = ({ expires }: GrantTerms, time: number): boolean =>
  Date.parse(expires) > time && Date.parse(expires) <= time + YEAR;

/**
 * Why a task is not of the grant's shape; undefined where it is.
 * @param time the ledger's, or the later one of the enclave's and the ledger's; milliseconds
 */
export const beyondGrant = (
  grant: Grant | undefined,
  { creator, task, source }: { creator: string; task: Definition; source: Definition["sources"][number] },
  time: number,
): string | undefined => {
  if (!grant) return "it is not there";
  const { columns } = source;
  const allowed = grant.columns;
  const doubts: [boolean, string][] = [
    [grant.withdrawn, "it was withdrawn"],
    [time > Date.parse(grant.expires), "it has run out"],
    [grant.member !== creator, "it is another member's"],
    [grant.receiver !== task.receiver, "the receiver is another"],
    [grant.model !== task.model.stream || grant.main !== task.model.main, "the model is another"],
    [grant.archive !== task.model.archive, "the model has another version"],
    [grant.table !== source.table, "the table is another"],
    [
      !task.sources.every(({ stream }) => stream === source.stream || grant.with?.includes(stream)),
      "it is for other sources",
    ],
    [!(task.workers ?? []).every((worker) => grant.workers?.includes(worker)), "it is for other enclaves"],
    [task.limits.rows > grant.rows, `it is for ${grant.rows} rows`],
    [allowed !== undefined && !columns?.every((column) => allowed.includes(column)), "it is for other columns"],
    [grant.parameters !== undefined && !sameParameters(grant.parameters, task.parameters), "parameters are others"],
  ];
  return doubts.find(([doubt]) => doubt)?.[1];
};

const sameParameters = (some: GrantTerms["parameters"] = {}, others: Definition["parameters"]): boolean => {
  const names = Object.keys(some);
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name]);
};

/** Whether results may be sealed to the key of this delivery. */
export const takesKey = ({ key }: Grant, delivery: Delivery): boolean =>
  key === undefined || sha256Hex(publicKeyFromPem(delivery.key).spki) === key;
