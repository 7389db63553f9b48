/**
 * Ethereum's JSON-RPC as a wallet speaks it (docs/protocols/key-faces.md, section 4): what signs is answered here, with
 * keys that nobody holds; what reads the chain is passed on to a node.
 */
import type { FastifyInstance } from "fastify";
import { fromUtf8 } from "../../../base/bytes.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Language, Refusal } from "../../../base/refusal.ts";
import type { KeyService } from "../../../keys/service.ts";
import type { Asker } from "../../../spine/access.ts";
import { languageOf } from "../../language.ts";
import type { ServerLog } from "../../ports.ts";
import { refusalOf } from "../../problem.ts";
import type { Door } from "../door.ts";
import { CODES, RpcError, rpcErrorOf } from "./errors.ts";
import { createJobs } from "./jobs.ts";
import { createMethods, type Method } from "./methods.ts";
import { createUpstream } from "./upstream.ts";

export interface EthereumOptions {
  readonly service: KeyService;
  /** In whose name all is signed. */
  readonly asker: Asker;
  readonly door: Door;
  /** URL of a node's JSON-RPC; "" for a signer only. */
  readonly upstream: string;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** How long a caller waits for a signature, milliseconds. */
  readonly wait: number;
}

type Id = string | number | null;
interface Answer {
  readonly jsonrpc: "2.0";
  readonly id: Id;
  readonly result?: unknown;
  readonly error?: { code: number; message: string; data?: unknown };
}

const MOST = 100;
/** Passed on: what a node answers about its chain, none of what governs the node or signs with keys of its own. */
const FORWARDED = /^(eth|net|web3|txpool|trace)_(?!sign|sendTransaction|accounts|requestAccounts)\w{1,64}$/;

/** Mounts it on `app`, whose parser gives bodies as bytes. */
export const mountEthereum = (app: FastifyInstance, options: EthereumOptions): void => {
  const { door, clock, log, wait } = options;
  const upstream = createUpstream(options.upstream);
  const { methods, resume } = createMethods({ ...options, upstream, jobs: createJobs({ clock, wait }) });

  const methodOf = (name: string): Method => {
    const own = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (own) return own;
    if (FORWARDED.test(name)) return (params) => upstream(name, params);
    throw new RpcError(CODES.method, `There is no method ${name.slice(0, 80)} here.`);
  };

  const failed = (id: Id, error: unknown, language: Language): Answer => {
    const known = error instanceof Refusal ? rpcErrorOf(error, language) : error;
    if (!(known instanceof RpcError)) log.error({ err: error }, "a call of JSON-RPC failed");
    const { code, message, data } =
      known instanceof RpcError ? known : new RpcError(CODES.internal, "Something failed on our side.");
    return { jsonrpc: "2.0", id, error: { code, message, ...(data !== undefined && { data }) } };
  };

  /** @returns undefined for a notification */
  const call = async (request: unknown, language: Language): Promise<Answer | undefined> => {
    const { jsonrpc, id, method, params = [] } = (request ?? {}) as Record<string, unknown>;
    const isId = id === null || typeof id === "string" || typeof id === "number";
    try {
      if (jsonrpc !== "2.0" || typeof method !== "string" || !(id === undefined || isId))
        throw new RpcError(CODES.request, "This is not a request of JSON-RPC 2.0.");
      if (!Array.isArray(params)) throw new RpcError(CODES.params, "Invalid params: a list is expected.");
      const result = await methodOf(method)(params);
      return id === undefined ? undefined : { jsonrpc: "2.0", id: id as Id, result: result ?? null };
    } catch (error) {
      const answer = failed(isId ? id : null, error, language);
      return id === undefined && answer.error?.code !== CODES.request ? undefined : answer;
    }
  };

  const answerTo = async (body: unknown, language: Language): Promise<unknown> => {
    if (!Array.isArray(body)) return call(body, language);
    if (body.length === 0 || body.length > MOST)
      return failed(null, new RpcError(CODES.request, `A batch has 1 to ${MOST} requests.`), language);
    const answers = (await Promise.all(body.map((each) => call(each, language)))).filter((one) => one !== undefined);
    return answers.length === 0 ? undefined : answers;
  };

  app.addHook("onListen", async () => {
    await resume().catch((error: unknown) =>
      log.error({ err: error }, "requests of Ethereum callers were not taken up"),
    );
  });
  app.addHook("onRequest", async (request) => door(request));
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, app.initialConfig.bodyLimit ?? 0);
    if (refusal?.status === 401) reply.header("www-authenticate", "Bearer");
    const language = languageOf(request.headers["accept-language"]);
    return reply.code(refusal?.status ?? 500).send(failed(null, refusal ?? error, language));
  });
  app.post("/ethereum", async (request, reply) => {
    const language = languageOf(request.headers["accept-language"]);
    reply.header("cache-control", "no-store").type("application/json; charset=utf-8");
    const body = parse(request.body as Uint8Array | undefined);
    if (body === undefined) return failed(null, new RpcError(CODES.parse, "The body is not JSON in UTF-8."), language);
    const answer = await answerTo(body, language);
    return answer === undefined ? reply.code(204).send() : reply.send(JSON.stringify(answer));
  });
};

const parse = (body: Uint8Array | undefined): unknown => {
  try {
    return JSON.parse(fromUtf8(body ?? new Uint8Array()));
  } catch {
    return undefined;
  }
};
