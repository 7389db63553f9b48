/** Who is signed in, the client that asks in their name, and what they may do. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useMemo } from "react";
import type { z } from "zod";
import { Refusal } from "../base/refusal.ts";
import type { sessions } from "../contract/accounts.ts";
import type { Identity } from "../sdk/acts.ts";
import { type Client, createClient } from "../sdk/client.ts";
import { usePreferences } from "./preferences.tsx";

export type SignedIn = z.output<typeof sessions.current.output>;

export interface Session extends SignedIn {
  /** Reads, and acts of managed members. */
  readonly client: Client;
  readonly permissions: ReadonlySet<string>;
  /** A client whose acts this identity signs. */
  clientOf(signer: Identity | undefined): Client;
  signOut(): Promise<void>;
}

export const url = (): string => location.origin;
export const SESSION = ["session"] as const;

const Context = createContext<Session | undefined>(undefined);

/** Undefined: nobody is signed in. */
const current = async (client: Client) => {
  try {
    const [session, me] = await Promise.all([client.sessions.current(), client.accounts.me()]);
    return { ...session, account: me.account, user: me.user, permissions: new Set(me.permissions) };
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return null;
    throw error;
  }
};

/** @param anonymous shown while nobody is signed in. @param waiting shown until that is known */
export const SessionProvider = (props: { children: ReactNode; anonymous: ReactNode; waiting: ReactNode }) => {
  const { language } = usePreferences();
  const queries = useQueryClient();
  const publicClient = useMemo(
    () => createClient({ url: url(), language, credentials: { session: { csrf: "" } } }),
    [language],
  );
  const { data } = useQuery({ queryKey: SESSION, queryFn: () => current(publicClient), staleTime: 60_000 });
  const csrf = data?.csrf;
  const clientOf = useCallback(
    (signer: Identity | undefined) =>
      createClient({ url: url(), language, credentials: { session: { csrf: csrf ?? "" } }, ...(signer && { signer }) }),
    [csrf, language],
  );
  // The same for as long as it asks the same: what follows the live line would begin anew with every other one.
  const client = useMemo(() => clientOf(undefined), [clientOf]);
  const session = useMemo<Session | undefined>(() => {
    if (!data) return undefined;
    return {
      ...data,
      client,
      clientOf,
      async signOut() {
        await client.sessions.delete({});
        queries.clear();
        queries.setQueryData(SESSION, null);
      },
    };
  }, [data, client, clientOf, queries]);
  if (data === undefined) return props.waiting;
  if (!session) return props.anonymous;
  return <Context value={session}>{props.children}</Context>;
};

export const useSession = (): Session => {
  const found = useContext(Context);
  if (!found) throw new Error("nobody is signed in");
  return found;
};

/** Before anybody has signed in. */
export const useAnonymousClient = (): Client => {
  const { language } = usePreferences();
  return useMemo(() => createClient({ url: url(), language, credentials: { session: { csrf: "" } } }), [language]);
};
