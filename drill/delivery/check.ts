/** What the receiver finds: every result whole and once, and none of a task that has not succeeded. */
import { sha256Hex } from "#crypto";
import { fromUtf8 } from "../../src/base/bytes.ts";
import { openResult } from "../../src/sdk/workflows/index.ts";
import { resultContext } from "../../src/trust/envelope/contexts.ts";
import { openBytes } from "../../src/trust/envelope/envelope.ts";
import { keyFromPem } from "../../src/trust/keys.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import type { Trio } from "../../test/support/trio.ts";
import type { Memory, TaskRecord } from "../kill/record.ts";
import { fillersOf } from "./load.ts";
import type { MortalMariadb } from "./mariadb.ts";
import { expected } from "./work.ts";

export const RESULTS = "results";

/** Results that are verified as their receiver would, evidence and all. */
const VERIFIED = 10;
/** What a run may fail with when its source is killed, or when it was begun too often. */
const CLEAN = /^(database\.(lost|unreachable|timeout|tls|protocol|login)|enclave\.attempts)$/;

/** The receiver's table, as anybody could see it at any time. */
export interface Watch {
  /** Looks at it: no result is there in part, and none that was there is gone or another. */
  look(): Promise<void>;
  /** Digests of results, by the task's. */
  readonly seen: ReadonlyMap<string, string>;
}

interface Group {
  readonly task: string;
  readonly rows: number;
  readonly parts: number;
  readonly digest: string;
  readonly digests: number;
}

export const watchTable = (sink: MortalMariadb, { violation }: Memory): Watch => {
  const seen = new Map<string, string>();
  return {
    seen,
    async look() {
      const groups = await sink.query<Group>(
        `select task, cast(count(*) as int) as \`rows\`, max(parts) as parts, min(digest) as digest,
          cast(count(distinct digest, parts) as int) as digests from ${RESULTS} group by task`,
      );
      const there = new Map(groups.map((group) => [group.task, group]));
      for (const { task, rows, parts, digest, digests } of groups) {
        if (rows !== parts || digests !== 1)
          violation(`of the result of ${task}, ${rows} of ${parts} parts were there`);
        const before = seen.get(task);
        if (before !== undefined && before !== digest) violation(`the result of ${task} was replaced by another`);
        seen.set(task, digest);
      }
      for (const task of seen.keys()) if (!there.has(task)) violation(`the result of ${task} was there and is gone`);
    },
  };
};

export interface Checked {
  readonly succeeded: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Results that are in the table, decrypt, and say what they must. */
  readonly delivered: number;
  readonly severalParts: number;
  readonly verified: number;
}

export const check = async (trio: Trio, sink: MortalMariadb, watch: Watch, memory: Memory): Promise<Checked> => {
  await watch.look();
  const failed: Record<string, number> = {};
  const owed = new Set<string>();
  let [delivered, severalParts, verified] = [0, 0, 0];
  for (const task of memory.tasks.filter(({ authorised }) => authorised)) {
    const end = await endOf(trio, task, memory);
    if (!end) continue;
    if (end.code !== undefined) {
      failed[end.code] = (failed[end.code] ?? 0) + 1;
      if (!CLEAN.test(end.code)) memory.violation(`${task.id} failed with ${end.code}`);
      continue;
    }
    owed.add(end.task);
    const found = await checkDelivered(trio, sink, task, end, memory);
    if (!found) continue;
    delivered++;
    if (found.parts > 1) severalParts++;
    if (verified < VERIFIED && (await holds(trio, task, found.sealed, memory))) verified++;
  }
  for (const task of watch.seen.keys())
    if (!owed.has(task)) memory.violation(`there is a result of ${task}, which has not succeeded`);
  return { succeeded: owed.size, failed, delivered, severalParts, verified };
};

interface End {
  /** Digest that was authorised. */
  readonly task: string;
  readonly code?: string;
  readonly result?: { readonly digest: string; readonly size: number };
}

/** The one statement that ends the task. */
const endOf = async ({ institute }: Trio, { id }: TaskRecord, { violation }: Memory): Promise<End | undefined> => {
  const { items } = await institute.client.streams.get({ id, limit: 1_000 });
  const ends = items.filter(({ kind }) => kind === "task.completed" || kind === "task.failed");
  const [end] = ends;
  if (!end || ends.length > 1) {
    violation(`${id} was authorised by all and has ended ${ends.length} times`);
    return undefined;
  }
  const payload = parseStatement(end.statement).statement.payload as Omit<End, "task"> & {
    task?: string;
    receipt?: { task: string };
  };
  return { ...payload, task: payload.receipt?.task ?? payload.task ?? "" };
};

interface Part {
  readonly part: number;
  readonly parts: number;
  readonly digest: string;
  readonly content: Buffer;
}

/** What is in the table for the task is what the receipt names, and the receiver reads in it what the model computed. */
const checkDelivered = async (
  { resultKey }: Trio,
  sink: MortalMariadb,
  record: TaskRecord,
  { task, result }: End,
  { violation }: Memory,
): Promise<{ sealed: Uint8Array; parts: number } | undefined> => {
  const { id, round } = record;
  const sql = `select part, parts, digest, content from ${RESULTS} where task = ? order by part`;
  const parts = await sink.query<Part>(sql, [task]);
  if (parts.length === 0) {
    violation(`${id} has succeeded, and its result is not in the receiver's table`);
    return undefined;
  }
  const whole = parts.every(({ part, parts: all, digest }, i) => {
    return part === i && all === parts.length && digest === result?.digest;
  });
  const sealed = Buffer.concat(parts.map(({ content }) => content));
  if (!whole || sealed.length !== result?.size || sha256Hex(sealed) !== result.digest) {
    violation(`what was delivered for ${id} is not what its receipt names`);
    return undefined;
  }
  try {
    const key = keyFromPem(resultKey.privatePem, { accept: ["P-256"] });
    const csv = fromUtf8(await openBytes(sealed, { key, context: resultContext(task) }));
    if (csv === expected(round, fillersOf(record))) return { sealed, parts: parts.length };
    violation(`the result of ${id} is not its own: ${csv.slice(0, 100)}`);
  } catch (error) {
    violation(`the result of ${id} cannot be opened: ${String(error)}`);
  }
  return undefined;
};

/** As the receiver opens it: not before the evidence has proved it. */
const holds = async (
  { institute, resultKey }: Trio,
  { id }: TaskRecord,
  sealed: Uint8Array,
  { violation }: Memory,
): Promise<boolean> => {
  try {
    await openResult(institute.client, id, resultKey.privatePem, { sealed });
    return true;
  } catch (error) {
    violation(`the evidence of ${id} does not hold: ${String(error)}`);
    return false;
  }
};
