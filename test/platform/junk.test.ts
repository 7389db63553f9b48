/** Junk on every route of the whole platform, on the database that minds most: a coded answer, and never a 500. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Contract, Endpoint } from "../../src/contract/endpoint.ts";
import { contract as whole } from "../../src/contract/index.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { ally, join, type Member, signUp } from "../support/members.ts";
import { startPostgres } from "../support/postgres.ts";
import { send } from "../support/raw.ts";

const contract: Contract = whole;
const endpoints: [string, Endpoint][] = Object.entries(contract).flatMap(([resource, all]) =>
  Object.entries(all).map(([name, endpoint]): [string, Endpoint] => [`${resource}.${name}`, endpoint]),
);

let platform: TestPlatform;
let alice: Member;
let alliance = "";
let stop: (() => Promise<void>) | undefined;

before(async () => {
  const server = await startPostgres();
  // SQLite then: fewer things go wrong there, but some do.
  const database = "skip" in server ? "" : server.url;
  stop = "skip" in server ? undefined : server.stop;
  platform = await openPlatform({ database });
  alice = await join(platform, "甲方");
  alliance = await ally(platform, [alice]);
});
after(async () => {
  await platform?.stop();
  await stop?.();
});

const TEXTS = [
  "\u0000",
  "a\u0000b",
  "\ufffe\u202e",
  "😀".repeat(30),
  "1e400",
  "-1",
  "9007199254740993",
  "__proto__",
  "%",
  "'; drop table accounts; --",
  "../../server.key",
];
const JUNK: readonly unknown[] = [...TEXTS, "\ud800", null, true, -1, 1e300, 0.5, [], {}, [[]], { toString: 1 }];
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const fine = async (about: string, asked: ReturnType<typeof send>) => {
  const { status, text, code } = await asked;
  assert.ok(status < 500, `${about}: ${status} ${text}`);
  assert.ok(status < 400 || code !== "" || text === "", `${about}: a refusal without its code: ${text}`);
};
const shown = (value: unknown) => JSON.stringify(value).slice(0, 200);

/** What must not be done to the account that goes on asking. */
const spared = new Set(["sessions.delete"]);
const asked = endpoints.filter(([name, { type }]) => type !== "live" && !spared.has(name));
const pathOf = ({ path }: Endpoint, id: string) => path.replace(/:\w+/g, encodeURIComponent(id));

test("ids and queries that are junk", async () => {
  for (const [name, endpoint] of asked) {
    if (endpoint.method !== "GET") continue;
    const parameters = Object.keys("input" in endpoint ? ((endpoint.input as { shape?: object }).shape ?? {}) : {});
    for (const text of TEXTS) {
      const queries = parameters.map((one) => `${one}=${encodeURIComponent(text)}`);
      for (const query of ["", ...queries])
        await fine(
          `${name} ${shown(text)} ${query}`,
          send(platform, alice.account, { path: `${pathOf(endpoint, text)}?${query}` }),
        );
    }
  }
});

test("bodies that are junk, in whole and in each of their fields", async () => {
  for (const [name, endpoint] of asked) {
    if (endpoint.method === "GET" || endpoint.type === "upload") continue;
    const { method } = endpoint;
    const example = (endpoint.type === "act" ? { input: {} } : (endpoint.example ?? {})) as Record<string, unknown>;
    const bodies = [
      ...JUNK.map((junk) => JSON.stringify(junk)),
      ...Object.keys(example).flatMap((field) => JUNK.map((junk) => JSON.stringify({ ...example, [field]: junk }))),
      ...["", "{", "\u0000", nested(60), nested(5_000), `{"a":"${"x".repeat(100_000)}"}`],
    ];
    for (const body of bodies)
      for (const id of [alliance, "\u0000"]) {
        const path = pathOf(endpoint, id);
        await fine(`${name} ${body.slice(0, 200)}`, send(platform, alice.account, { method, path, body }));
        if (path === endpoint.path) break;
      }
  }
});

test("anybody's junk at what is public: signing up and signing in", async () => {
  const fields = { nickname: "机构", login: "someone", password: "correct horse battery staple" };
  for (const path of ["/v1/accounts", "/v1/sessions"])
    for (const field of Object.keys(fields))
      for (const junk of JUNK)
        await fine(
          `${path} ${field} ${shown(junk)}`,
          send(platform, undefined, {
            method: "POST",
            path,
            body: JSON.stringify({ ...fields, login: `${fields.login}${path.length}`, [field]: junk }),
          }),
        );
});

test("particulars and reviews with characters that no database takes", async () => {
  const particulars = { registrationNumber: "1", contact: "x", phone: "1", country: "CN" };
  const operator = { credentials: platform.operator };
  for (const [i, text] of ["a\u0000b", "\ud800", "名\u0001"].entries()) {
    const account = await signUp(platform, `新机构${i}`, { verified: false });
    const submit = (legalName: string) => {
      const body = JSON.stringify({ ...particulars, legalName });
      return send(platform, account, { method: "PUT", path: "/v1/account/verification", body });
    };
    await fine(shown(text), submit(text));
    await submit("好名字");
    const path = `/v1/operator/accounts/${account.id}/verification`;
    const body = JSON.stringify({ decision: "rejected", reason: text });
    await fine(shown(text), send(platform, operator, { method: "POST", path, body }));
  }
});

test("bodies of other types and sizes, and headers without end", async () => {
  for (const [name, endpoint] of asked) {
    if (endpoint.method === "GET") continue;
    const { method } = endpoint;
    const path = pathOf(endpoint, alliance);
    for (const type of ["text/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x", ""])
      await fine(
        `${name} ${type}`,
        send(platform, alice.account, { method, path, body: "<a/>", headers: { "content-type": type } }),
      );
  }
  const path = "/v1/alliances";
  await fine(
    "a large body",
    send(platform, alice.account, { method: "POST", path, body: JSON.stringify("x".repeat(3 * 2 ** 20)) }),
  );
  const { status } = await fetch(platform.url + path, { headers: { "x-long": "x".repeat(64 * 1_024) } });
  assert.ok(status >= 400 && status < 500, String(status));
  await fine(
    "keys",
    send(platform, alice.account, {
      method: "POST",
      path,
      body: "{}",
      headers: { "idempotency-key": "k".repeat(4_000) },
    }),
  );
});

test("it goes on as if nothing had been", async () => {
  assert.equal((await alice.client.alliances.get({ id: alliance })).memberCount, 1);
  assert.equal((await platform.anyone.system.health()).status, "ok");
});
