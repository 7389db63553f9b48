/** A policy for results as people write it, with the names of columns; on the ledger it has their positions. */
import { z } from "zod";
import { GroupRule, Policy } from "../../rules/policy.ts";
import { positionsOf } from "./create-task.ts";
import { refuse } from "./errors.ts";

const Name = z.string().min(1).max(128);

/** As a Policy; in `minGroup`, names stand for positions. */
export const NamedPolicy = z.strictObject({
  ...Policy.shape,
  minGroup: z
    .strictObject({ ...GroupRule.shape, columns: z.array(Name).max(64), distinct: Name.optional() })
    .optional(),
});
export type NamedPolicy = z.output<typeof NamedPolicy>;

/** @throws Refusal policy.malformed, source.column-unknown */
export const policyOf = (columns: readonly { readonly name: string }[], written: unknown): Policy => {
  const named = NamedPolicy.safeParse(written);
  if (!named.success) throw malformed(named.error);
  const { minGroup, ...rest } = named.data;
  const at = (name: string) => positionsOf(columns, [name])[0];
  const group = minGroup && {
    size: minGroup.size,
    columns: positionsOf(columns, minGroup.columns),
    ...(minGroup.distinct !== undefined && { distinct: at(minGroup.distinct) }),
  };
  const policy = Policy.safeParse({ ...rest, ...(group && { minGroup: group }) });
  if (!policy.success) throw malformed(policy.error);
  return policy.data;
};

const malformed = ({ issues: [issue] }: z.ZodError) =>
  refuse("policy.malformed", { field: issue?.path.join(".") || "(whole)", reason: issue?.message ?? "wrong shape" });
