/** The bytes of an object: one GET, taken up where it broke off as long as the object is the same. */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import type { ObjectLocation } from "../../rules/object-location.ts";
import { routeTo } from "../network.ts";
import { pinnedRoots } from "../roots.ts";
import { refuse } from "./errors.ts";
import { signedHeaders, urlOf } from "./sign.ts";

export interface ObjectOptions {
  readonly clock: Clock;
  /** Milliseconds that the store may be silent. */
  readonly patience: number;
  /** Milliseconds before the second attempt; before each further one twice as many. */
  readonly pause: number;
  /** Ends it, whatever the store does. */
  readonly signal?: AbortSignal | undefined;
}

/** Attempts in a row that bring no byte, at most. */
const ATTEMPTS = 4;
/** The store has no time now. */
const BUSY = [429, 500, 502, 503, 504];

/** What was received so far, and what must be the same when it goes on. */
interface Progress {
  received: number;
  etag?: string | undefined;
  size?: number;
}

/** A connection that broke, a store that is busy: worth another attempt. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** @throws Refusal object.* */
export async function* readObject(location: ObjectLocation, options: ObjectOptions): AsyncGenerator<Uint8Array> {
  const progress: Progress = { received: 0 };
  for (let failed = 0; progress.received !== progress.size; ) {
    const before = progress.received;
    try {
      for await (const chunk of attempt(location, options, progress)) {
        progress.received += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      options.signal?.throwIfAborted();
      failed = progress.received > before ? 1 : failed + 1;
      if (failed === ATTEMPTS) throw refuse("object.lost", { attempts: ATTEMPTS });
      await sleep(options.pause * 2 ** (failed - 1));
    }
  }
}

/** One request for what is not received yet. */
async function* attempt(
  location: ObjectLocation,
  { clock, patience, signal }: ObjectOptions,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  const url = urlOf(location);
  const { received, etag } = progress;
  if (received > 0 && etag === undefined) throw refuse("object.changed");
  const headers = await signedHeaders(
    url,
    location,
    received > 0 && etag !== undefined ? { range: `bytes=${received}-`, "if-match": etag } : {},
    clock.now(),
  );
  const response = await answer(url, headers, location.rootCertificate, patience, signal);
  try {
    requireAnswer(response, progress);
    const body = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    for (;;) {
      const next = await within(patience, body.next());
      if (next.done) break;
      if (progress.received + next.value.length > (progress.size as number))
        throw refuse("object.answer", { reason: "more bytes than announced" });
      yield next.value;
    }
    if (progress.received !== progress.size) throw new Interrupted("it ended early");
  } finally {
    response.destroy();
  }
}

/** Whether the answer goes on where the last one broke off. @throws Refusal, Interrupted */
const requireAnswer = ({ statusCode = 0, headers }: IncomingMessage, progress: Progress): void => {
  if (BUSY.includes(statusCode)) throw new Interrupted(`status ${statusCode}`);
  if (statusCode === 401 || statusCode === 403) throw refuse("object.denied");
  if (progress.received === 0) {
    if (statusCode === 404) throw refuse("object.unknown");
    if (statusCode !== 200) throw refuse("object.answer", { reason: `status ${statusCode}` });
    const length = Number(headers["content-length"] ?? Number.NaN);
    if (!Number.isSafeInteger(length)) throw refuse("object.answer", { reason: "no content-length" });
    progress.size = length;
    // A weak one says only that the object means the same (RFC 9110, section 8.8.1).
    progress.etag = headers.etag?.startsWith('"') ? headers.etag : undefined;
    return;
  }
  if (statusCode === 404 || statusCode === 412 || headers.etag !== progress.etag) throw refuse("object.changed");
  const range = `bytes ${progress.received}-${(progress.size ?? 0) - 1}/${progress.size}`;
  if (statusCode !== 206 || headers["content-range"] !== range)
    throw refuse("object.answer", { reason: `status ${statusCode} to a range` });
};

/** Failures that no further attempt mends: nobody is there, or not the one that was named. */
const UNREACHABLE = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"];
const BROKEN = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED"];

const answer = async (
  url: URL,
  headers: Record<string, string>,
  rootCertificate: string | undefined,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> => {
  const ca = rootCertificate === undefined ? undefined : pinnedRoots(rootCertificate);
  if (rootCertificate !== undefined && !ca)
    throw refuse("object.configuration", { reason: "rootCertificate is not a certificate in PEM" });
  const sent = request(url, {
    headers,
    agent: false,
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    ...(ca && { ca }),
    ...routeTo(url.hostname.replace(/^\[|\]$/g, "")),
    ...(signal && { signal }),
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", (error: NodeJS.ErrnoException) => reject(failureOf(error, url.host)));
  });
  sent.end();
  try {
    return await within(patience, answered);
  } catch (error) {
    sent.destroy();
    throw error;
  }
};

const failureOf = (error: NodeJS.ErrnoException, host: string): Error => {
  if (error instanceof Refusal) return error;
  const { code = "", message } = error;
  if (BROKEN.includes(code)) return new Interrupted(code);
  if (UNREACHABLE.includes(code)) return refuse("object.unreachable", { host, reason: code });
  if (code.startsWith("HPE_")) return refuse("object.answer", { reason: code });
  return refuse("object.tls", { host, reason: code || message.slice(0, 100) });
};

/** @throws Interrupted when it takes longer, or fails */
const within = async <T>(milliseconds: number, work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Interrupted("silence")), milliseconds);
  try {
    return await Promise.race([work, late.promise]);
  } catch (error) {
    if (error instanceof Refusal || error instanceof Interrupted) throw error;
    throw new Interrupted(String(error));
  } finally {
    clearTimeout(timer);
  }
};
