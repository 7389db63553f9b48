/** Who is signed in, the client that asks in their name, and what they may do. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, Fragment, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { z } from "zod";
import { Refusal } from "../base/refusal.ts";
import type { sessions } from "../contract/accounts.ts";
import type { Identity } from "../sdk/acts.ts";
import type { Client } from "../sdk/client.ts";
import { createPageClient } from "./client.ts";
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

interface SessionProviderProps {
  readonly children: ReactNode;
  /** Shown while nobody is signed in. */
  readonly anonymous: ReactNode;
  /** Shown until that is known. */
  readonly waiting: ReactNode;
  /** Shown when that could not be learned. */
  failed(error: unknown, retry: () => void): ReactNode;
  /** Shown over the page when the session ended by itself: the page stays as it is. */
  again(who: SignedIn["user"]): ReactNode;
}

export const SessionProvider = (props: SessionProviderProps) => {
  const { language } = usePreferences();
  const queries = useQueryClient();
  const publicClient = useMemo(
    () => createPageClient({ url: url(), language, credentials: { session: { csrf: "" } } }),
    [language],
  );
  const [before, setBefore] = useState<Session>();
  const { data, error, refetch } = useQuery({
    queryKey: SESSION,
    queryFn: () => current(publicClient),
    staleTime: 60_000,
  });
  const csrf = data?.csrf;
  const clientOf = useCallback(
    (signer: Identity | undefined) =>
      createPageClient({
        url: url(),
        language,
        credentials: { session: { csrf: csrf ?? "" } },
        ...(signer && { signer }),
      }),
    [csrf, language],
  );
  const client = useMemo(() => clientOf(undefined), [clientOf]);
  const session = useMemo<Session | undefined>(() => {
    if (!data) return undefined;
    return {
      ...data,
      client,
      clientOf,
      async signOut() {
        await client.sessions.delete({}).catch((failure: unknown) => {
          if (!(failure instanceof Refusal && failure.status === 401)) throw failure;
        });
        setBefore(undefined);
        queries.clear();
        queries.setQueryData(SESSION, null);
      },
    };
  }, [data, client, clientOf, queries]);
  if (session && session !== before) setBefore(session);
  if (data === undefined) return error ? props.failed(error, () => void refetch()) : props.waiting;
  const shown = session ?? before;
  if (!shown) return props.anonymous;
  return (
    <Context value={shown}>
      <Fragment key={shown.user.id}>{props.children}</Fragment>
      {!session && props.again(shown.user)}
    </Context>
  );
};

export const useSession = (): Session => {
  const found = useContext(Context);
  if (!found) throw new Error("nobody is signed in");
  return found;
};

/** Before anybody has signed in. */
export const useAnonymousClient = (): Client => {
  const { language } = usePreferences();
  return useMemo(() => createPageClient({ url: url(), language, credentials: { session: { csrf: "" } } }), [language]);
};
