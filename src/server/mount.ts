/** Every endpoint of the contract as a route, each type alike. */
import { createHash, hash } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type {
  AnyAct,
  CommandEndpoint,
  DownloadEndpoint,
  Endpoint,
  LiveEndpoint,
  UploadEndpoint,
  ViewEndpoint,
} from "../contract/endpoint.ts";
import { refuse as refuseSignature } from "../contract/errors.ts";
import { digestOfField } from "../contract/http-signature.ts";
import { readAct } from "./acts.ts";
import { refuse } from "./errors.ts";
import type { Reply } from "./idempotent.ts";
import { inputOf, parseInput, parseJson } from "./input.ts";
import { streamEvents } from "./live.ts";
import type { Acts, Answer, Caller, Download, LiveMessage, LiveRequest, ServerLog } from "./ports.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set before any handler runs. */
    caller: Caller;
    outcome: string;
  }
  interface FastifyContextConfig {
    endpoint?: Endpoint;
    action?: string;
  }
}

export interface Mounting {
  acts: Acts;
  log: ServerLog;
  heartbeat: number;
  /** Runs work once for each idempotency key. */
  once(request: FastifyRequest, endpoint: Endpoint, work: () => Promise<Reply>): Promise<Reply>;
  /** Accounts may have changed. */
  changed(): void;
  /** Aborts when the server stops. */
  stopping: AbortSignal;
}

type Run<Third = undefined, Output = unknown> = (
  caller: Caller,
  input: unknown,
  third: Third,
) => Promise<Output> | Output;
type Route = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** @param handler of the endpoint; undefined for an act */
export const mountEndpoint = (
  app: FastifyInstance,
  endpoint: Endpoint,
  action: string,
  handler: ((...args: never[]) => unknown) | undefined,
  mounting: Mounting,
): void => {
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    // A HEAD of bytes or events would have to produce them all.
    exposeHeadRoute: endpoint.type === "view",
    config: { endpoint, action },
    handler: routeOf(endpoint, handler, mounting),
  });
};

const routeOf = (endpoint: Endpoint, handler: unknown, mounting: Mounting): Route => {
  switch (endpoint.type) {
    case "act":
      return actRoute(endpoint, mounting);
    case "view":
      return viewRoute(endpoint, handler as Run);
    case "command":
      return commandRoute(endpoint, handler as Run<Answer>, mounting);
    case "upload":
      return uploadRoute(endpoint, handler as Run<AsyncIterable<Uint8Array>>);
    case "download":
      return downloadRoute(endpoint, handler as Run<undefined, Download>, mounting);
    case "live":
      return liveRoute(endpoint, handler as Run<LiveRequest, AsyncIterable<LiveMessage>>, mounting);
  }
};

const viewRoute =
  (endpoint: ViewEndpoint, run: Run): Route =>
  async (request, reply) => {
    const { caller } = request;
    const input = parseInput(endpoint.input, inputOf(request.params, request.query), caller.language);
    const output = endpoint.output.parse(await run(caller, input, undefined));
    return sendTagged(request, reply.type("application/json; charset=utf-8"), JSON.stringify(output));
  };

const commandRoute =
  (endpoint: CommandEndpoint, run: Run<Answer>, mounting: Mounting): Route =>
  async (request, reply) => {
    const { caller } = request;
    const body = parseJson(bodyOf(request));
    const input = parseInput(endpoint.input, inputOf(request.params, body), caller.language);
    const answer: Answer = { header: (name, value) => reply.header(name, value) };
    const done = await mounting.once(request, endpoint, async () => {
      const output = endpoint.output.parse(await run(caller, input, answer));
      mounting.changed();
      return endpoint.output instanceof z.ZodVoid
        ? { status: 204, body: "" }
        : { status: endpoint.creates ? 201 : 200, body: JSON.stringify(output) };
    });
    return sendReply(reply, done);
  };

const actRoute =
  (endpoint: AnyAct, mounting: Mounting): Route =>
  async (request, reply) => {
    const { caller } = request;
    const { id } = request.params as { id?: string };
    const act = await readAct(mounting.acts, caller, endpoint, id, parseJson(bodyOf(request)));
    const done = await mounting.once(request, endpoint, async () => {
      const output = endpoint.output.parse(await mounting.acts.submit(caller, endpoint, act));
      // Founding an organisation gives the account its member.
      if (endpoint.kind.founds) mounting.changed();
      return { status: endpoint.creates ? 201 : 200, body: JSON.stringify(output) };
    });
    return sendReply(reply, done);
  };

const uploadRoute =
  (endpoint: UploadEndpoint, run: Run<AsyncIterable<Uint8Array>>): Route =>
  async (request, reply) => {
    const { caller } = request;
    const input = parseInput(endpoint.input, inputOf(request.params, request.query), caller.language);
    const body = checkedBody(request.body as Readable | undefined, request.headers["content-digest"]);
    const output = endpoint.output.parse(await run(caller, input, body));
    return sendReply(reply, { status: endpoint.creates ? 201 : 200, body: JSON.stringify(output) });
  };

const downloadRoute =
  (endpoint: DownloadEndpoint, run: Run<undefined, Download>, { log }: Mounting): Route =>
  async (request, reply) => {
    const { caller, id: requestId } = request;
    const input = parseInput(endpoint.input, inputOf(request.params, request.query), caller.language);
    const { content, size, digest, fileName } = await run(caller, input, undefined);
    reply.type(endpoint.media);
    if (fileName !== undefined) reply.header("content-disposition", attachment(fileName));
    if (typeof content === "string" || content instanceof Uint8Array) return sendTagged(request, reply, content);
    if (digest !== undefined && isKnown(request, reply, `"${digest}"`)) return reply.code(304).send();
    if (size !== undefined) reply.header("content-length", size);
    const bytes = Readable.from(content, { objectMode: false });
    bytes.on("error", (err) => log.error({ err, requestId }, "a download broke off"));
    return reply.send(bytes);
  };

const liveRoute =
  (endpoint: LiveEndpoint, run: Run<LiveRequest, AsyncIterable<LiveMessage>>, mounting: Mounting): Route =>
  async (request, reply) => {
    const { caller, id: requestId } = request;
    const input = parseInput(endpoint.input, inputOf(request.params, request.query), caller.language);
    const stop = new AbortController();
    const abort = () => stop.abort();
    mounting.stopping.addEventListener("abort", abort, { once: true });
    if (mounting.stopping.aborted) abort();
    const messages = await run(caller, input, {
      lastEventId: headerOf(request, "last-event-id")?.slice(0, 256),
      signal: stop.signal,
    });
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    try {
      await streamEvents(reply.raw, messages, { heartbeat: mounting.heartbeat, stop });
    } catch (err) {
      mounting.log.error({ err, requestId }, "a live connection broke off");
    } finally {
      mounting.stopping.removeEventListener("abort", abort);
    }
    return reply;
  };

/** The body as it was sent, its digest (RFC 9530) checked; undefined where there is none. @throws Refusal signature.digest */
const bodyOf = (request: FastifyRequest): Uint8Array | undefined => {
  const body = request.body as Uint8Array | undefined;
  const field = headerOf(request, "content-digest");
  if (field !== undefined && digestOfField(field) !== hash("sha256", body ?? new Uint8Array(), "base64"))
    throw refuseSignature("signature.digest");
  return body;
};

/** An upload's bytes as they come; whoever reads to the end hears when they were not those announced. */
async function* checkedBody(
  body: Readable | undefined,
  field: string | string[] | undefined,
): AsyncIterable<Uint8Array> {
  const sha256 = field === undefined ? undefined : createHash("sha256");
  try {
    for await (const chunk of body ?? []) {
      sha256?.update(chunk as Uint8Array);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNRESET")
      throw refuse("request.malformed", { reason: "the body ended early" });
    throw error;
  }
  if (sha256 && digestOfField(String(field)) !== sha256.digest("base64")) throw refuseSignature("signature.digest");
}

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
};

const sendReply = (reply: FastifyReply, { status, body, replayed }: Reply): FastifyReply => {
  if (replayed) reply.header("idempotency-replayed", "true");
  reply.header("cache-control", "no-store").code(status);
  return status === 204 ? reply.send() : reply.type("application/json; charset=utf-8").send(body);
};

/** With a strong ETag (RFC 9110 section 8.8.3); 304 where the client has it. */
const sendTagged = (request: FastifyRequest, reply: FastifyReply, body: string | Uint8Array): FastifyReply => {
  const tag = `"${hash("sha256", body, "base64url")}"`;
  if (isKnown(request, reply, tag)) return reply.code(304).send();
  return reply.send(typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.length));
};

/** Sets the ETag, and says whether the client named it (RFC 9110 section 13.1.2). */
const isKnown = (request: FastifyRequest, reply: FastifyReply, tag: string): boolean => {
  reply.header("etag", tag).header("cache-control", "private, no-cache").header("vary", "accept-language");
  const known = request.headers["if-none-match"];
  return (
    known !== undefined && (known === "*" || known.split(",").some((each) => each.trim().replace(/^W\//, "") === tag))
  );
};

/** RFC 6266 with RFC 8187 for names beyond ASCII. */
const attachment = (name: string): string =>
  `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"; filename*=UTF-8''${encodeURIComponent(name)}`;
