/** Junk on every route of the contract: always a coded answer, never a 500. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createTestAuth, createTestIdempotency, SESSION } from "../../test/support/api.ts";
import { toBase64url, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { systemClock } from "../base/clock.ts";
import type { Contract, Endpoint } from "../contract/endpoint.ts";
import { contract as whole } from "../contract/index.ts";
import { refuse } from "../rules/errors.ts";
import { advance, emptyWorld } from "../rules/world.ts";
import type { Handlers } from "./ports.ts";
import { createServer } from "./server.ts";

const REQUESTS = 30;
const contract: Contract = whole;

const endpoints: [string, Endpoint][] = Object.entries(contract).flatMap(([resource, all]) =>
  Object.entries(all).map(([name, endpoint]): [string, Endpoint] => [`${resource}.${name}`, endpoint]),
);
const nothingHere = () => {
  throw refuse("stream.unknown", { id: "junk" });
};
/** Handlers that know nothing: what gets as far as them had the right form. */
const handlers: Handlers<Contract> = Object.fromEntries(
  Object.entries(contract).map(([resource, all]) => [
    resource,
    Object.fromEntries(Object.keys(all).map((name) => [name, nothingHere])),
  ]),
);

const logged: object[] = [];
const server = createServer({
  contract,
  handlers,
  acts: {
    resolve: async (_, __, id) => (/^[0-9a-f]{64}$/.test(id) ? id : nothingHere()),
    async submit(_, __, act) {
      if ("signed" in act) advance(emptyWorld, act.signed, Date.now());
      return nothingHere();
    },
  },
  auth: createTestAuth([...new Set(endpoints.map(([, { permission }]) => permission))]).auth,
  idempotency: createTestIdempotency(),
  limits: { perSecond: 1, burst: 1, take: () => ({ allowed: true, remaining: 1, retryAfter: 0 }) },
  clock: systemClock,
  log: { info: () => undefined, warn: () => undefined, error: (details) => void logged.push(details) },
});
let url = "";
before(async () => {
  ({ url } = await server.listen({ host: "127.0.0.1", port: 0 }));
});
after(() => server.close(100));

/** mulberry32: the same junk every time. */
const createRandom = (seed: number) => {
  let a = seed;
  return (below: number): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};
const random = createRandom(9421);
const one = <T>(of: readonly T[]): T => of[random(of.length)] as T;

const TEXTS = [
  "",
  "x",
  "0",
  "-1",
  "1e999",
  "null",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\u202e联盟",
  "'; drop table",
  "a".repeat(64),
  "a".repeat(3_000),
  "__proto__",
  "M202301061548271",
];
const jws = (payload: unknown, header: unknown = { alg: "ES256", typ: "entente+jws", x5c: ["MIIB"] }) =>
  [canonical(header), canonical(payload), "x".repeat(64)].map((part) => toBase64url(utf8(part))).join(".");
const statementOf = (endpoint: Endpoint, payload: unknown) =>
  jws({
    at: new Date().toISOString(),
    by: one(["", "a".repeat(64)]),
    kind: endpoint.type === "act" ? endpoint.kind.name : "x",
    payload,
    seen: one(["", "b".repeat(64)]),
    stream: one(["", "a".repeat(64)]),
  });
const value = (depth = 0): unknown =>
  one<() => unknown>([
    () => one(TEXTS),
    () => one([null, true, 0, -1, 1.5, 1e300]),
    () => (depth > 2 ? [] : [value(depth + 1), value(depth + 1)]),
    () => (depth > 2 ? {} : { [one(TEXTS)]: value(depth + 1), id: value(depth + 1), detail: value(depth + 1) }),
  ])();
const bodyOf = (endpoint: Endpoint): string =>
  one<() => string>([
    () => "",
    () => "{",
    () => "\u0000\u0001",
    () => "[".repeat(5_000),
    () => JSON.stringify(value()),
    () => JSON.stringify({ ...(endpoint.example as object | undefined), [one(TEXTS)]: value() }),
    () =>
      JSON.stringify({
        statement: one(["", "a.b.c", "..", jws(value()), jws({}, value()), jws(value(), { alg: "none" })]),
      }),
    () => JSON.stringify({ statement: statementOf(endpoint, value()), detail: { salt: value() } }),
    () =>
      JSON.stringify({
        statement: statementOf(endpoint, { id: value(), permission: value(), detail: "a".repeat(64) }),
      }),
    () => JSON.stringify({ input: value() }),
    () => JSON.stringify({ input: { payload: value(), detail: value() } }),
  ])();
const headersOf = (): Record<string, string> => ({
  cookie: SESSION.cookie,
  "x-csrf-token": SESSION.csrf,
  ...one<Record<string, string>>([
    { "content-type": "application/json" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json", "idempotency-key": one(["k", "k".repeat(500), "ü"]) },
    { "content-type": "text/xml" },
    { "content-type": "application/json", "content-digest": one(["sha-256=:AA==:", "x", ""]) },
    {
      "content-type": "application/json",
      "signature-input": one(["", "sig=()", 'sig=("@method");created=1;keyid="k"']),
      signature: "sig=:AA==:",
    },
    { "if-none-match": "*", "accept-language": "zh;q=abc,,;" },
    { "last-event-id": "x".repeat(2_000) },
    { authorization: one(["Basic", "Basic ", "Basic !!!", "Bearer x"]) },
  ]),
});
const pathOf = ({ path }: Endpoint): string => {
  const filled = path.replace(/:\w+/g, () => encodeURIComponent(one(TEXTS.filter((text) => text !== ""))));
  const query = one([
    "",
    "?",
    "?page=x&page=2",
    `?id=${encodeURIComponent(one(TEXTS))}&tab=&limit=-1`,
    "?__proto__=1&constructor[a]=b",
    "?%zz",
  ]);
  return filled + query;
};

test(`${REQUESTS} junk requests on each of ${endpoints.length} routes`, async () => {
  const statuses = new Map<number, number>();
  for (const [name, endpoint] of endpoints)
    for (let i = 0; i < REQUESTS; i++) {
      const { method } = endpoint;
      const path = pathOf(endpoint);
      const body = method === "GET" ? undefined : bodyOf(endpoint);
      const headers = Object.fromEntries(Object.entries(headersOf()).filter(([, text]) => !/[^\x20-\x7e]/.test(text)));
      const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
      const text = await response.text();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      const asked = `${name}: ${method} ${path.slice(0, 200)} ${body?.slice(0, 300)} ${JSON.stringify(headers)}`;
      assert.ok(response.status >= 400 && response.status < 500, `${asked} -> ${response.status} ${text}`);
      assert.match((JSON.parse(text) as { code: string }).code, /^[a-z-]+\.[a-z-]+$/, asked);
    }
  assert.deepEqual(logged, []);
  // The junk is of many sorts: some fails early, some gets to the handlers.
  for (const status of [400, 401, 404])
    assert.ok((statuses.get(status) ?? 0) > 50, `${status}: ${statuses.get(status)}`);
});

test("nesting that would exhaust the stack", async () => {
  const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const payload = toBase64url(utf8(`{"at":${deep(60_000)}}`));
  const header = toBase64url(utf8('{"alg":"ES256","typ":"entente+jws"}'));
  const headers = { cookie: SESSION.cookie, "x-csrf-token": SESSION.csrf, "content-type": "application/json" };
  for (const body of [deep(1_000_000), `{"statement":"${header}.${payload}.${"A".repeat(86)}"}`]) {
    const response = await fetch(`${url}/v1/alliances`, { method: "POST", body, headers });
    assert.equal(response.status, 400, await response.text());
  }
});
