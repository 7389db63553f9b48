/** Real-name verification (实名认证): an organisation submits its particulars, the operator decides. */
import type { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { isUnifiedCreditCode } from "../../base/credit-code.ts";
import type { Particulars as Shape } from "../../contract/accounts.ts";
import type { VerificationRow } from "../db/schema.ts";
import { isDuplicate } from "../db/transaction.ts";
import type { NewId } from "../ids.ts";
import { type NumberedPage, type NumberedQuery, numberedPage, rowsOf } from "../paging.ts";
import type { VerificationStore } from "./accounts-store.ts";
import { refuse } from "./errors.ts";

export type Particulars = z.output<typeof Shape>;

export type Verification = Omit<VerificationRow, "standing">;

export interface Verifications {
  /** @throws Refusal verification.particulars naming the fields, verification.open, verification.approved */
  submit(accountId: string, particulars: Particulars, submittedBy: string): Promise<Verification>;
  /** The newest submission. */
  newest(accountId: string): Promise<Verification | undefined>;
  /** The same for several accounts, by account. */
  newestOf(accountIds: readonly string[]): Promise<Map<string, Verification>>;
  /** Submissions for the operator, oldest first. */
  list(query?: NumberedQuery & { state?: Verification["state"] }): Promise<NumberedPage<Verification>>;
  /** @throws Refusal verification.none */
  approve(accountId: string, reviewer: string): Promise<Verification>;
  /** @throws Refusal verification.none, verification.reason */
  reject(accountId: string, reviewer: string, reason: string): Promise<Verification>;
  /** @throws Refusal verification.required */
  require(accountId: string): Promise<void>;
}

export const createVerifications = (options: {
  store: VerificationStore;
  clock: Clock;
  newId: NewId;
}): Verifications => {
  const { store, clock, newId } = options;
  const newest = async (accountId: string) => (await store.newest([accountId])).get(accountId);

  const decide = async (
    accountId: string,
    decision: Pick<VerificationRow, "standing" | "state" | "reviewedBy" | "reason">,
  ): Promise<Verification> => {
    const row = await store.decide(accountId, { ...decision, reviewedAt: clock.now() });
    if (!row) throw refuse("verification.none", { id: accountId });
    return shown(row);
  };

  return {
    async submit(accountId, particulars, submittedBy) {
      // What its shape does not say.
      if (particulars.country === "CN" && !isUnifiedCreditCode(particulars.registrationNumber))
        throw refuse("verification.particulars", { fields: "registrationNumber" });
      const standing = await newest(accountId);
      if (standing?.state === "submitted") throw refuse("verification.open");
      if (standing?.state === "approved") throw refuse("verification.approved");
      const row: VerificationRow = {
        id: newId("V"),
        accountId,
        standing: accountId,
        state: "submitted",
        ...particulars,
        submittedAt: clock.now(),
        submittedBy,
        reviewedAt: null,
        reviewedBy: null,
        reason: null,
      };
      await store.add(row).catch((error: unknown) => {
        throw isDuplicate(error) ? refuse("verification.open") : error;
      });
      return shown(row);
    },

    async newest(accountId) {
      const row = await newest(accountId);
      return row && shown(row);
    },

    async newestOf(accountIds) {
      return new Map([...(await store.newest(accountIds))].map(([id, row]) => [id, shown(row)]));
    },

    async list({ state, ...query } = {}) {
      const { rows, total } = await store.list({ state }, rowsOf(query));
      return numberedPage(rows.map(shown), total, query);
    },

    approve: (accountId, reviewedBy) =>
      decide(accountId, { standing: accountId, state: "approved", reviewedBy, reason: null }),

    async reject(accountId, reviewedBy, reason) {
      const text = reason.trim();
      if (!/^\P{Cc}{1,200}$/u.test(text)) throw refuse("verification.reason");
      return await decide(accountId, { standing: null, state: "rejected", reviewedBy, reason: text });
    },

    async require(accountId) {
      if ((await newest(accountId))?.state !== "approved") throw refuse("verification.required");
    },
  };
};

const shown = ({ standing, ...row }: VerificationRow): Verification => row;
