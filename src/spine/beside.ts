/** What follows from streams in the platform's own tables: whose account a member is, and the event centre. */
import type { Accounts } from "../platform/accounts/accounts.ts";
import type { PlatformDb } from "../platform/db/schema.ts";
import type { Inbox } from "../platform/inbox.ts";
import { type Organisation, organisation } from "../rules/organisation.ts";
import type { BookViews } from "./book-view.ts";
import type { Touched } from "./projector.ts";

export interface BesideDeps {
  readonly accounts: Accounts;
  readonly inbox: Inbox;
  readonly books: BookViews;
}

export const createBeside = ({ accounts, inbox, books }: BesideDeps) => {
  /** Accounts by member: once founded it stays. */
  const known = new Map<string, string>();

  const accountOf = async (member: string): Promise<string | undefined> => {
    const found = known.get(member) ?? (await accounts.findByMember(member))?.id;
    if (found) known.set(member, found);
    return found;
  };

  return {
    accountOf,
    /** Looks up what is needed, outside the transaction in which the returned function then writes. */
    async prepare(streams: Touched[]): Promise<(tx: PlatformDb) => Promise<void>> {
      const founded: { account: string; member: string }[] = [];
      for (const { id, stream } of streams) {
        if (stream.book !== organisation.name || known.has(id)) continue;
        const account = await accounts.findByAppId((stream.state as Organisation).appId);
        if (account) founded.push({ account: account.id, member: id });
      }
      for (const { account, member } of founded) known.set(member, account);
      const events = await Promise.all(
        streams
          .flatMap(({ id, stream }) => books.get(stream.book)?.inbox?.(id, stream.state) ?? [])
          .map(async ({ member, by, name, ...event }) => {
            const accountId = await accountOf(member);
            return accountId ? [{ ...event, accountId, detail: { by, name } }] : [];
          }),
      );
      return async (tx) => {
        for (const { account, member } of founded) await accounts.setMember(account, member, tx);
        await inbox.putAll(events.flat(), tx);
      };
    },
  };
};
