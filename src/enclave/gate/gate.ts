/**
 * The output gate: what leaves the enclave is held to the policies of all sources it was made from, whatever code made
 * it. It counts the sources' groups while they stream into the sandbox, judges the result whole, and adds the noise.
 * A result passes or is refused; nothing is dropped from it in silence. docs/protocols/gate.md.
 */
import type { Policy } from "../../rules/policy.ts";
import { lastPosition } from "../../rules/policy.ts";
import type { Batch, Schema } from "../columns/batch.ts";
import type { Result } from "../runners/runner.ts";
import type { Amounts, Spend } from "./accountant.ts";
import type { NoiseByColumn } from "./declaration.ts";
import { isBounded } from "./declaration.ts";
import type { RandomBytes } from "./discrete-laplace.ts";
import { refuse } from "./errors.ts";
import { createGroupCounter, type GroupCounter, requireGroups } from "./group-rule.ts";
import type { Room } from "./groups.ts";
import type { HashKey } from "./hash.ts";
import { comparable } from "./keys.ts";
import { createNoiser, type Noiser } from "./noise.ts";

/** Keys that are counted at a time, over all sources of a run. */
const ROOM: Room = { groups: 1_000_000, words: 16 << 20 };

export interface GateSource {
  readonly stream: string;
  /** None: the owner asks for nothing. */
  readonly policy: Policy | undefined;
  /** All columns of the source, in order: what the policy's positions mean. */
  readonly structure: Schema;
  /** Names of the columns that the model reads. */
  readonly reads: readonly string[];
}

export interface GateOptions {
  /** In the order of the task. */
  readonly sources: readonly GateSource[];
  /** The declared result. */
  readonly result: Schema;
  /** The manifest's `result.noise`. */
  readonly noise: NoiseByColumn;
  readonly random: RandomBytes;
  readonly room?: Room;
}

export interface Gate {
  /** Names of the columns to read of the source: those of the model and, maybe, one that the gate alone looks at. */
  columns(source: number): string[];
  /**
   * Counts rows as they pass to the model, which gets its own columns only. A model that stops reading early makes the
   * counts smaller, and the gate stricter. To be called once for each source.
   * @throws Refusal gate.groups as it is read
   */
  watch(source: number, batches: AsyncIterable<Batch>): AsyncIterable<Batch>;
  /** The result as it may leave, and what it costs: to be spent, durably, before it does. @throws Refusal gate.* */
  release(result: Result): { readonly result: Result; readonly spends: Spend[] };
  /** What a run without a result costs: a failure too tells something. */
  readonly failure: Spend[];
}

/**
 * Refuses what can be known before a row is read.
 * @throws Refusal gate.policy, gate.values, gate.noise, gate.noise-declared
 */
export const openGate = ({ sources, result, noise, random, room = ROOM }: GateOptions): Gate => {
  const noiser = createNoiser(result, noise, random);
  const hashKey = hashKeyOf(random);
  const left = { ...room };
  const counters = sources.map((source): GroupCounter | undefined => {
    const { stream, policy, structure } = source;
    requirePositions(source);
    const keys = keysOf(source, result, noiser);
    return (
      policy?.minGroup && createGroupCounter({ stream, rule: policy.minGroup, structure, keys, hashKey, room: left })
    );
  });
  const ruled = counters.filter((counter) => counter !== undefined);
  for (const [i, source] of sources.entries())
    requireValues(source, result, new Set(counters[i]?.keys ?? []), noiser, noise);

  const spends = (amounts: Amounts): Spend[] =>
    sources.flatMap(({ stream, policy }) => (policy ? [{ source: stream, amounts, budget: policy.budget }] : []));

  return {
    columns(i) {
      const { policy, structure, reads } = sources[i] as GateSource;
      const counted = structure[policy?.minGroup?.distinct ?? -1]?.name;
      return counted === undefined || reads.includes(counted) ? [...reads] : [...reads, counted];
    },
    watch(i, batches) {
      const counter = counters[i];
      return counter ? counting(counter, batches, (sources[i] as GateSource).reads) : batches;
    },
    release(made) {
      const { rows } = made;
      for (const { stream, policy } of sources) {
        const limit = policy?.maxRows ?? Number.POSITIVE_INFINITY;
        if (rows > limit) throw refuse("gate.rows", { limit, source: stream });
        if (policy?.values === "bounded" && rows !== 1) throw refuse("gate.bounded", { source: stream });
      }
      requireGroups(ruled, made.batches);
      const epsilon = noiser.cost(rows);
      return { result: { ...made, batches: made.batches.map(noiser.add) }, spends: spends({ runs: 1, rows, epsilon }) };
    },
    failure: spends({ runs: 1, rows: 0, epsilon: 0 }),
  };
};

const hashKeyOf = (random: RandomBytes): HashKey => {
  const { buffer, byteOffset } = random(8);
  const view = new DataView(buffer, byteOffset);
  return [view.getInt32(0), view.getInt32(4)];
};

const requirePositions = ({ stream, policy, structure }: GateSource): void => {
  const position = policy ? lastPosition(policy) : -1;
  if (position >= structure.length)
    throw refuse("gate.policy", { source: stream, position, columns: structure.length });
};

/** Columns of the result by which the source may be grouped: with its name and type, read by the model, without noise. */
const keysOf = ({ policy, structure, reads }: GateSource, result: Schema, noiser: Noiser): string[] => {
  const allowed = (policy?.minGroup?.columns ?? []).map((position) => structure[position]);
  const isKey = (field: Schema[number]) =>
    allowed.some((one) => one?.name === field.name && comparable(one.type, field.type)) &&
    reads.includes(field.name) &&
    !noiser.covers(field.name);
  return result.filter(isKey).map(({ name }) => name);
};

const NUMBERS = new Set(["bool", "i32", "i64", "f64"]);

/** @param grouped columns that the source's own group rule vouches for */
const requireValues = (
  { stream, policy }: GateSource,
  result: Schema,
  grouped: ReadonlySet<string>,
  noiser: Noiser,
  noise: NoiseByColumn,
): void => {
  const rule = policy?.values;
  if (!rule) return;
  for (const { name, type } of result) {
    if (grouped.has(name) && rule !== "bounded") continue;
    if (!NUMBERS.has(type)) throw refuse("gate.values", { column: name, type, source: stream });
    if (rule === "numbers") continue;
    const declared = noiser.covers(name) ? noise[name] : undefined;
    if (!declared || (rule === "bounded" && !isBounded(declared)))
      throw refuse("gate.noise", { column: name, source: stream, rule });
  }
};

async function* counting(
  counter: GroupCounter,
  batches: AsyncIterable<Batch>,
  reads: readonly string[],
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    counter.count(batch);
    yield { rows: batch.rows, columns: batch.columns.filter(({ name }) => reads.includes(name)) };
  }
}
