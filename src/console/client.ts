/** The client of a page: reads need little code; whatever signs, seals or checks is loaded when it is first done. */
import type { Client, ClientOptions } from "../sdk/client.ts";
import { refuse } from "../sdk/errors.ts";
import { plainMethod } from "../sdk/requests.ts";
import { createTransport } from "../sdk/transport.ts";
import { routes } from "./routes.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever a method takes and gives
type Method = (...args: any[]) => unknown;
type Methods = Readonly<Record<string, Readonly<Record<string, Method>>>>;

export const createPageClient = (options: ClientOptions): Client => {
  const send = createTransport(options);
  let whole: Promise<Client> | undefined;
  const load = (): Promise<Client> => {
    whole ??= import("../sdk/client.ts").then(
      ({ createClient }) => createClient(options),
      ({ message }: Error) => {
        throw refuse("server.unreachable", { url: options.url, reason: message });
      },
    );
    // A line that was down for a moment is tried again.
    whole.catch(() => {
      whole = undefined;
    });
    return whole;
  };
  const methodOf = (resource: string, name: string): Method => {
    const route = routes[resource]?.[name];
    if (route && route.type !== "act" && route.type !== "upload") {
      const { type } = route;
      return plainMethod(send, { ...route, type }) as Method;
    }
    return async (...args) => ((await load()) as Omit<Client, "signer"> as Methods)[resource]?.[name]?.(...args);
  };
  const resources = Object.entries(routes).map(([resource, methods]) => [
    resource,
    Object.fromEntries(Object.keys(methods).map((name) => [name, methodOf(resource, name)])),
  ]);
  return { ...Object.fromEntries(resources), signer: options.signer } as Client;
};
