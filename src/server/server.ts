/** The HTTP server: one contract, its handlers, and what all routes have in common. */
import { randomUUID } from "node:crypto";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { SECOND } from "../base/clock.ts";
import type { Refusal } from "../base/refusal.ts";
import type { Contract, Endpoint } from "../contract/endpoint.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { createAuthenticator, type Incoming } from "./authenticate.ts";
import { mountConsole } from "./console.ts";
import { refuse } from "./errors.ts";
import { createOnce } from "./idempotent.ts";
import { languageOf } from "./language.ts";
import { type Mounting, mountEndpoint } from "./mount.ts";
import type { Answered, Caller, ServerOptions } from "./ports.ts";
import { problemOf, refusalOf } from "./problem.ts";

export interface Server {
  /** @returns the port that was taken and the address to reach it under */
  listen(where: { host: string; port: number }): Promise<{ port: number; url: string }>;
  /** Takes no more requests, ends live connections, and lets others finish for `grace` milliseconds. */
  close(grace?: number): Promise<void>;
  /** Permissions or members changed otherwise than by a request to this server: ask again. */
  forget(): void;
}

const MiB = 2 ** 20;
const BODY_LIMIT = 2 * MiB;
const HEARTBEAT = 15 * SECOND;
const NOTHING: ReadonlySet<string> = new Set();

export const createServer = <C extends Contract>(options: ServerOptions<C>): Server => {
  const { contract, auth, clock, log, limits, bodyLimit = BODY_LIMIT, trustedProxies = [] } = options;
  const stopping = new AbortController();
  const authenticator = createAuthenticator({ auth, clock }, (ip) => limit(`address ${ip}`));
  const runOnce = createOnce(options.idempotency, log);

  const app = Fastify({
    bodyLimit,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    genReqId: () => randomUUID(),
    forceCloseConnections: "idle",
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => fail(error, request, reply),
    clientErrorHandler: (error, socket) => {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
      const problem = JSON.stringify(problemOf(refuse("request.malformed", { reason: code }), "en", randomUUID()));
      socket.end(
        `HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(problem)}\r\nconnection: close\r\n\r\n${problem}`,
      );
    },
  });

  const limit = (key: string, reply?: FastifyReply): void => {
    const { allowed, remaining, retryAfter } = limits.take(key);
    // draft-ietf-httpapi-ratelimit-headers-10
    const seconds = Math.ceil(retryAfter / SECOND);
    reply?.header("ratelimit", `"requests";r=${remaining};t=${seconds}`);
    if (allowed) return;
    throw refusePlatform("rate.limited", { seconds: Math.max(1, seconds) });
  };
  const policy = `"requests";q=${limits.burst};w=${Math.ceil(limits.burst / limits.perSecond)}`;

  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const known = refusalOf(error, bodyLimit);
    const refusal = known ?? refuse("internal", { requestId: request.id });
    request.outcome = refusal.code;
    if (refusal.status >= 500) log.error({ err: error, requestId: request.id, url: request.url }, "a request failed");
    if (refusal.code === "rate.limited") reply.header("retry-after", String(refusal.details.seconds));
    if (refusal.status === 401) reply.header("www-authenticate", 'Signature realm="entente"');
    reply
      .code(refusal.status)
      .header("cache-control", "no-store")
      .header("x-request-id", request.id)
      .type("application/problem+json; charset=utf-8")
      .send(JSON.stringify(problemOf(refusal, languageOf(request.headers["accept-language"]), request.id)));
  };

  app.decorateRequest("outcome", "ok");
  app.setErrorHandler(fail);

  app.addHook("onRequest", async (request, reply) => {
    for (const [name, value] of securityHeaders) reply.header(name, value);
    if (options.secure) reply.header("strict-transport-security", "max-age=31536000");
    reply.header("x-request-id", request.id).header("ratelimit-policy", policy);
    const endpoint = request.routeOptions.config.endpoint;
    request.caller = callerOf(request);
    if (!endpoint || endpoint.permission === "public") return limit(`address ${request.ip}`, reply);
    await recognise(request, reply, endpoint);
  });

  const recognise = async (request: FastifyRequest, reply: FastifyReply, endpoint: Endpoint): Promise<void> => {
    const found = await authenticator.recognise(incomingOf(request), endpoint).catch((error: unknown) => {
      limit(`address ${request.ip}`, reply);
      throw error;
    });
    const { principal, credential } = found;
    request.caller = { ...request.caller, ...principal, credential };
    limit(`${credential.kind} ${credential.id}`, reply);
    const { permission } = endpoint;
    if (permission !== "signed-in" && !principal.permissions.has(permission))
      throw refuse("permission.missing", { permission });
  };

  app.addHook("onResponse", async (request, reply) => {
    options.answered?.(answeredOf(request, reply));
  });

  const mounting: Mounting = {
    acts: options.acts,
    log,
    heartbeat: options.heartbeat ?? HEARTBEAT,
    stopping: stopping.signal,
    changed: () => authenticator.forget(),
    once(request, endpoint, work) {
      const key = request.headers["idempotency-key"];
      const { credential, userId } = request.caller;
      if (key === undefined || endpoint.confidential || !credential) return work();
      const { method, url } = request;
      return runOnce(
        { scope: userId, key: String(key), method, url, body: request.body as Uint8Array | undefined },
        work,
      );
    },
  };
  mountAll(app, options, mounting);
  const showPage = options.console === undefined ? undefined : mountConsole(app, options.console);
  app.setNotFoundHandler((request, reply) => {
    if (showPage?.(request, reply)) return reply;
    const refusal = unknownRoute(contract, request);
    if (refusal.code === "route.method") reply.header("allow", String(refusal.details.allowed));
    throw refusal;
  });

  return {
    async listen({ host, port }) {
      await app.listen({ host, port });
      const address = app.server.address();
      const taken = typeof address === "object" && address ? address.port : port;
      return { port: taken, url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}` };
    },
    async close(grace = 10 * SECOND) {
      stopping.abort();
      const timer = setTimeout(() => app.server.closeAllConnections(), grace);
      await app.close();
      clearTimeout(timer);
    },
    forget: () => authenticator.forget(),
  };
};

/** Uploads keep their body a stream, so they have a parser of their own. */
const mountAll = <C extends Contract>(app: FastifyInstance, options: ServerOptions<C>, mounting: Mounting): void => {
  const all = Object.entries(options.contract).flatMap(([resource, endpoints]) =>
    Object.entries(endpoints).map(([name, endpoint]) => ({ resource, name, endpoint, action: `${resource}.${name}` })),
  );
  const handlers = options.handlers as Record<string, Record<string, ((...args: never[]) => unknown) | undefined>>;
  const mountIn = (scope: FastifyInstance, upload: boolean) => {
    for (const { resource, name, endpoint, action } of all) {
      if ((endpoint.type === "upload") !== upload) continue;
      const handler = handlers[resource]?.[name];
      if (!handler && endpoint.type !== "act") throw new Error(`the endpoint ${action} has no handler`);
      mountEndpoint(scope, endpoint, action, handler, mounting);
    }
  };
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_, body, done) => done(null, body));
    mountIn(scope, false);
  });
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_, body, done) => done(null, body));
    mountIn(scope, true);
  });
};

const securityHeaders = Object.entries({
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
});

const anonymous = (requestId: string, ip: string): Omit<Caller, "language" | "userAgent"> => ({
  kind: "anonymous",
  userId: "",
  accountId: null,
  member: null,
  permissions: NOTHING,
  credential: undefined,
  requestId,
  ip,
});

const callerOf = (request: FastifyRequest): Caller => ({
  ...anonymous(request.id, request.ip),
  language: languageOf(request.headers["accept-language"]),
  userAgent: request.headers["user-agent"] ?? "",
});

/** The request as its signature sees it. */
const incomingOf = (request: FastifyRequest): Incoming => {
  const url = request.raw.url ?? "";
  const mark = url.indexOf("?");
  const { headers } = request;
  return {
    method: request.method,
    get scheme() {
      return request.protocol;
    },
    get authority() {
      return request.host.toLowerCase();
    },
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark),
    ip: request.ip,
    hasBody: Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
};

const answeredOf = (request: FastifyRequest, reply: FastifyReply): Answered => {
  const { endpoint, action = "" } = request.routeOptions.config;
  const { caller } = request;
  return {
    action,
    endpoint,
    method: request.method,
    route: endpoint?.path ?? "",
    status: reply.statusCode,
    seconds: reply.elapsedTime / SECOND,
    outcome: request.outcome,
    target: Object.values((request.params ?? {}) as Record<string, string>).join(" "),
    caller: caller.kind === "anonymous" ? undefined : caller,
    requestId: request.id,
    ip: request.ip,
  };
};

/** 405 where the path is known under another method. */
const unknownRoute = (contract: Contract, request: FastifyRequest): Refusal => {
  const path = request.url.split("?")[0] ?? "";
  const allowed = Object.values(contract)
    .flatMap((endpoints) => Object.values(endpoints))
    .filter(({ path: pattern }) =>
      new RegExp(`^${pattern.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`).test(path),
    )
    .map(({ method }) => method);
  const shown = path.slice(0, 200);
  if (allowed.length === 0) return refuse("route.unknown", { path: shown });
  return refuse("route.method", { path: shown, method: request.method, allowed: [...new Set(allowed)].join(", ") });
};
