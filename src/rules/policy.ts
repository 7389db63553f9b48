/**
 * What the owner of a data source asks of every result that the source takes part in (结果策略), whoever wrote the
 * model. It stands on the ledger and names nothing: columns are positions. The enclave's output gate enforces it;
 * docs/protocols/gate.md says what each part stops, and what not.
 */
import { z } from "zod";

const Position = z.int().min(0).max(4_095);
const Positions = z
  .array(Position)
  .max(64)
  .refine((all) => all.every((one, i) => i === 0 || one > (all[i - 1] ?? 0)), "positions that grow");

/** Every row of a result is about a group of the source's rows that is not too small, and no group has two rows. */
export const GroupRule = z.strictObject({
  /** Rows of the source in a group, at least; or persons, where `distinct` says what tells them apart. */
  size: z.int().min(2).max(100_000),
  /** Positions in the source's structure of the columns by which a result may be grouped. None: one row, about all. */
  columns: Positions,
  /** Position of the column whose different values are counted in place of rows; NULL is not counted. */
  distinct: Position.optional(),
});
export type GroupRule = z.output<typeof GroupRule>;

/**
 * What the columns of a result hold, but for those that it is grouped by. Each asks for more than the one before:
 * - `numbers`: bool, i32, i64 or f64: no text, no bytes, no dates
 * - `noised`: i64 or f64 with the noise that the manifest declares, of the sensitivity that the model's author states
 * - `bounded`: one row, grouped by nothing, its values kept within declared bounds, with noise for their whole width
 */
export const valueRules = ["numbers", "noised", "bounded"] as const;

/** What the source gives at most, over all tasks together. */
export const Budget = z.strictObject({
  /** Runs that were begun. */
  runs: z.int().min(1).max(1_000_000_000).optional(),
  /** Rows of results. */
  rows: z.int().min(1).max(1_000_000_000_000).optional(),
  /** Privacy loss ε of noised values, in millionths. */
  epsilon: z.int().min(1).max(1_000_000_000_000).optional(),
});
export type Budget = z.output<typeof Budget>;

export const Policy = z
  .strictObject({
    /** Rows of a result. */
    maxRows: z.int().min(1).max(10_000_000).optional(),
    minGroup: GroupRule.optional(),
    values: z.enum(valueRules).optional(),
    budget: Budget.optional(),
  })
  .refine(({ values, budget }) => budget?.epsilon === undefined || values === "noised" || values === "bounded", {
    message: "a budget of epsilon bounds nothing unless values are noised or bounded",
    path: ["budget", "epsilon"],
  });
export type Policy = z.output<typeof Policy>;

/** The largest position a policy names, -1 for none: an owner's client compares it with the structure it signs for. */
export const lastPosition = ({ minGroup }: Policy): number =>
  Math.max(-1, minGroup?.distinct ?? -1, ...(minGroup?.columns ?? []));
