/**
 * What sources have given so far, over all tasks: pure, so that the enclave puts it into its sealed state together with
 * the outcome that it was spent for. Privacy loss adds up (sequential composition): true of any code, if dear.
 */
import type { Budget } from "../../rules/policy.ts";
import { refuse } from "./errors.ts";

/** Whole numbers; `epsilon` in millionths. */
export interface Amounts {
  readonly runs: number;
  readonly rows: number;
  readonly epsilon: number;
}

/** By stream of the source: plain JSON. */
export type Account = Readonly<Record<string, Amounts>>;

export interface Spend {
  /** Stream of the source, or what else has an account. */
  readonly source: string;
  /** Stream of the source whose owner's account it is, where that is not the account's name. */
  readonly of?: string;
  readonly amounts: Amounts;
  /** What its owner allows now; what was spent under another budget stays spent. */
  readonly budget: Budget | undefined;
}

const NOTHING: Amounts = { runs: 0, rows: 0, epsilon: 0 };

export const spentBy = (account: Account, source: string): Amounts =>
  Object.hasOwn(account, source) ? (account[source] as Amounts) : NOTHING;

/** The account after it; the one given stays as it is. @throws Refusal gate.budget where the budget has not enough left */
export const spend = (account: Account, { source, amounts, budget }: Spend): Account => {
  const before = spentBy(account, source);
  const added = (what: keyof Amounts): number => {
    const [spent, asked] = [before[what], amounts[what]];
    const limit = budget?.[what] ?? Number.MAX_SAFE_INTEGER;
    // What costs nothing passes, even where the budget was cut below what is spent.
    if (!Number.isSafeInteger(asked) || asked < 0 || asked > Math.max(0, limit - spent))
      throw refuse("gate.budget", { source, what, limit, spent, asked });
    return spent + asked;
  };
  return { ...account, [source]: { runs: added("runs"), rows: added("rows"), epsilon: added("epsilon") } };
};

/** All of them or, where one budget has not enough left, none. @throws Refusal gate.budget */
export const spendAll = (account: Account, spends: readonly Spend[]): Account => spends.reduce(spend, account);
