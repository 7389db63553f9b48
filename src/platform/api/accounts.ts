/** Signing up, one's own account, and the operator's review of real names (实名认证). */
import type { accounts as contract } from "../../contract/accounts.ts";
import type { Identity } from "../accounts/identity.ts";
import type { Audit } from "../audit.ts";
import { type Api, accountOf } from "./caller.ts";
import { type Show, shownUser } from "./show.ts";

export const createAccountsApi = (options: { identity: Identity; audit: Audit; show: Show }): Api<typeof contract> => {
  const { identity, audit, show } = options;
  const { accounts, accessKeys, verifications } = identity;
  return {
    async create({ ip, requestId }, input) {
      const created = await accounts.register(input, {
        async also({ account, user }, tx) {
          const key = await accessKeys.create(user.id, tx);
          const done = { action: "accounts.create", target: account.id, outcome: "ok" };
          await audit.note({ ...done, actor: user.id, accountId: account.id, ip, requestId }, tx);
          return { id: key.accessKeyId, secret: key.accessKeySecret };
        },
      });
      return {
        account: await show.account(created.account.id),
        user: shownUser(created.user),
        accessKey: created.also,
      };
    },

    async me({ accountId, userId, permissions }) {
      return {
        account: accountId === null ? null : await show.account(accountId),
        user: await show.user(accountId, userId),
        permissions: [...permissions].sort(),
      };
    },

    async submitVerification(caller, particulars) {
      const id = accountOf(caller);
      await verifications.submit(id, particulars, caller.userId);
      return await show.account(id);
    },

    async list(_, query) {
      const { items, total, page, pageSize } = await accounts.list(query);
      return { items: await show.accounts(items), total, page, pageSize };
    },

    async review({ userId }, { id, decision, reason }) {
      await accounts.get(id);
      if (decision === "approved") await verifications.approve(id, userId);
      else await verifications.reject(id, userId, reason);
      return await show.account(id);
    },
  };
};
