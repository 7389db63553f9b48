/** The caller's own access keys. Those of other users, also of the same account, are unknown. */
import { iso } from "../../base/clock.ts";
import type { accessKeys as contract } from "../../contract/accounts.ts";
import type { AccessKey } from "../accounts/access-keys.ts";
import type { Identity } from "../accounts/identity.ts";
import type { Api } from "./caller.ts";
import { dateOf } from "./show.ts";

export const createAccessKeysApi = ({ identity: { accessKeys } }: { identity: Identity }): Api<typeof contract> => ({
  list: async ({ userId }) => ({ items: (await accessKeys.list(userId)).map(shown) }),
  async create({ userId }) {
    const { accessKeyId, accessKeySecret } = await accessKeys.create(userId);
    return { id: accessKeyId, secret: accessKeySecret };
  },
  disable: async ({ userId }, { id }) => shown(await accessKeys.setDisabled(userId, id, true)),
  delete: ({ userId }, { id }) => accessKeys.remove(userId, id),
});

const shown = ({ id, createdAt, disabledAt, lastUsedAt }: AccessKey) => ({
  id,
  createdAt: iso(createdAt),
  disabledAt: dateOf(disabledAt),
  lastUsedAt: dateOf(lastUsedAt),
});
