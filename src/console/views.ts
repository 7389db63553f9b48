/** Reads of the contract as queries: kept, shared between pages, and read again when the live line says that they moved. */
import { keepPreviousData, type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { explain, type Language, Refusal } from "../base/refusal.ts";
import type { Client } from "../sdk/client.ts";
import { useSession } from "./session.tsx";

type Resources = Omit<Client, "signer">;
// biome-ignore lint/suspicious/noExplicitAny: whatever a method takes and gives
type Method = (input?: any, ...rest: any[]) => Promise<any>;
type Reads<R extends keyof Resources> = {
  [V in keyof Resources[R]]: Resources[R][V] extends Method ? V : never;
}[keyof Resources[R]] &
  string;
type Input<R extends keyof Resources, V extends Reads<R>> = Resources[R][V] extends Method
  ? Parameters<Resources[R][V]>[0]
  : never;
type Output<R extends keyof Resources, V extends Reads<R>> = Resources[R][V] extends Method
  ? Awaited<ReturnType<Resources[R][V]>>
  : never;

export interface ViewOptions {
  readonly enabled?: boolean;
  /** Milliseconds after which it is read again. */
  readonly every?: number;
}

/** @returns what `client[resource][view](input)` answers; the page before stays while the next one loads */
export const useView = <R extends keyof Resources, V extends Reads<R>>(
  resource: R,
  view: V,
  input?: Input<R, V>,
  { enabled = true, every }: ViewOptions = {},
): UseQueryResult<Output<R, V>, Refusal> => {
  const { client } = useSession();
  return useQuery<Output<R, V>, Refusal>({
    queryKey: [resource, view, input],
    queryFn: () => (client[resource][view] as Method)(input),
    enabled,
    placeholderData: keepPreviousData,
    ...(every !== undefined && { refetchInterval: every }),
  });
};

/** What a piece of news makes old: `task.changed` the tasks and the inbox. */
const STALE: Readonly<Record<string, readonly string[]>> = {
  alliance: ["alliances", "events"],
  model: ["models"],
  source: ["sources"],
  task: ["tasks", "events"],
  "key-request": ["keyRequests", "events"],
  "key-group": ["keyGroups", "events"],
  key: ["keys"],
  "key-node": ["keyNodes"],
  organisation: ["organisations"],
  enclave: ["enclaves"],
};

/** Milliseconds after which a line that the server ended is taken up again. */
const AGAIN = 5_000;

/** How far a run is: every phase that the live line told, by the task's stream. */
export const PROGRESS = "progress";
export interface Progress {
  readonly phase: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Follows the live line while somebody is signed in. */
export const useLive = (): void => {
  const { client, permissions } = useSession();
  const queries = useQueryClient();
  const reads = permissions.has("event.read");
  useEffect(() => {
    if (!reads) return undefined;
    const stop = new AbortController();
    const follow = async () => {
      for await (const { type, data } of client.events.subscribe({}, { signal: stop.signal })) {
        if (type === "task.progress")
          queries.setQueryData<readonly Progress[]>([PROGRESS, data.stream], (known = []) => [
            ...known,
            { phase: String(data.phase), at: Number(data.at) },
          ]);
        // What is no news of a resource (`connected`) makes nothing old: reading all anew would connect anew.
        const resources = type === "reset" ? undefined : (STALE[type.split(".")[0] ?? ""] ?? []);
        const about = resources && ((key: readonly unknown[]) => resources.includes(String(key[0])));
        void queries.invalidateQueries(about ? { predicate: ({ queryKey }) => about(queryKey) } : {});
        void queries.invalidateQueries({ queryKey: ["ledger"] });
      }
    };
    const again = (error: unknown) => {
      const ended = error instanceof Refusal && [401, 403].includes(error.status);
      if (!ended && !stop.signal.aborted) setTimeout(() => follow().catch(again), AGAIN);
    };
    follow().catch(again);
    return () => stop.abort();
  }, [client, queries, reads]);
};

/** As what a failure is shown: our own refusals as they are, anything else by its message. */
export const refusalOf = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal("console.failed", 0, {}, error instanceof Error ? error.message : String(error));

/** A failure as one line, where there is no room for more. */
export const explainOf = (error: unknown, language: Language): string => {
  const { code, details, message } = refusalOf(error);
  const said = explain(code, details, language);
  return said === code ? message : said;
};
