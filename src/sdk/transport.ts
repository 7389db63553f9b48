/** Requests, carried by a session or by what `authenticate` adds; every error a Refusal. Small: browsers load it first. */
import { toBase64url } from "../base/bytes.ts";
import { type Language, Refusal } from "../base/refusal.ts";
import { refuse } from "./errors.ts";

export interface AccessKeyCredentials {
  accessKeyId: string;
  accessKeySecret: string;
}
export interface SessionCredentials {
  /** `csrf` of the session; `cookie` only where the browser does not send it by itself. */
  session: { csrf: string; cookie?: string };
}

export interface TransportOptions {
  /** Where the platform is reached, without a path. */
  url: string;
  /** None for what is public. */
  credentials?: AccessKeyCredentials | SessionCredentials;
  fetch?: typeof globalThis.fetch;
  /** Language of answers' texts. */
  language?: Language;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** A stream of known content. */
export interface StreamBody {
  stream: ReadableStream<Uint8Array>;
  /** SHA-256, hexadecimal. */
  digest: string;
  /** Bytes, where they are known. */
  size?: number;
}

export interface Outgoing {
  method: string;
  /** With its query. */
  path: string;
  body?: Uint8Array | StreamBody;
  /** Of the body, SHA-256 (hex), where it is known. */
  digest?: string;
  media?: string;
  headers?: Record<string, string>;
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** A repetition changes nothing, so it may be sent again when no answer came. */
  repeatable: boolean;
}

export type Send = (request: Outgoing) => Promise<Response>;

/** Pauses before a request is sent again, milliseconds. */
const PAUSES = [100, 400, 1_600];
/** Longer than this nobody is kept waiting for a rate limit. */
const RATE_WAIT_MAX = 10_000;

export const newIdempotencyKey = (): string => toBase64url(crypto.getRandomValues(new Uint8Array(16)));

/** @returns further headers of a request: digests and signatures. @param url the whole address */
export type Authenticate = (
  request: Outgoing,
  url: string,
  headers: Readonly<Record<string, string>>,
) => Record<string, string>;

/** @throws Refusal whatever the server refused with, or server.unreachable, server.answer */
export const createTransport = (options: TransportOptions, authenticate?: Authenticate): Send => {
  const { credentials, fetch = globalThis.fetch.bind(globalThis), language = "en" } = options;
  const base = options.url.replace(/\/+$/, "");
  const session = credentials && "session" in credentials ? credentials.session : undefined;

  const headersOf = (request: Outgoing): Record<string, string> => {
    const { method, path, body, media, idempotencyKey, headers } = request;
    const all: Record<string, string> = { "accept-language": language, ...headers };
    if (body) all["content-type"] = media ?? "application/json";
    if (idempotencyKey !== undefined) all["idempotency-key"] = idempotencyKey;
    if (authenticate) Object.assign(all, authenticate(request, base + path, all));
    if (session && method !== "GET") all["x-csrf-token"] = session.csrf;
    if (session?.cookie !== undefined) all.cookie = session.cookie;
    return all;
  };

  const once = async (request: Outgoing): Promise<Response> => {
    const { method, path, body, signal } = request;
    const url = base + path;
    const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(request), credentials: "same-origin" };
    if (signal) init.signal = signal;
    if (body instanceof Uint8Array) init.body = body as Uint8Array<ArrayBuffer>;
    else if (body) Object.assign(init, { body: body.stream, duplex: "half" });
    const response = await fetch(url, init).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw refuse("server.unreachable", { url: base, reason: reasonOf(error) });
    });
    if (response.ok) return response;
    throw await refusalOf(response, url);
  };

  return async (request) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(request);
      } catch (error) {
        const pause = pauseAfter(error, request, attempt);
        if (pause === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  };
};

/** Milliseconds until it makes sense to send the request again; undefined when it does not. */
const pauseAfter = (error: unknown, { body, repeatable }: Outgoing, attempt: number): number | undefined => {
  const pause = PAUSES[attempt];
  const canRepeat = body === undefined || body instanceof Uint8Array;
  if (pause === undefined || !canRepeat || !(error instanceof Refusal)) return undefined;
  if (error.code === "rate.limited") {
    const wait = Number(error.details.seconds) * 1_000;
    return wait <= RATE_WAIT_MAX ? wait : undefined;
  }
  if (error.code === "idempotency.in-progress") return pause;
  return repeatable && error.code === "server.unreachable" ? pause : undefined;
};

/** The cause says more than fetch's own "fetch failed". */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string };
  return code ?? deeper ?? message;
};

const refusalOf = async (response: Response, url: string): Promise<Refusal> => {
  const problem = (await response.json().catch(() => undefined)) as
    | { code?: unknown; details?: unknown; title?: unknown }
    | undefined;
  if (typeof problem?.code !== "string") return refuse("server.answer", { url, status: response.status });
  const details = typeof problem.details === "object" && problem.details !== null ? problem.details : {};
  return new Refusal(problem.code, response.status, { ...details }, String(problem.title ?? problem.code));
};
