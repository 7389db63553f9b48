/** Accounts and users as the contract shows them. */
import type { z } from "zod";
import { iso } from "../../base/clock.ts";
import type { Account as AccountAnswer, User as UserAnswer, verificationLabels } from "../../contract/accounts.ts";
import type { Account } from "../accounts/accounts.ts";
import type { Identity } from "../accounts/identity.ts";
import type { User } from "../accounts/users.ts";
import type { Verification } from "../accounts/verification.ts";

type ShownAccount = z.input<typeof AccountAnswer>;
type ShownUser = z.input<typeof UserAnswer>;

export type VerificationLabels = typeof verificationLabels;

export interface Show {
  /** With the particulars: for the account itself and the operators. */
  account(id: string): Promise<ShownAccount>;
  accounts(accounts: readonly Account[]): Promise<ShownAccount[]>;
  user(accountId: string | null, id: string): Promise<ShownUser>;
}

export const createShow = ({ identity, labels }: { identity: Identity; labels: VerificationLabels }): Show => {
  const { accounts, users, verifications } = identity;
  return {
    async account(id) {
      const account = await accounts.get(id);
      return shownAccount(account, await verifications.newest(id), labels);
    },
    async accounts(all) {
      const newest = await verifications.newestOf(all.map(({ id }) => id));
      return all.map((account) => shownAccount(account, newest.get(account.id), labels));
    },
    user: async (accountId, id) => shownUser(await users.get(accountId, id)),
  };
};

export const dateOf = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : iso(at);

export const shownUser = ({ id, login, role, createdAt, disabledAt }: User): ShownUser => ({
  id,
  login,
  role,
  createdAt: iso(createdAt),
  disabledAt: dateOf(disabledAt),
});

export const shownAccount = (
  { id, appId, nickname, status, member, createdAt }: Account,
  newest: Verification | undefined,
  labels: VerificationLabels,
): ShownAccount => {
  const state = newest?.state ?? "none";
  return {
    id,
    appId,
    nickname,
    status,
    member,
    verification: {
      state,
      label: labels[state],
      ...(newest && { particulars: particularsOf(newest) }),
      submittedAt: dateOf(newest?.submittedAt),
      reviewedAt: dateOf(newest?.reviewedAt),
      reason: newest?.reason ?? null,
    },
    createdAt: iso(createdAt),
  };
};

const particularsOf = ({ legalName, registrationNumber, contact, phone, country }: Verification) => ({
  legalName,
  registrationNumber,
  contact,
  phone,
  country,
});
