/** Rules that models and data sources share: one owner, a permission, withdrawal. */
import { z } from "zod";
import { refuse } from "./errors.ts";
import { kindsOf } from "./rulebook.ts";
import { Permission } from "./shapes.ts";

export interface Shared {
  readonly id: string;
  readonly owner: string;
  readonly permission: Permission;
  readonly withdrawn: boolean;
  /** Ledger's time of the founding act, milliseconds. */
  readonly created: number;
  /** Digest of the text kept beside. */
  readonly detail: string;
}

/** @throws Refusal owner.required, resource.withdrawn */
export const requireOwner = (state: Shared, by: string): void => {
  if (state.owner !== by) throw refuse("owner.required", { id: state.id });
  if (state.withdrawn) throw refuse("resource.withdrawn", { id: state.id });
};

/** Whether `member` may apply to use what `state` describes, given that both are in one alliance. */
export const mayUse = (state: Shared, member: string): boolean => {
  if (state.owner === member) return true;
  if (state.permission.kind === "named") return state.permission.members.includes(member);
  return state.permission.kind === "public";
};

/** The acts that models and data sources share. @param book name of the rulebook */
export const sharingKinds = <S extends Shared>(book: string) => {
  const kind = kindsOf<S>();
  return {
    permitted: kind({
      name: `${book}.permitted`,
      by: "organisation",
      payload: z.strictObject({ permission: Permission }),
      apply: (state, { by, payload }) => {
        requireOwner(state, by);
        return { ...state, permission: payload.permission };
      },
    }),
    withdrawn: kind({
      name: `${book}.withdrawn`,
      by: "organisation",
      payload: z.strictObject({}),
      apply: (state, { by }) => {
        requireOwner(state, by);
        return { ...state, withdrawn: true };
      },
    }),
  };
};
