/** What the server asks of the rest of the program. `compose.ts` supplies it; tests supply their own. */
import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { Language } from "../base/refusal.ts";
import type {
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
import type { SignedStatement } from "../trust/statement.ts";

/** Whoever an access key or a session belongs to. */
export interface Principal {
  readonly kind: "user" | "operator";
  readonly userId: string;
  /** Null for the platform's operators. */
  readonly accountId: string | null;
  /** Stream id of the account's organisation; null until it is founded. */
  readonly member: string | null;
  readonly permissions: ReadonlySet<string>;
}

/** By what the caller was recognised. */
export type Credential =
  | { readonly kind: "access-key"; readonly id: string }
  | { readonly kind: "session"; readonly id: string; readonly csrf: string; readonly expiresAt: number };

/** Who asks, in which language, from where. */
export interface Caller {
  readonly kind: "user" | "operator" | "anonymous";
  /** "" when anonymous. */
  readonly userId: string;
  readonly accountId: string | null;
  readonly member: string | null;
  readonly permissions: ReadonlySet<string>;
  readonly credential: Credential | undefined;
  readonly language: Language;
  readonly requestId: string;
  readonly ip: string;
  readonly userAgent: string;
}

/** Platform/accounts, as the server needs it. Undefined: there is no such thing, or it is not valid any more. */
export interface Auth {
  /** The secret in plain, to verify the HMAC with. What it answers is remembered for two seconds. */
  accessKey(id: string): Promise<{ principal: Principal; secret: string } | undefined>;
  /** @param cookies the Cookie header, whole */
  session(
    cookies: string,
    from: { ip: string; userAgent: string },
  ): Promise<{ principal: Principal; id: string; csrf: string; expiresAt: number } | undefined>;
}

/** An act whose form was checked: signed by the caller's organisation, or to be signed by the platform. */
export type SubmittedAct =
  | { readonly signed: SignedStatement; readonly detail: Record<string, unknown> | undefined }
  | { readonly stream: string; readonly input: Record<string, unknown> };

/** The way of every act: rulebook, ledger, then the resource as it is now. */
export interface Acts {
  /** Id of the stream that a resource id (or a stream id) names. @throws Refusal stream.unknown, alike for what is not there and what is not the caller's to see */
  resolve(caller: Caller, endpoint: AnyAct, id: string): Promise<string>;
  submit(caller: Caller, endpoint: AnyAct, act: SubmittedAct): Promise<{ receipt: Receipt; resource: unknown }>;
}

/** Answers to requests that came with an Idempotency-Key. */
export interface Idempotency {
  /**
   * @param request.scope whose key it is
   * @param request.request all that makes a request the same: method, path, body
   * @throws Refusal idempotency.key, idempotency.mismatch, idempotency.in-progress
   */
  begin(request: {
    scope: string;
    key: string;
    request: readonly (string | Uint8Array)[];
  }): Promise<{ replay: { status: number; body: string } } | { replay?: undefined; ticket: IdempotencyTicket }>;
}
export interface IdempotencyTicket {
  answer(answer: { status: number; body: string }): Promise<void>;
  release(): Promise<void>;
}

/** Token buckets. */
export interface Limits {
  /** Of whoever is known by a credential, and of addresses. `retryAfter` in milliseconds. */
  take(key: string): { allowed: boolean; remaining: number; retryAfter: number };
  readonly perSecond: number;
  readonly burst: number;
}

/** What became of a request: for metrics, the audit trail and the log. */
export interface Answered {
  /** `alliances.create`; "" where no endpoint was found. */
  readonly action: string;
  readonly endpoint: Endpoint | undefined;
  readonly method: string;
  /** The pattern (`/v1/tasks/:id`), never the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** `ok`, or the code of the refusal. */
  readonly outcome: string;
  /** Path parameters, joined; "" where there are none. */
  readonly target: string;
  /** Undefined where nobody was recognised. */
  readonly caller: Caller | undefined;
  readonly requestId: string;
  readonly ip: string;
}

export interface ServerLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Headers a command may add to its answer: cookies. */
export interface Answer {
  header(name: string, value: string): void;
}

/** Bytes to send. */
export interface Download {
  readonly content: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** Bytes, where they are known before. */
  readonly size?: number;
  /** Digest of the content, for its ETag. */
  readonly digest?: string;
  /** Name under which a browser saves it. */
  readonly fileName?: string;
}

export interface LiveMessage {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}
export interface LiveRequest {
  readonly lastEventId: string | undefined;
  /** Aborts when the listener leaves or the server stops. */
  readonly signal: AbortSignal;
}

/** What implements one endpoint. */
export type Handler<E> =
  E extends CommandEndpoint<infer I, infer O>
    ? (caller: Caller, input: z.output<I>, answer: Answer) => Awaitable<z.input<O>>
    : E extends ViewEndpoint<infer I, infer O>
      ? (caller: Caller, input: z.output<I>) => Awaitable<z.input<O>>
      : E extends UploadEndpoint<infer I, infer O>
        ? (caller: Caller, input: z.output<I>, body: AsyncIterable<Uint8Array>) => Awaitable<z.input<O>>
        : E extends LiveEndpoint<infer I, infer _>
          ? (caller: Caller, input: z.output<I>, live: LiveRequest) => AsyncIterable<LiveMessage>
          : E extends DownloadEndpoint<infer I>
            ? (caller: Caller, input: z.output<I>) => Awaitable<Download>
            : never;
type Awaitable<T> = T | Promise<T>;

/** A function for every endpoint that is not an act. */
export type Handlers<C extends Contract> = {
  readonly [R in keyof C]: { readonly [E in keyof C[R] as C[R][E] extends AnyAct ? never : E]: Handler<C[R][E]> };
};

export interface ServerOptions<C extends Contract> {
  /** Folder of the console's files; undefined serves none. */
  readonly console?: string | undefined;
  contract: C;
  handlers: Handlers<C>;
  acts: Acts;
  auth: Auth;
  idempotency: Idempotency;
  limits: Limits;
  clock: Clock;
  log: ServerLog;
  /** Called once an answer was sent. */
  answered?(answer: Answered): void;
  /** Largest body of a request that is not an upload, bytes. */
  bodyLimit?: number;
  /** Addresses and networks whose X-Forwarded-* headers are believed. */
  trustedProxies?: readonly string[];
  /** Served over TLS to the outside: Strict-Transport-Security is sent. */
  secure?: boolean;
  /** Between two signs of life on a live connection, milliseconds. */
  heartbeat?: number;
}
