/**
 * Browser sessions: a random token in a cookie, of which the database has the hash; and a token against cross-site
 * request forgery, derived from it, which a page must repeat in a header.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Clock, MINUTE, SECOND } from "../../base/clock.ts";
import type { ServerKey } from "../server-key.ts";
import { refuse } from "./errors.ts";
import type { SessionStore } from "./sessions-store.ts";
import type { Principal, Users } from "./users.ts";

export interface Session {
  /** Beginning of the token's hash: enough to name one of a user's own. */
  id: string;
  createdAt: number;
  /** To the minute. */
  seenAt: number;
  expiresAt: number;
  ip: string;
  userAgent: string;
}

export interface OpenSession {
  tokenHash: string;
  principal: Principal;
  /** What the page sends in the header `x-csrf-token` with everything that changes something. */
  csrfToken: string;
  expiresAt: number;
}

export interface Sessions {
  /** Name of the cookie: with TLS `__Host-`, which no other host or plain page can set. */
  readonly cookieName: string;
  open(
    userId: string,
    from: { ip: string; userAgent: string },
  ): Promise<{ token: string; cookie: string; csrfToken: string; expiresAt: number }>;
  /** @throws Refusal session.required, session.expired, account.suspended */
  resolve(token: string | undefined): Promise<OpenSession>;
  /** For requests that change something. @throws Refusal session.csrf */
  checkCsrf(session: OpenSession, header: string | undefined): void;
  /** Ends the session. @param tokenHash as `resolve` told it @returns the cookie that removes the browser's */
  close(tokenHash: string): Promise<{ cookie: string }>;
  list(userId: string): Promise<Session[]>;
  /** Ends all sessions of a user but, if given, the present one. @returns how many */
  closeAll(userId: string, exceptHash?: string): Promise<number>;
  purge(): Promise<number>;
}

export interface SessionsOptions {
  store: SessionStore;
  users: Pick<Users, "principal">;
  serverKey: ServerKey;
  clock: Clock;
  /** Milliseconds without use. */
  idle: number;
  /** Milliseconds since signing in. */
  lifetime: number;
  /** Whether browsers reach the server over TLS. */
  secure: boolean;
}

export const createSessions = (options: SessionsOptions): Sessions => {
  const { store, users, serverKey, clock, idle, lifetime, secure } = options;
  const cookieName = secure ? "__Host-entente" : "entente";
  const csrfTokenOf = (tokenHash: string): string => serverKey.derive("csrf", tokenHash);
  const cookieOf = (value: string, seconds: number): string =>
    `${cookieName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;

  return {
    cookieName,

    async open(userId, { ip, userAgent }) {
      const token = randomBytes(32).toString("base64url");
      const tokenHash = hashOf(token);
      const now = clock.now();
      const expiresAt = now + lifetime;
      const texts = { ip: ip.slice(0, 64), userAgent: userAgent.replaceAll("\0", "").slice(0, 256) };
      await store.add({ tokenHash, userId, createdAt: now, seenAt: now, expiresAt, ...texts });
      return {
        token,
        cookie: cookieOf(token, Math.floor(lifetime / SECOND)),
        csrfToken: csrfTokenOf(tokenHash),
        expiresAt,
      };
    },

    async resolve(token) {
      if (!token) throw refuse("session.required");
      const tokenHash = hashOf(token);
      const row = await store.find(tokenHash);
      const now = clock.now();
      if (!row) throw refuse("session.expired");
      const principal = now < row.expiresAt && now - row.seenAt < idle ? await users.principal(row.userId) : undefined;
      if (!principal) {
        await store.remove(tokenHash);
        throw refuse("session.expired");
      }
      // Not at every request: a write costs a sync.
      if (now - row.seenAt >= Math.min(MINUTE, idle / 10)) await store.seen(tokenHash, now);
      return { tokenHash, principal, csrfToken: csrfTokenOf(tokenHash), expiresAt: row.expiresAt };
    },

    checkCsrf({ csrfToken }, header) {
      const [expected, actual] = [Buffer.from(csrfToken), Buffer.from(header ?? "")];
      if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) throw refuse("session.csrf");
    },

    async close(tokenHash) {
      await store.remove(tokenHash);
      return { cookie: cookieOf("", 0) };
    },

    async list(userId) {
      const now = clock.now();
      const rows = await store.list(userId);
      return rows
        .filter(({ expiresAt, seenAt }) => now < expiresAt && now - seenAt < idle)
        .map(({ tokenHash, userId: _, ...row }) => ({ id: tokenHash.slice(0, 16), ...row }));
    },

    closeAll: (userId, exceptHash) => store.removeAll(userId, exceptHash),
    purge: () => store.purge(clock.now(), clock.now() - idle),
  };
};

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");
