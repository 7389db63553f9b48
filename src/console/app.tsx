/** Everything that pages stand on, in order: preferences, look, queries, addresses, who is signed in, by which key. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider, Skeleton } from "antd";
import en from "antd/locale/en_US.js";
import zh from "antd/locale/zh_CN.js";
import { useMemo } from "react";
import { BrowserRouter } from "react-router";
import { Refusal } from "../base/refusal.ts";
import { noteFailure, watchLine } from "./connection.ts";
import { IdentityProvider } from "./identity/identity.tsx";
import { nonce } from "./nonce.ts";
import { Again, Door } from "./pages/door.tsx";
import { Failure } from "./parts/said.tsx";
import { PreferencesProvider, usePreferences } from "./preferences.tsx";
import { SESSION, SessionProvider } from "./session.tsx";
import { Frame } from "./shell/frame.tsx";
import { themeOf } from "./theme.ts";

const queriesOf = (): QueryClient => {
  const onError = (error: Error): void => {
    // A session that ended in the middle: the door opens over the page, and what was typed stays.
    if (error instanceof Refusal && error.status === 401) void client.invalidateQueries({ queryKey: SESSION });
    noteFailure(client, error);
  };
  const client: QueryClient = new QueryClient({
    defaultOptions: {
      queries: {
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

const Look = () => {
  const { language, theme } = usePreferences();
  const themed = useMemo(() => themeOf(theme), [theme]);
  return (
    <ConfigProvider
      locale={(language === "en" ? en : zh).default}
      theme={themed}
      button={{ autoInsertSpace: false }}
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

const queries = queriesOf();

export const App = () => (
  <QueryClientProvider client={queries}>
    <PreferencesProvider>
      <Look />
    </PreferencesProvider>
  </QueryClientProvider>
);
