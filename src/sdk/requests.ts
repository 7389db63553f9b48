/** Methods of all endpoints but acts and uploads: they need no key and no digest, and so little code. */
import { utf8 } from "../base/bytes.ts";
import { parametersOf } from "../contract/path.ts";
import { follow, type LiveOptions } from "./live.ts";
import { newIdempotencyKey, type Outgoing, type Send } from "./transport.ts";

/** What of an endpoint a request is made from. */
export interface Route {
  readonly type: "act" | "view" | "command" | "upload" | "download" | "live";
  readonly method: string;
  readonly path: string;
  readonly confidential?: true;
}

export interface CommandOptions {
  idempotencyKey?: string;
}

/** A download: read it as a stream, or all of it. */
export interface Downloaded {
  stream: ReadableStream<Uint8Array>;
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  /** Bytes; null where it was not told. */
  size: number | null;
  fileName: string | null;
}

type Input = Record<string, unknown>;
type Method = (...args: never[]) => unknown;

export const plainMethod = (send: Send, route: Route & { readonly type: "view" | "command" | "download" | "live" }) => {
  switch (route.type) {
    case "view":
      return async (input: Input = {}) => (await send(requestOf(route, input))).json();
    case "command":
      return commandMethod(send, route);
    case "download":
      return async (input: Input = {}) => downloaded(await send(requestOf(route, input)));
    case "live":
      return (input: Input = {}, live: LiveOptions = {}) => follow(send, requestOf(route, input).path, live);
  }
};

const commandMethod =
  (send: Send, route: Route): Method =>
  async (input: Input = {}, { idempotencyKey }: CommandOptions = {}) => {
    const inPath = parametersOf(route.path);
    const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)));
    const request = route.method === "DELETE" ? requestOf(route, input) : bodied(route, input, rest);
    if (!route.confidential) request.idempotencyKey = idempotencyKey ?? newIdempotencyKey();
    const response = await send(request);
    return response.status === 204 ? undefined : response.json();
  };

/** Path parameters in their place, the rest of the input as query. */
export const requestOf = (route: Route, input: Input): Outgoing => {
  const inPath = parametersOf(route.path);
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input[name] ?? "")));
  const query = new URLSearchParams();
  if (route.type !== "command" && route.type !== "act")
    for (const [name, value] of Object.entries(input))
      if (value !== undefined && !inPath.includes(name)) query.set(name, String(value));
  const text = query.size > 0 ? `?${query}` : "";
  return { method: route.method, path: path + text, repeatable: !route.confidential };
};

export const bodied = (route: Route, input: Input, body: object): Outgoing => ({
  ...requestOf(route, input),
  body: utf8(JSON.stringify(body)),
});

const downloaded = (response: Response): Downloaded => {
  const size = response.headers.get("content-length");
  const [, name] = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  return {
    stream: response.body ?? new ReadableStream({ start: (controller) => controller.close() }),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    text: () => response.text(),
    size: size === null ? null : Number(size),
    fileName: name === undefined ? null : decodeURIComponent(name),
  };
};
