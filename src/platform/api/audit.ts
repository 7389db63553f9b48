/** The audit trail of the caller's account, and of all for the operators. */
import { iso } from "../../base/clock.ts";
import type { audit as contract } from "../../contract/system.ts";
import type { Identity } from "../accounts/identity.ts";
import type { Audit } from "../audit.ts";
import type { AuditFilter } from "../audit-store.ts";
import { type Api, accountOf } from "./caller.ts";

interface Query {
  action?: string | undefined;
  /** A login, or what stands for one: `system`, `anonymous`, the id of a user who is gone. */
  actor?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export const createAuditApi = (options: { identity: Identity; audit: Audit }): Api<typeof contract> => {
  const { audit, identity } = options;
  const { users } = identity;

  /** The trail keeps ids, since a login may be given again; people read and ask for logins. */
  const list = async (filter: AuditFilter, { action, actor, cursor, limit }: Query) => {
    const id = actor === undefined ? undefined : ((await users.findByLogin(actor))?.id ?? actor);
    const { items, next } = await audit.list({ ...filter, action, actor: id }, { cursor, limit });
    const logins = await users.logins([...new Set(items.map((entry) => entry.actor))]);
    const shown = items.map((entry) => ({
      ...entry,
      at: iso(entry.at),
      actor: logins.get(entry.actor) ?? entry.actor,
    }));
    return { items: shown, next };
  };

  return {
    list: (caller, query) => list({ accountId: accountOf(caller) }, query),
    listAll: (_, query) => list({}, query),
  };
};
