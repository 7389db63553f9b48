/** One source's group rule over one result: counts while the source is read, judges rows when the result is there. */
import type { GroupRule } from "../../rules/policy.ts";
import type { Batch, Schema } from "../columns/batch.ts";
import { refuse } from "./errors.ts";
import { createGroups, type Room } from "./groups.ts";
import type { HashKey } from "./hash.ts";
import { createKeyWriter } from "./keys.ts";

export interface GroupRuleDeps {
  /** Stream of the source. */
  readonly stream: string;
  readonly rule: GroupRule;
  /** The source's structure, in which the rule's positions are. */
  readonly structure: Schema;
  /** Columns that source and result have in common and by which it may be grouped, in the result's order. */
  readonly keys: readonly string[];
  readonly hashKey: HashKey;
  readonly room: Room;
}

export interface GroupCounter {
  readonly stream: string;
  readonly size: number;
  readonly keys: readonly string[];
  /** Counts rows of the source. @throws Refusal gate.groups */
  count(batch: Batch): void;
  /** Begins with a batch of the result. */
  judge(batch: Batch): void;
  /** Where the group of the result's row is; -1 where the source has none. */
  find(row: number): number;
  /** Rows or, with `distinct`, different values there, up to `size`. */
  countAt(at: number): number;
  /** That a row of the result is about the group. @throws Refusal gate.group-repeated when one was before */
  claim(at: number): void;
}

export const createGroupCounter = ({ stream, rule, structure, keys, hashKey, room }: GroupRuleDeps): GroupCounter => {
  const { size } = rule;
  const groups = createGroups(hashKey, room);
  const writer = createKeyWriter();
  const claimed = new Set<number>();
  const counted = rule.distinct === undefined ? undefined : structure[rule.distinct]?.name;
  // Pairs of group and value, of groups that are not large enough yet: at most `size` for each.
  const pairs = createGroups(hashKey, room);
  const values = createKeyWriter();

  const countRows = (batch: Batch) => {
    for (let row = 0; row < batch.rows; row++) groups.count(groups.place(writer.write(row)), 1);
  };
  const countValues = (batch: Batch, column: string) => {
    values.read(batch, [column]);
    for (let row = 0; row < batch.rows; row++) {
      const at = groups.place(writer.write(row));
      if (groups.countAt(at) >= size) continue;
      const pair = values.writeAfter(at, row);
      const known = pairs.size;
      if (pair && pairs.place(pair) === known) groups.count(at, 1);
    }
  };

  return {
    stream,
    size,
    keys,
    count(batch) {
      writer.read(batch, keys);
      if (counted !== undefined) countValues(batch, counted);
      else if (keys.length > 0) countRows(batch);
      else if (batch.rows > 0) groups.count(groups.place(writer.write(0)), batch.rows);
    },
    judge: (batch) => writer.read(batch, keys),
    find: (row) => groups.find(writer.write(row)),
    countAt: groups.countAt,
    claim(at) {
      if (claimed.has(at)) throw refuse("gate.group-repeated", { source: stream });
      claimed.add(at);
    },
  };
};

/**
 * Every row of the result is about a group of each source that is large enough in that very source, and no group of a
 * source has two rows. What another source has of a group vouches for nothing: it may be made for the purpose.
 * @throws Refusal gate.group, gate.group-repeated
 */
export const requireGroups = (counters: readonly GroupCounter[], batches: readonly Batch[]): void => {
  for (const batch of batches) {
    for (const counter of counters) counter.judge(batch);
    for (let row = 0; row < batch.rows; row++)
      for (const counter of counters) {
        const at = counter.find(row);
        if (at < 0 || counter.countAt(at) < counter.size)
          throw refuse("gate.group", { size: counter.size, source: counter.stream });
        counter.claim(at);
      }
  }
};
