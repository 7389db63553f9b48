/** Who is signed in, the client that asks in their name, and what they may do. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { createContext, Fragment, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { z } from "zod";
import { Refusal } from "../base/refusal.ts";
import type { sessions } from "../contract/accounts.ts";
import type { Identity } from "../sdk/acts.ts";
import type { Client } from "../sdk/client.ts";
import { createPageClient } from "./client.ts";
import { usePreferences, useWords } from "./preferences.tsx";
import { forgetAll } from "./storage.ts";

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

/** Seconds. */
const LONG = 10;

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
  const t = useWords();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const publicClient = useMemo(
    () => createPageClient({ url: url(), language, credentials: { session: { csrf: "" } } }),
    [language],
  );
  const [before, setBefore] = useState<Session>();
  const whose = useRef<string>(undefined);
  const { data, error, refetch } = useQuery({
    queryKey: SESSION,
    async queryFn() {
      const found = await current(publicClient);
      const last = queries.getQueryData<SignedIn | null>(SESSION);
      if (found && last && last.user.id !== found.user.id) {
        const said = t(
          "{name} has signed in in this browser: this page is theirs now. What you typed is kept for you.",
          "本浏览器已由 {name} 登录，此页面现属于该用户。您填写的内容已为您保留。",
          { name: found.user.login },
        );
        void message.warning(said, LONG);
      }
      // Somebody else has signed in, in another tab for instance: of what was read before nothing stays.
      if (found && whose.current !== undefined && whose.current !== found.user.id)
        queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
      if (found) whose.current = found.user.id;
      return found;
    },
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
  // The same for as long as it asks the same: what follows the live line would begin anew with every other one.
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
        forgetAll(`draft.${data.user.id}.`);
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
