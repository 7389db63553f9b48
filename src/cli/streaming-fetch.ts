/** fetch for files of any size: Node's own takes a streamed body in as fast as it is read, and keeps what is not sent. */
import { once } from "node:events";
import { type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

/** Streamed bodies wait for the network; everything else is fetch itself. */
export const streamingFetch: typeof fetch = async (input, init) => {
  if (!(init?.body instanceof ReadableStream)) return fetch(input, init);
  const url = new URL(String(input));
  const headers = Object.fromEntries(new Headers(init.headers));
  const open = url.protocol === "https:" ? overHttps : overHttp;
  const request = open(url, { method: init.method ?? "POST", headers, ...(init.signal && { signal: init.signal }) });
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  // A server that refuses may answer and hang up before everything is sent: its answer says why.
  pipeline(Readable.fromWeb(init.body as NodeReadableStream), request).catch(() => undefined);
  const [response] = await answered;
  const body = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Uint8Array>));
  const kept = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const status = response.statusCode ?? 502;
  return new Response(status === 204 ? null : body, { status, headers: kept });
};
