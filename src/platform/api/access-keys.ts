/** The caller's own access keys. Those of other users, also of the same account, are unknown. */
import { iso } from "../../base/clock.ts";
import type { accessKeys as contract } from "../../contract/accounts.ts";
import type { AccessKey } from "../accounts/access-keys.ts";
import type { Identity } from "../accounts/identity.ts";
import type { Api, Caller } from "./caller.ts";
import { dateOf } from "./show.ts";

export const createAccessKeysApi = ({ identity }: { identity: Identity }): Api<typeof contract> => {
  const { accessKeys, sessions } = identity;
  /** An operator signs in with a key: with the key go the sessions that it may have opened, but the present one. */
  const endSessions = async ({ kind, userId, credential }: Caller): Promise<void> => {
    if (kind === "operator")
      await sessions.closeAll(userId, credential?.kind === "session" ? credential.id : undefined);
  };
  return {
    list: async ({ userId }) => ({ items: (await accessKeys.list(userId)).map(shown) }),
    async create({ userId }) {
      const { accessKeyId, accessKeySecret } = await accessKeys.create(userId);
      return { id: accessKeyId, secret: accessKeySecret };
    },
    async disable(caller, { id }) {
      const key = shown(await accessKeys.setDisabled(caller.userId, id, true));
      await endSessions(caller);
      return key;
    },
    async delete(caller, { id }) {
      await accessKeys.remove(caller.userId, id);
      await endSessions(caller);
    },
  };
};

const shown = ({ id, createdAt, disabledAt, lastUsedAt }: AccessKey) => ({
  id,
  createdAt: iso(createdAt),
  disabledAt: dateOf(disabledAt),
  lastUsedAt: dateOf(lastUsedAt),
});
