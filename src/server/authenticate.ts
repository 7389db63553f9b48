/** Who a request is from: an access key's signature (RFC 9421), or a browser's session with its CSRF token. */
import { utf8 } from "../base/bytes.ts";
import { type Clock, SECOND } from "../base/clock.ts";
import type { Endpoint } from "../contract/endpoint.ts";
import { refuse as refuseSignature } from "../contract/errors.ts";
import { checkCoverage, type Message, parseSignature, verifySignature, WINDOW } from "../contract/http-signature.ts";
import { refuse as refuseAccount } from "../platform/accounts/errors.ts";
import { refuse } from "./errors.ts";
import type { Auth, Credential, Principal } from "./ports.ts";

export interface Incoming extends Message {
  readonly ip: string;
  /** There is a body, or may be. */
  readonly hasBody: boolean;
}

export interface Recognised {
  readonly principal: Principal;
  readonly credential: Credential;
}

export interface Authenticator {
  /** @throws Refusal auth.required, access-key.refused, session.*, signature.* */
  recognise(request: Incoming, endpoint: Endpoint): Promise<Recognised>;
  /** Something changed in accounts: ask again. */
  forget(): void;
}

/** How long a key that was disabled by another process may still work. */
const REMEMBERED = 2 * SECOND;
const KEYS_REMEMBERED = 10_000;

interface KnownKey {
  readonly principal: Principal;
  readonly secret: Uint8Array;
  readonly until: number;
}

/** @param beforeLookup called with the address before the database is asked about a key; may refuse */
export const createAuthenticator = (
  { auth, clock }: { auth: Auth; clock: Clock },
  beforeLookup: (ip: string) => void,
): Authenticator => {
  const keys = new Map<string, KnownKey>();
  const nonces = createNonces(clock);
  let generation = 0;

  const keyOf = async (id: string, ip: string): Promise<KnownKey> => {
    const known = keys.get(id);
    if (known && known.until > clock.now()) return known;
    beforeLookup(ip);
    const asked = generation;
    const found = await auth.accessKey(id);
    if (!found) throw refuseAccount("access-key.refused");
    const fresh = { principal: found.principal, secret: utf8(found.secret), until: clock.now() + REMEMBERED };
    if (keys.size >= KEYS_REMEMBERED) keys.clear();
    // What was asked before accounts changed is not kept.
    if (asked === generation) keys.set(id, fresh);
    return fresh;
  };

  const bySignature = async (request: Incoming, input: string): Promise<Recognised> => {
    const signature = parseSignature(input, request.header("signature") ?? "");
    checkCoverage(request, signature, request.hasBody, clock.now());
    const id = signature.keyId;
    const { principal, secret } = await keyOf(id, request.ip);
    if (!verifySignature(request, signature, secret))
      throw refuseSignature("signature.invalid", { key: id.slice(0, 64) });
    if (signature.nonce !== undefined && !nonces.take(`${id} ${signature.nonce}`))
      throw refuseSignature("signature.replayed");
    return { principal, credential: { kind: "access-key", id } };
  };

  /** For scrapers of metrics, which cannot sign (RFC 7617). */
  const byPassword = async (request: Incoming, field: string): Promise<Recognised> => {
    const [id = "", ...rest] = Buffer.from(field.slice("Basic ".length), "base64").toString("utf8").split(":");
    const { principal, secret } = await keyOf(id, request.ip);
    if (!sameText(utf8(rest.join(":")), secret)) throw refuseAccount("access-key.refused");
    return { principal, credential: { kind: "access-key", id } };
  };

  const bySession = async (request: Incoming, cookies: string): Promise<Recognised> => {
    const found = await auth.session(cookies, { ip: request.ip, userAgent: request.header("user-agent") ?? "" });
    if (!found) throw refuseAccount("session.expired");
    const { principal, id, csrf, expiresAt } = found;
    const safe = request.method === "GET" || request.method === "HEAD";
    if (!safe && !sameText(utf8(request.header("x-csrf-token") ?? ""), utf8(csrf))) throw refuseAccount("session.csrf");
    return { principal, credential: { kind: "session", id, csrf, expiresAt } };
  };

  return {
    async recognise(request, endpoint) {
      const input = request.header("signature-input");
      if (input !== undefined) return bySignature(request, input);
      const authorization = request.header("authorization");
      if (authorization?.startsWith("Basic ") && endpoint.permission === "platform.metrics")
        return byPassword(request, authorization);
      const cookies = request.header("cookie");
      if (cookies !== undefined) return bySession(request, cookies);
      throw refuse("auth.required");
    },
    forget() {
      generation++;
      keys.clear();
    },
  };
};

/** Takes the same time wherever they differ. */
const sameText = (a: Uint8Array, b: Uint8Array): boolean => {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i % Math.max(1, b.length)] ?? 0);
  return difference === 0 && b.length > 0;
};

const NONCES_REMEMBERED = 500_000;

/** Nonces seen within the window of a signature's time: two generations, so that forgetting is cheap. */
const createNonces = (clock: Clock) => {
  let young = new Set<string>();
  let old = new Set<string>();
  let turned = clock.now();
  return {
    /** False when it was taken before. */
    take(nonce: string): boolean {
      if (clock.now() - turned > 2 * WINDOW || young.size >= NONCES_REMEMBERED) {
        old = young;
        young = new Set();
        turned = clock.now();
      }
      if (young.has(nonce) || old.has(nonce)) return false;
      young.add(nonce);
      return true;
    },
  };
};
