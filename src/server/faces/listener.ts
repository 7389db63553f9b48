/** The faces on a port of their own: protocols of other systems, each under its path, over the one key service. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Clock, SECOND } from "../../base/clock.ts";
import type { KeyService } from "../../keys/service.ts";
import { refuse as refusePlatform } from "../../platform/errors.ts";
import type { Asker } from "../../spine/access.ts";
import type { Auth, Limits, ServerLog } from "../ports.ts";
import { createDoor, isLoopback } from "./door.ts";
import { refuse } from "./errors.ts";
import { mountEthereum } from "./ethereum/index.ts";
import { mountKms } from "./kms/index.ts";
import { mountMappic } from "./mappic/index.ts";
import { createSigner } from "./signer.ts";

export interface FacesOptions {
  readonly service: KeyService;
  /** In whose name the faces ask that have one caller for all. */
  readonly house: Asker;
  /** What callers of these have to bring; "" lets every program of this machine in, and nobody else. */
  readonly token: string;
  /** Access keys of the platform's users, with which requests to the KMS face are signed. */
  readonly auth: Pick<Auth, "accessKey">;
  /** How often one address may ask. */
  readonly limits: Pick<Limits, "take">;
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  readonly clock: Clock;
  readonly log: ServerLog;
  /** URL of an Ethereum node's JSON-RPC, to send transactions and read the chain; none for a signer only. */
  readonly upstream?: string;
  /** How long a caller waits for a signature before it is told to ask again, milliseconds. */
  readonly wait?: number;
  /** Largest body, bytes. */
  readonly bodyLimit?: number;
}

export interface Faces {
  /** @throws Refusal face.token-needed without a token anywhere but on a loopback address */
  listen(where: { host: string; port: number }): Promise<{ port: number; url: string }>;
  close(grace?: number): Promise<void>;
}

const BODY_LIMIT = 2 ** 20;
/** Some clients give up after ten seconds. */
const WAIT = 8 * SECOND;
const KEY_WAIT = 30 * SECOND;

export const createFaces = (options: FacesOptions): Faces => {
  const { service, house, token, auth, upstream = "", clock, log, wait = WAIT, bodyLimit = BODY_LIMIT } = options;
  const { limits, trustedProxies = [] } = options;
  const app = Fastify({
    ...{ bodyLimit, forceCloseConnections: "idle", routerOptions: { ignoreTrailingSlash: true } },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
  });
  const door = createDoor(token);
  const sign = createSigner(service, wait);

  const limit = async ({ ip }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { allowed, retryAfter } = limits.take(`face ${ip}`);
    if (allowed) return;
    const seconds = Math.max(1, Math.ceil(retryAfter / SECOND));
    reply.header("retry-after", String(seconds));
    throw refusePlatform("rate.limited", { seconds });
  };

  /** A scope that reads bodies of one type, as bytes. */
  const scope = (type: string, mount: (app: FastifyInstance) => void): void => {
    app.register(async (inner) => {
      inner.addHook("onRequest", limit);
      inner.removeAllContentTypeParsers();
      inner.addContentTypeParser(type, { parseAs: "buffer" }, (_, body, done) => done(null, body));
      mount(inner);
    });
  };
  scope("application/json", (inner) => mountMappic(inner, { service, asker: house, door, log }));
  scope("application/json", (inner) =>
    mountEthereum(inner, { service, asker: house, door, upstream, clock, log, wait }),
  );
  scope("application/x-amz-json-1.1", (inner) =>
    mountKms(inner, { service, sign, auth, clock, log, wait: Math.max(wait, KEY_WAIT) }),
  );

  return {
    async listen({ host, port }) {
      if (token === "" && !isLoopback(host)) throw refuse("face.token-needed", { host });
      await app.listen({ host, port });
      const address = app.server.address();
      const taken = typeof address === "object" && address ? address.port : port;
      return { port: taken, url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}` };
    },
    async close(grace = 10 * SECOND) {
      const timer = setTimeout(() => app.server.closeAllConnections(), grace);
      await app.close();
      clearTimeout(timer);
    },
  };
};
