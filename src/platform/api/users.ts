/** Users of the caller's account. Those of another account are unknown. */
import type { users as contract } from "../../contract/accounts.ts";
import type { Identity } from "../accounts/identity.ts";
import { type Api, accountOf } from "./caller.ts";
import { shownUser } from "./show.ts";

export const createUsersApi = ({ identity: { users } }: { identity: Identity }): Api<typeof contract> => ({
  async list(caller, query) {
    const { items, total, page, pageSize } = await users.list(accountOf(caller), query);
    return { items: items.map(shownUser), total, page, pageSize };
  },
  create: async (caller, user) => shownUser(await users.create(accountOf(caller), user)),
  update: async (caller, { id, ...changes }) => shownUser(await users.update(accountOf(caller), id, changes)),
  delete: (caller, { id }) => users.remove(accountOf(caller), id),
});
