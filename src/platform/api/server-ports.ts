/** The platform behind the server's ports: who asks, how often, and what is kept of it. */
import type { Clock } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import type { Identity } from "../accounts/identity.ts";
import { permissionsOf } from "../accounts/permissions.ts";
import type { Principal } from "../accounts/users.ts";
import type { Audit } from "../audit.ts";
import type { Config } from "../config/load.ts";
import type { PlatformDb } from "../db/schema.ts";
import { createIdempotency } from "../idempotency.ts";
import { createIdempotencyStore } from "../idempotency-store.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { createRateLimit } from "../rate-limit.ts";
import { createAnswered } from "./answered.ts";

export interface ServerPortsOptions {
  db: PlatformDb;
  identity: Identity;
  audit: Audit;
  metrics: Metrics;
  log: Log;
  clock: Clock;
  config: Pick<Config, "rateLimit" | "rateBurst" | "idempotencyLifetime">;
}

/** Addresses, keys and sessions that the limits remember. */
const LIMITED = 100_000;

/** `drain` is for the end: it resolves when the audit trail has everything. */
export const createServerPorts = (options: ServerPortsOptions) => {
  const { db, identity, audit, metrics, log, clock, config } = options;
  const { rateLimit: perSecond, rateBurst: burst, idempotencyLifetime: lifetime } = config;
  return {
    auth: createAuth(identity),
    idempotency: createIdempotency({ store: createIdempotencyStore({ db }), clock, lifetime }),
    limits: { ...createRateLimit({ clock, perSecond, burst, keys: LIMITED }), perSecond, burst },
    ...createAnswered({ audit, metrics, log, clock }),
  };
};

const createAuth = ({ accessKeys, sessions }: Identity) => ({
  /** Undefined for a key that is unknown or disabled. @throws Refusal account.suspended */
  accessKey: (id: string) =>
    unlessRefused(async () => {
      const { principal, secret } = await accessKeys.resolve(id);
      return { principal: known(principal), secret };
    }, ["access-key.refused"]),

  /** Undefined without the platform's cookie, and for a session that is over. @throws Refusal account.suspended */
  session: (cookies: string) =>
    unlessRefused(async () => {
      const open = await sessions.resolve(cookieOf(cookies, sessions.cookieName));
      const { tokenHash, principal, csrfToken, expiresAt } = open;
      return { principal: known(principal), id: tokenHash, csrf: csrfToken, expiresAt };
    }, ["session.required", "session.expired"]),
});

const unlessRefused = async <T>(work: () => Promise<T>, codes: readonly string[]): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal && codes.includes(error.code)) return undefined;
    throw error;
  }
};

const known = ({ userId, role, account }: Principal) => ({
  kind: account ? ("user" as const) : ("operator" as const),
  userId,
  accountId: account?.id ?? null,
  member: account?.member ?? null,
  permissions: permissionsOf(role),
});

/** Of a Cookie header (RFC 6265 section 4.2.1). */
const cookieOf = (cookies: string, name: string): string | undefined => {
  const pair = cookies.split(";").find((each) => each.trimStart().startsWith(`${name}=`));
  return pair?.trim().slice(name.length + 1);
};
