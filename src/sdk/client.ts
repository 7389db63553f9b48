/** A client of the whole contract: one typed method an endpoint. Runs in Node.js and in browsers. */
import type { z } from "zod";
import { utf8 } from "../base/bytes.ts";
import type {
  ActEndpoint,
  AnyAct,
  CommandEndpoint,
  Contract,
  DownloadEndpoint,
  Endpoint,
  LiveEndpoint,
  Receipt,
  UploadEndpoint,
  ViewEndpoint,
} from "../contract/endpoint.ts";
import { parametersOf } from "../contract/endpoint.ts";
import { contract } from "../contract/index.ts";
import type { ActInput } from "../contract/statement-input.ts";
import { type ActOptions, type Identity, performAct } from "./acts.ts";
import { follow, type LiveOptions } from "./live.ts";
import { type CheckedStream, createStreamReader } from "./streams.ts";
import { createTransport, newIdempotencyKey, type Outgoing, type Send, type TransportOptions } from "./transport.ts";
import { contentOf, inMemory, requireStored, type UploadBody } from "./uploads.ts";

export interface ClientOptions extends TransportOptions {
  /** Signs acts. Without one the platform is asked to sign, which it does for a managed key only. */
  signer?: Identity;
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

type InStream = `${string}:id${string}`;
/** What has no required field may be left out. */
type Optional<I, Rest extends unknown[], R> =
  Record<never, never> extends I ? (input?: I, ...rest: Rest) => R : (input: I, ...rest: Rest) => R;

/** The method of an endpoint. An act in a stream takes the resource's id first. */
export type Call<E> =
  E extends ActEndpoint<infer Path, infer P, infer D, infer O>
    ? Path extends InStream
      ? Record<never, never> extends ActInput<P, D>
        ? (id: string, input?: ActInput<P, D>, options?: ActOptions) => Promise<z.output<O>>
        : (id: string, input: ActInput<P, D>, options?: ActOptions) => Promise<z.output<O>>
      : (input: ActInput<P, D>, options?: ActOptions) => Promise<z.output<O>>
    : E extends ViewEndpoint<infer I, infer O>
      ? Optional<z.input<I>, [], Promise<z.output<O>>>
      : E extends CommandEndpoint<infer I, infer O>
        ? Optional<z.input<I>, [options?: CommandOptions], Promise<z.output<O>>>
        : E extends UploadEndpoint<infer I, infer O>
          ? (body: UploadBody, input?: z.input<I>) => Promise<z.output<O>>
          : E extends LiveEndpoint<infer I, infer O>
            ? Optional<z.input<I>, [options?: LiveOptions], AsyncGenerator<z.output<O>>>
            : E extends DownloadEndpoint<infer I>
              ? Optional<z.input<I>, [], Promise<Downloaded>>
              : never;

export type ClientOf<C extends Contract> = { readonly [R in keyof C]: { readonly [E in keyof C[R]]: Call<C[R][E]> } };
export type Client = ClientOf<typeof contract> & {
  /** Whoever signs acts, as it was given. */
  readonly signer?: Identity | undefined;
};

export const createClient = (options: ClientOptions): Client => ({
  ...createClientOf(contract, options),
  signer: options.signer,
});

type Input = Record<string, unknown>;
type Method = (...args: never[]) => unknown;

/** A client of any contract. */
export const createClientOf = <C extends Contract>(of: C, options: ClientOptions): ClientOf<C> => {
  const send = createTransport(options);
  const now = options.now ?? Date.now;
  const history = createStreamReader((id, start) => pageOf(send, of, id, start));
  const methodOf = (endpoint: Endpoint): Method => {
    switch (endpoint.type) {
      case "act":
        return actMethod({ send, now, history, identity: options.signer }, endpoint);
      case "view":
        return async (input: Input = {}) => (await send(requestOf(endpoint, input))).json();
      case "command":
        return commandMethod(send, endpoint);
      case "upload":
        return async (body: UploadBody, input: Input = {}) => upload(send, endpoint, await inMemory(body), input);
      case "download":
        return async (input: Input = {}) => downloaded(await send(requestOf(endpoint, input)));
      case "live":
        return (input: Input = {}, live: LiveOptions = {}) => follow(send, requestOf(endpoint, input).path, live);
    }
  };
  const resources = Object.entries(of).map(([name, resource]) => {
    const methods = Object.entries(resource).map(([key, endpoint]) => [key, methodOf(endpoint)]);
    return [name, Object.fromEntries(methods)];
  });
  return Object.fromEntries(resources) as ClientOf<C>;
};

interface ActContext {
  readonly send: Send;
  readonly now: () => number;
  readonly history: (id: string) => Promise<CheckedStream>;
  readonly identity: Identity | undefined;
}

const actMethod = ({ send, now, history, identity }: ActContext, endpoint: AnyAct): Method => {
  const call = (id: string | undefined, input: Input = {}, options: ActOptions = {}) => {
    const { idempotencyKey } = options;
    return performAct(
      {
        identity,
        now,
        history,
        post: async (body) => {
          const request = bodied(endpoint, id === undefined ? {} : { id }, body);
          request.idempotencyKey = idempotencyKey ?? newIdempotencyKey();
          return (await (await send(request)).json()) as { receipt: Receipt; resource: unknown };
        },
      },
      endpoint,
      id,
      input,
      options,
    );
  };
  return parametersOf(endpoint.path).includes("id")
    ? (id: string, input?: Input, options?: ActOptions) => call(id, input, options)
    : (input?: Input, options?: ActOptions) => call(undefined, input, options);
};

const STREAM_PAGE = 100;

const pageOf = async (send: Send, { streams }: Contract, id: string, start: number) => {
  const get = streams?.get;
  if (get?.type !== "view") throw new TypeError("the contract has no view `streams.get` to read a history by");
  const response = await send(requestOf(get, { id, start, limit: STREAM_PAGE }));
  return (await response.json()) as Awaited<ReturnType<Client["streams"]["get"]>>;
};

/** What the server says it has stored is what was sent. */
const upload = async (
  send: Send,
  endpoint: UploadEndpoint,
  body: Exclude<UploadBody, Blob>,
  input: Input,
): Promise<unknown> => {
  const sent = contentOf(body);
  const request = { ...requestOf(endpoint, input), body, media: endpoint.media };
  const answer = (await (await send(request)).json()) as { digest?: unknown };
  if ("digest" in answer) requireStored(answer, sent);
  return answer;
};

const commandMethod =
  (send: Send, endpoint: CommandEndpoint): Method =>
  async (input: Input = {}, { idempotencyKey }: CommandOptions = {}) => {
    const inPath = parametersOf(endpoint.path);
    const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)));
    const request = endpoint.method === "DELETE" ? requestOf(endpoint, input) : bodied(endpoint, input, rest);
    if (!endpoint.confidential) request.idempotencyKey = idempotencyKey ?? newIdempotencyKey();
    const response = await send(request);
    return response.status === 204 ? undefined : response.json();
  };

/** Path parameters in their place, the rest of the input as query. */
const requestOf = (endpoint: Endpoint, input: Input): Outgoing => {
  const inPath = parametersOf(endpoint.path);
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input[name] ?? "")));
  const query = new URLSearchParams();
  if (endpoint.type !== "command" && endpoint.type !== "act")
    for (const [name, value] of Object.entries(input))
      if (value !== undefined && !inPath.includes(name)) query.set(name, String(value));
  const text = query.size > 0 ? `?${query}` : "";
  return { method: endpoint.method, path: path + text, repeatable: !endpoint.confidential };
};

const bodied = (endpoint: Endpoint, input: Input, body: object): Outgoing => ({
  ...requestOf(endpoint, input),
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
