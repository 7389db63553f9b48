/** Everything that pages stand on, in order: preferences, look, queries, addresses, who is signed in, by which key. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider, Skeleton } from "antd";
import en from "antd/locale/en_US.js";
import zh from "antd/locale/zh_CN.js";
import { useEffect, useMemo } from "react";
import { BrowserRouter } from "react-router";
import { Refusal } from "../base/refusal.ts";
import { noteFailure, watchLine } from "./connection.ts";
import { IdentityProvider } from "./identity/identity.tsx";
import { nonce } from "./nonce.ts";
import { Again, Door } from "./pages/door.tsx";
import { Glass } from "./parts/glass.tsx";
import { Failure } from "./parts/said.tsx";
import { PreferencesProvider, usePreferences, useWords } from "./preferences.tsx";
import { SESSION, SessionProvider } from "./session.tsx";
import { Frame } from "./shell/frame.tsx";
import { themeOf } from "./theme.ts";

const queriesOf = (): QueryClient => {
  const onError = (error: Error): void => {
    // A session that ended in the middle: the door opens over the page, and what was typed stays.
    // The same where another tab has begun another session.
    if (error instanceof Refusal && (error.status === 401 || error.code === "session.csrf"))
      void client.invalidateQueries({ queryKey: SESSION });
    noteFailure(client, error);
  };
  const client: QueryClient = new QueryClient({
    defaultOptions: {
      // A browser that believes to be offline may well reach a platform next door, and whoever acts is told at once:
      // nothing waits to be signed later.
      // What was asked for may hold a passphrase: it goes with the form.
      mutations: { networkMode: "always", gcTime: 0 },
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        // The client has tried again already where there was no answer.
        retry: (count, error) => count < 2 && !(error instanceof Refusal),
      },
    },
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
  });
  watchLine(client);
  return client;
};

const queries = queriesOf();

const Look = () => {
  const { language, theme } = usePreferences();
  const t = useWords();
  const themed = useMemo(() => themeOf(theme), [theme]);
  // What the platform said no with is in the language it was asked in.
  // biome-ignore lint/correctness/useExhaustiveDependencies: again for every language
  useEffect(() => {
    void queries.invalidateQueries({ predicate: ({ state }) => state.status === "error" });
  }, [language]);
  return (
    <ConfigProvider
      locale={(language === "en" ? en : zh).default}
      theme={themed}
      button={{ autoInsertSpace: false }}
      // The second click of two falls beside the dialog that the first one opened.
      modal={{ mask: { closable: false } }}
      inputSearch={{
        searchIcon: (
          <>
            <Glass size={14} />
            <span className="sr-only">{t("Search", "搜索")}</span>
          </>
        ),
      }}
      {...(nonce && { csp: { nonce } })}
    >
      <AntApp style={{ height: "100%" }}>
        <BrowserRouter>
          <SessionProvider
            anonymous={<Door />}
            again={(who) => <Again who={who} />}
            failed={(error, retry) => (
              <div className="door">
                <Failure error={error} retry={retry} />
              </div>
            )}
            waiting={<Skeleton active style={{ padding: 48 }} />}
          >
            <IdentityProvider>
              <Frame />
            </IdentityProvider>
          </SessionProvider>
        </BrowserRouter>
      </AntApp>
    </ConfigProvider>
  );
};

export const App = () => (
  <QueryClientProvider client={queries}>
    <PreferencesProvider>
      <Look />
    </PreferencesProvider>
  </QueryClientProvider>
);
