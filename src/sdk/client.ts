/** A client of the whole contract: one typed method an endpoint. Runs in Node.js and in browsers. */
import type { z } from "zod";
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
import { contract } from "../contract/index.ts";
import { parametersOf } from "../contract/path.ts";
import type { ActInput } from "../contract/statement-input.ts";
import { type ActOptions, type Identity, performAct } from "./acts.ts";
import type { LiveOptions } from "./live.ts";
import { bodied, type CommandOptions, type Downloaded, plainMethod, requestOf } from "./requests.ts";
import { authenticateWith } from "./signed-requests.ts";
import { type CheckedStream, createStreamReader } from "./streams.ts";
import { createTransport, newIdempotencyKey, type Send, type TransportOptions } from "./transport.ts";
import { contentOf, inMemory, requireStored, type UploadBody } from "./uploads.ts";

export interface ClientOptions extends TransportOptions {
  /** Signs acts. Without one the platform is asked to sign, which it does for a managed key only. */
  signer?: Identity;
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
  const send = createTransport(options, authenticateWith(options));
  const now = options.now ?? Date.now;
  const history = createStreamReader((id, start) => pageOf(send, of, id, start));
  const methodOf = (endpoint: Endpoint): Method => {
    switch (endpoint.type) {
      case "act":
        return actMethod({ send, now, history, identity: options.signer }, endpoint);
      case "upload":
        return async (body: UploadBody, input: Input = {}) => upload(send, endpoint, await inMemory(body), input);
      default:
        return plainMethod(send, endpoint);
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
  const sent = await contentOf(body);
  const request = { ...requestOf(endpoint, input), body, digest: sent.digest, media: endpoint.media };
  const answer = (await (await send(request)).json()) as { digest?: unknown };
  if ("digest" in answer) requireStored(answer, sent);
  return answer;
};
