/** Signing in and out. The session itself is in the cookie only, the token against forgery in the answer only. */
import { iso } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import type { sessions as contract } from "../../contract/accounts.ts";
import { refuse } from "../accounts/errors.ts";
import type { Identity } from "../accounts/identity.ts";
import type { Audit } from "../audit.ts";
import type { Api, Caller } from "./caller.ts";
import type { Show } from "./show.ts";

export const createSessionsApi = (options: { identity: Identity; audit: Audit; show: Show }): Api<typeof contract> => {
  const { identity, audit, show } = options;
  const { users, sessions } = identity;

  const shown = async (accountId: string | null, userId: string, csrf: string, expiresAt: number) => ({
    user: await show.user(accountId, userId),
    account: accountId === null ? null : await show.account(accountId),
    csrf,
    expiresAt: iso(expiresAt),
  });

  const note = (
    { ip, requestId }: Caller,
    user: { id: string; accountId: string | null } | undefined,
    outcome: string,
  ) =>
    audit.note({
      action: "sessions.create",
      target: "",
      outcome,
      actor: user?.id ?? "anonymous",
      accountId: user?.accountId ?? null,
      ip,
      requestId,
    });

  /** In the trail of the account that was tried. Not the login where there is no such user: it may be a password. */
  const noteFailure = async (caller: Caller, login: string, error: unknown): Promise<void> => {
    if (!(error instanceof Refusal) || error.status === 429) return;
    await note(caller, await users.findByLogin(login), error.code);
  };

  return {
    async create(caller, { login, password }, answer) {
      const { ip, userAgent } = caller;
      const { userId, account } = await identity.signIn(login, password, ip).catch(async (error: unknown) => {
        await noteFailure(caller, login, error);
        throw error;
      });
      const accountId = account?.id ?? null;
      const { cookie, csrfToken, expiresAt } = await sessions.open(userId, { ip, userAgent });
      await note(caller, { id: userId, accountId }, "ok");
      answer.header("set-cookie", cookie);
      return await shown(accountId, userId, csrfToken, expiresAt);
    },

    async current(caller) {
      const { csrf, expiresAt } = sessionOf(caller);
      return await shown(caller.accountId, caller.userId, csrf, expiresAt);
    },

    async delete(caller, _, answer) {
      const { cookie } = await sessions.close(sessionOf(caller).id);
      answer.header("set-cookie", cookie);
    },
  };
};

/** @throws Refusal session.required for whoever signs with an access key */
const sessionOf = ({ credential }: Caller) => {
  if (credential?.kind !== "session") throw refuse("session.required");
  return credential;
};
