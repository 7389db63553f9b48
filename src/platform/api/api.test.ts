/** The operational resources over HTTP, as their users meet them, on both databases. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Open, onEachDatabase, testClock } from "../../../test/support/databases.ts";
import { utf8 } from "../../base/bytes.ts";
import { verificationLabels } from "../../contract/accounts.ts";
import { contentDigest, signRequest } from "../../contract/http-signature.ts";
import { contract } from "../../contract/index.ts";
import type { Acts, Handlers, ServerOptions } from "../../server/ports.ts";
import { createServer } from "../../server/server.ts";
import { createIdentity } from "../accounts/identity.ts";
import { createAudit } from "../audit.ts";
import { createAuditStore } from "../audit-store.ts";
import { loadConfig } from "../config/load.ts";
import { createHealth } from "../health.ts";
import { createIds } from "../ids.ts";
import { createJobStore } from "../jobs-store.ts";
import { createLog } from "../log.ts";
import { createLogTail } from "../log-tail.ts";
import { createMetrics } from "../metrics.ts";
import { openServerKey } from "../server-key.ts";
import { createStorage } from "../storage.ts";
import { createPlatformApi } from "./index.ts";
import { createServerPorts } from "./server-ports.ts";

const { openapi: _, ...system } = contract.system;
const { accounts, users, accessKeys, sessions, audit } = contract;
const operational = { accounts, users, accessKeys, sessions, audit, system };
type Operational = typeof operational;

const PASSWORD = "correct horse battery staple";
const PARTICULARS = {
  legalName: "第一人民医院",
  registrationNumber: "91350100M000100Y43",
  contact: "张三",
  phone: "+86 10 5555 0100",
  country: "CN",
};
const noActs: Acts = {
  resolve: () => Promise.reject(new Error("no acts here")),
  submit: () => Promise.reject(new Error("no acts here")),
};

interface Key {
  id: string;
  secret: string;
}
/** Answers are read by name; each test says what it expects. */
type Body = ReturnType<typeof JSON.parse>;

const setUp = async (t: TestContext, open: Open, settings: Record<string, unknown> = {}) => {
  const db = await open(t);
  if (!db) return undefined;
  const dataDir = mkdtempSync(join(tmpdir(), "entente-api-"));
  const clock = testClock();
  const newId = createIds({ clock });
  const lines: string[] = [];
  const logTail = createLogTail();
  const stream = { write: (line: string) => void lines.push(line) };
  const log = createLog({ level: "debug", format: "json", stream, tail: logTail });
  const config = loadConfig({ file: { signInLimit: 1_000, database: "postgres://me:hidden@db/x", ...settings } });
  const identity = createIdentity({ db, clock, newId, serverKey: openServerKey(dataDir), config });
  const trail = createAudit({ store: createAuditStore({ db }), clock, newId });
  const metrics = createMetrics({ processMetrics: false });
  const health = createHealth();
  const platform = { identity, audit: trail, metrics, log };
  const jobs = createJobStore({ db });
  const api = createPlatformApi({
    ...{ ...platform, health, config, version: "1.2.3", labels: verificationLabels },
    ...{ logTail, jobs, storage: createStorage({ dataDir, db }) },
  });
  const ports = createServerPorts({ ...platform, db, clock, config });
  // The two are what the server asks for: the compiler says so here.
  const handlers: Handlers<Operational> = api;
  const asked: Pick<ServerOptions<Operational>, "auth" | "idempotency" | "limits" | "answered"> = ports;
  const server = createServer({ contract: operational, handlers, acts: noActs, ...asked, clock, log });
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  t.after(async () => {
    await server.close(100);
    await ports.drain();
    rmSync(dataDir, { recursive: true });
  });

  let nonce = 0;
  const ask = async (method: string, path: string, options: { key?: Key; body?: object; headers?: object } = {}) => {
    const { key, headers } = options;
    const body = options.body && JSON.stringify(options.body);
    const all: Record<string, string> = { ...headers };
    if (body) Object.assign(all, { "content-type": "application/json", "content-digest": contentDigest(utf8(body)) });
    const target = url + path;
    if (key) Object.assign(all, signRequest({ method, url: target, headers: all }, key, clock.now(), `n${nonce++}`));
    const response = await fetch(target, { method, headers: all, ...(body && { body }) });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    const answer: Body = isJson ? JSON.parse(text) : text;
    return { status: response.status, body: answer, cookie: response.headers.get("set-cookie") };
  };
  const signUp = async (nickname: string, login: string) => {
    const { status, body } = await ask("POST", "/v1/accounts", { body: { nickname, login, password: PASSWORD } });
    assert.equal(status, 201, JSON.stringify(body));
    return body as { account: Body; user: Body; accessKey: Key };
  };
  const operator = async (): Promise<Key> => {
    const key = await identity.bootstrap();
    return { id: key?.accessKeyId ?? "", secret: key?.accessKeySecret ?? "" };
  };
  return { db, clock, jobs, identity, health, ports, lines, ask, signUp, operator };
};

onEachDatabase("operational API", (open) => {
  test("an organisation signs up, submits its particulars, is rejected, then approved", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { account, user, accessKey: key } = await p.signUp("第一医院", "zhang");
    assert.deepEqual([account.verification.state, account.member, user.role], ["none", null, "administrator"]);
    const admin = await p.operator();
    const me = (await p.ask("GET", "/v1/account", { key })).body;
    assert.equal(me.account.nickname, "第一医院");
    assert.ok(me.permissions.includes("task.create"));
    assert.equal((await p.ask("GET", "/v1/account", { key: admin })).body.account, null);

    const review = `/v1/operator/accounts/${account.id}/verification`;
    const decide = (body: object, by = admin, path = review) => p.ask("POST", path, { key: by, body });
    assert.equal((await decide({ decision: "approved" })).body.code, "verification.none");
    const wrong = { ...PARTICULARS, registrationNumber: "123" };
    const submit = (body: object) => p.ask("PUT", "/v1/account/verification", { key, body });
    assert.equal((await submit(wrong)).body.code, "verification.particulars");
    for (const bad of [{ phone: "call me" }, { legalName: "a\0" }, { legalName: " " }])
      assert.equal((await submit({ ...PARTICULARS, ...bad })).body.code, "request.invalid");
    const submitted = (await submit(PARTICULARS)).body;
    assert.equal(submitted.verification.state, "submitted");
    assert.deepEqual(submitted.verification.particulars, PARTICULARS);
    assert.equal((await submit(PARTICULARS)).body.code, "verification.open");

    assert.equal((await decide({ decision: "approved" }, key)).status, 403);
    assert.equal((await decide({ decision: "rejected" })).body.code, "verification.reason");
    const rejected = (await decide({ decision: "rejected", reason: "名称与证照不符" })).body;
    assert.deepEqual([rejected.verification.state, rejected.verification.reason], ["rejected", "名称与证照不符"]);
    await submit(PARTICULARS);
    assert.equal((await decide({ decision: "approved" })).body.verification.label["zh-CN"], "已认证");
    assert.equal((await submit(PARTICULARS)).body.code, "verification.approved");
    const decideOn = (id: string) => decide({ decision: "approved" }, admin, review.replace(account.id, id));
    assert.equal((await decideOn("nobody")).status, 404);
    assert.equal((await decideOn("a%00")).status, 400);
  });

  test("the operator lists accounts by name and by verification", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const first = await p.signUp("第一医院", "zhang");
    await p.signUp("Lab_2", "li");
    await p.ask("PUT", "/v1/account/verification", { key: first.accessKey, body: PARTICULARS });
    const key = await p.operator();
    const list = async (query: string) => (await p.ask("GET", `/v1/operator/accounts?${query}`, { key })).body;
    const names = async (query: string) => (await list(query)).items.map(({ nickname }: Body) => nickname);
    assert.deepEqual(await names(""), ["第一医院", "Lab_2"]);
    assert.deepEqual(await names("search=lab"), ["Lab_2"]);
    assert.deepEqual(await names("verification=submitted"), ["第一医院"]);
    assert.deepEqual(await names("verification=none"), ["Lab_2"]);
    assert.deepEqual(await names("verification=approved"), []);
    const page = await list("page=2&pageSize=1");
    assert.deepEqual([page.items.length, page.total, page.page, page.pageSize], [1, 2, 2, 1]);
  });

  test("taken names, closed registration", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    await p.signUp("第一医院", "zhang");
    const codeOf = async (nickname: string, login: string) =>
      (await p.ask("POST", "/v1/accounts", { body: { nickname, login, password: PASSWORD } })).body.code;
    assert.equal(await codeOf("第一医院", "li"), "account.nickname-taken");
    assert.equal(await codeOf("Lab", "zhang"), "user.login-taken");
    const closed = await setUp(t, open, { signup: "closed" });
    const body = { nickname: "Lab", login: "li", password: PASSWORD };
    assert.equal((await closed?.ask("POST", "/v1/accounts", { body }))?.body.code, "signup.closed");
  });

  test("users of an unverified account are managed; those of others are unknown", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { user, accessKey: key } = await p.signUp("第一医院", "zhang");
    const other = await p.signUp("Lab", "lab");
    const added = await p.ask("POST", "/v1/users", { key, body: { login: "li", password: PASSWORD, role: "member" } });
    assert.deepEqual([added.status, added.body.role, added.body.disabledAt], [201, "member", null]);
    assert.equal(JSON.stringify(added.body).includes("assword"), false);
    const li = `/v1/users/${added.body.id}`;
    const put = (path: string, body: object, by = key) => p.ask("PUT", path, { key: by, body });

    for (const path of [li, "/v1/users/nobody"]) {
      const foreign: { status: number; body: Body }[] = [
        await put(path, { role: "auditor" }, other.accessKey),
        await p.ask("DELETE", path, { key: other.accessKey }),
      ];
      assert.deepEqual(
        foreign.map(({ status, body }) => [status, body.code]),
        [
          [404, "user.unknown"],
          [404, "user.unknown"],
        ],
      );
    }
    const last = `/v1/users/${user.id}`;
    assert.equal((await p.ask("DELETE", last, { key })).body.code, "user.last-administrator");
    assert.equal(
      (await put(last, { role: "member", password: "another long password" })).body.code,
      "user.last-administrator",
    );
    assert.equal((await p.identity.users.authenticate("zhang", PASSWORD, "::1")).userId, user.id, "all or nothing");

    const signedIn = await p.ask("POST", "/v1/sessions", { body: { login: "li", password: PASSWORD } });
    const cookie = signedIn.cookie?.split(";")[0] ?? "";
    assert.equal((await p.ask("GET", "/v1/users", { headers: { cookie } })).body.code, "permission.missing");
    const promoted = await put(li, { role: "administrator", disabled: true });
    assert.deepEqual([promoted.body.role, promoted.body.disabledAt !== null], ["administrator", true]);
    assert.equal((await p.ask("GET", "/v1/account", { headers: { cookie } })).body.code, "session.expired");
    await put(li, { disabled: false });
    assert.equal((await p.ask("GET", "/v1/users?pageSize=1&page=2", { key })).body.items[0].login, "li");
    assert.equal((await p.ask("DELETE", li, { key })).status, 204);
    assert.equal((await p.ask("GET", "/v1/users", { key })).body.total, 1);
  });

  test("access keys are one's own, and off at once", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { accessKey: key } = await p.signUp("第一医院", "zhang");
    const { accessKey: other } = await p.signUp("Lab", "lab");
    const second: Key = (await p.ask("POST", "/v1/access-keys", { key, body: {} })).body;
    assert.match(second.secret, /^SK\w{40}$/);
    assert.equal((await p.ask("GET", "/v1/account", { key: second })).status, 200);
    const list = (await p.ask("GET", "/v1/access-keys", { key })).body.items;
    assert.deepEqual([list.length, JSON.stringify(list).includes(second.secret)], [2, false]);
    for (const [method, path] of [
      ["POST", `/v1/access-keys/${second.id}/disable`],
      ["DELETE", `/v1/access-keys/${second.id}`],
    ] as const)
      assert.equal((await p.ask(method, path, { key: other, ...(method === "POST" && { body: {} }) })).status, 404);
    const off = await p.ask("POST", `/v1/access-keys/${second.id}/disable`, { key, body: {} });
    assert.notEqual(off.body.disabledAt, null);
    p.clock.advance(1);
    const again = await p.ask("POST", `/v1/access-keys/${second.id}/disable`, { key, body: {} });
    assert.equal(again.body.disabledAt, off.body.disabledAt, "the date is of the first time");
    assert.equal((await p.ask("GET", "/v1/account", { key: second })).body.code, "access-key.refused");
    assert.equal((await p.ask("DELETE", `/v1/access-keys/${second.id}`, { key })).status, 204);
  });

  test("a browser signs in, sees its session, changes something with the token, signs out", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { accessKey: key } = await p.signUp("第一医院", "zhang");
    const signIn = (password: string) => p.ask("POST", "/v1/sessions", { body: { login: "zhang", password } });
    assert.equal((await signIn("wrong")).body.code, "sign-in.failed");
    const { status, body, cookie } = await signIn(PASSWORD);
    assert.equal(status, 201);
    assert.match(cookie ?? "", /^entente=[\w-]{43}; .*HttpOnly; SameSite=Lax/);
    const headers = { cookie: `theme=dark; ${cookie?.split(";")[0]}; x=y` };
    const current = (await p.ask("GET", "/v1/sessions/current", { headers })).body;
    assert.deepEqual(current, body);
    assert.equal(current.account.nickname, "第一医院");
    assert.equal((await p.ask("GET", "/v1/sessions/current", { key })).body.code, "session.required");
    const leave = (more: object) => p.ask("DELETE", "/v1/sessions/current", { headers: { ...headers, ...more } });
    assert.equal((await leave({})).body.code, "session.csrf");
    const left = await leave({ "x-csrf-token": body.csrf });
    assert.deepEqual([left.status, /Max-Age=0/.test(left.cookie ?? "")], [204, true]);
    assert.equal((await p.ask("GET", "/v1/sessions/current", { headers })).body.code, "session.expired");
    assert.equal(
      (await p.ask("GET", "/v1/account", { headers: { cookie: "theme=dark" } })).body.code,
      "session.expired",
    );
  });

  test("an operator signs in with its access key, and deleting the key ends what it opened", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { id, secret } = await p.operator();
    const signIn = (login: string, password: string) => p.ask("POST", "/v1/sessions", { body: { login, password } });
    assert.equal((await signIn(id, "SK")).body.code, "sign-in.failed");
    const [mine, other] = [await signIn(id, secret), await signIn(id, secret)];
    assert.deepEqual([mine.status, mine.body.user.role, mine.body.account], [201, "operator", null]);
    const cookieOf = ({ cookie }: typeof mine) => cookie?.split(";")[0];
    const headers = { cookie: cookieOf(mine), "x-csrf-token": mine.body.csrf };
    assert.equal((await p.ask("DELETE", `/v1/access-keys/${id}`, { headers })).status, 204);
    assert.equal((await p.ask("GET", "/v1/account", { headers })).body.user.login, "admin");
    const theirs = { cookie: cookieOf(other) };
    assert.equal((await p.ask("GET", "/v1/account", { headers: theirs })).body.code, "session.expired");
    assert.equal((await signIn(id, secret)).body.code, "sign-in.failed");
  });

  test("the audit trail names who did what, each account its own, without secrets", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { account, accessKey: key } = await p.signUp("第一医院", "zhang");
    await p.signUp("Lab", "lab");
    const admin = await p.operator();
    await p.ask("POST", "/v1/sessions", { body: { login: "zhang", password: "a wrong password" } });
    await p.ask("POST", "/v1/sessions", { body: { login: PASSWORD, password: "typed into the wrong field" } });
    const added = await p.ask("POST", "/v1/users", { key, body: { login: "li", password: PASSWORD, role: "member" } });
    await p.ask("GET", "/v1/operator/accounts", { key });
    await p.ask("DELETE", "/v1/users/nobody", { key });
    await p.ask("GET", "/v1/account", { key });
    await p.ask("DELETE", `/v1/users/${added.body.id}`, { key });
    await p.ports.drain();

    const rows = async (query: string, by = key, path = "/v1/audit") =>
      (await p.ask("GET", `${path}?limit=100&${query}`, { key: by })).body.items.map(
        ({ actor, action, target, outcome }: Body) => [actor, action, target, outcome],
      );
    const own = [
      ["zhang", "users.delete", added.body.id, "ok"],
      ["zhang", "users.delete", "nobody", "user.unknown"],
      ["zhang", "accounts.list", "", "permission.missing"],
      ["zhang", "users.create", "", "ok"],
      ["zhang", "sessions.create", "", "sign-in.failed"],
      ["zhang", "accounts.create", account.id, "ok"],
    ];
    assert.deepEqual(await rows(""), own);
    assert.deepEqual(await rows("actor=zhang&action=users.create"), [own[3]]);
    assert.deepEqual(await rows("actor=lab"), []);
    const all = await rows("", admin, "/v1/operator/audit");
    assert.deepEqual(all.map(([, action]: string[]) => action).includes("accounts.create"), true);
    assert.equal(all.length, own.length + 2, "the other's signing up, and a login that nobody has");
    assert.deepEqual(await rows("actor=anonymous", admin, "/v1/operator/audit"), [
      ["anonymous", "sessions.create", "", "sign-in.failed"],
    ]);
    const page = (await p.ask("GET", "/v1/audit?limit=4", { key })).body;
    const next = (await p.ask("GET", `/v1/audit?limit=4&cursor=${page.next}`, { key })).body;
    assert.deepEqual([page.items.length, next.items.length, next.next], [4, 2, null]);
    assert.equal((await p.ask("GET", "/v1/audit?cursor=x", { key })).body.code, "page.cursor");

    const stored = JSON.stringify(await p.db.selectFrom("audit").selectAll().execute()) + p.lines.join("");
    for (const secret of [PASSWORD, key.secret, admin.secret, "a wrong password"])
      assert.equal(stored.includes(secret), false);
    assert.ok(stored.includes(key.id), "which access key it was is no secret");
  });

  test("the operator looks at jobs, log and storage; nobody else does", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { accessKey: key } = await p.signUp("第一医院", "zhang");
    const admin = await p.operator();
    for (const [id, state] of [
      ["J1", "done"],
      ["J2", "failed"],
      ["J3", "queued"],
    ] as const)
      await p.jobs.add({
        ...{
          id,
          kind: "sessions.purge",
          key: id,
          openKey: null,
          payload: JSON.stringify({ password: PASSWORD }),
          state,
        },
        ...{ runAt: 1, attempts: 0, interruptions: 0, owner: null, lease: null, lockedUntil: null },
        ...{ error: state === "failed" ? "job.failed" : null, createdAt: 0, finishedAt: state === "queued" ? null : 2 },
      });
    const ask = async (path: string) => (await p.ask("GET", `/v1/operator/${path}`, { key: admin })).body;
    const idsOf = ({ items }: Body) => items.map(({ id }: Body) => id);
    const page = await ask("jobs?limit=2");
    assert.deepEqual(idsOf(page), ["J3", "J2"]);
    assert.deepEqual(idsOf(await ask(`jobs?cursor=${page.next}`)), ["J1"]);
    assert.deepEqual(idsOf(await ask("jobs?state=failed&kind=sessions.purge")), ["J2"]);
    assert.deepEqual([page.items[1].error, page.items[0].finishedAt], ["job.failed", null]);
    assert.equal((await ask("jobs?cursor=x")).code, "page.cursor");
    assert.equal(JSON.stringify(page).includes(PASSWORD), false, "payloads are not shown");

    const { items } = await ask("logs?search=OPERATOR/jobs&limit=1");
    assert.deepEqual([items.length, items[0].level, items[0].details.route], [1, "info", "/v1/operator/jobs"]);
    assert.deepEqual((await ask("logs?level=error")).items, []);
    const { areas, disk } = await ask("storage");
    assert.ok(areas.some(({ files, bytes }: Body) => files > 0 && bytes > 0));
    assert.ok(disk.free > 0 && disk.total >= disk.free);
    for (const path of ["jobs", "logs", "storage"])
      assert.equal((await p.ask("GET", `/v1/operator/${path}`, { key })).body.code, "permission.missing");
  });

  test("one log line and one measurement a request", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { accessKey: key } = await p.signUp("第一医院", "zhang");
    const admin = await p.operator();
    await p.ask("GET", "/v1/account", { key });
    await p.ask("DELETE", "/v1/users/nobody", { key });
    await p.ask("GET", "/nowhere/SECRET");
    const metrics = await p.ask("GET", "/metrics", {
      headers: { authorization: `Basic ${Buffer.from(`${admin.id}:${admin.secret}`).toString("base64")}` },
    });
    assert.match(metrics.body, /duration_seconds_count\{method="DELETE",route="\/v1\/users\/:id",status="404"\} 1/);
    assert.match(metrics.body, /duration_seconds_count\{method="GET",route="none",status="404"\} 1/);
    assert.equal((await p.ask("GET", "/metrics", { key })).status, 403);
    const lines = p.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "answered");
    const brief = lines.map(({ level, action, status, outcome }) => [level, action, status, outcome]);
    assert.deepEqual(brief.slice(0, 4), [
      ["info", "accounts.create", 201, "ok"],
      ["debug", "accounts.me", 200, "ok"],
      ["info", "users.delete", 404, "user.unknown"],
      ["info", "", 404, "route.unknown"],
    ]);
    assert.equal(JSON.stringify(lines).includes("SECRET"), false);
  });

  test("health says which check fails, but to strangers not why; the configuration hides secrets", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    let broken = false;
    p.health.add("database", () => {
      if (broken) throw new Error("no route to db.internal");
    });
    const well = await p.ask("GET", "/health");
    assert.deepEqual([well.status, well.body.status, well.body.version], [200, "ok", "1.2.3"]);
    broken = true;
    const ill = await p.ask("GET", "/health");
    assert.deepEqual([ill.status, ill.body.code, ill.body.details.failing], [503, "health.failing", "database"]);
    assert.equal(ill.body.details.checks.database.ok, false);
    assert.equal(JSON.stringify(ill.body).includes("db.internal"), false);
    assert.ok(p.lines.some((line) => line.includes("db.internal")));
    const { settings } = (await p.ask("GET", "/v1/operator/config", { key: await p.operator() })).body;
    assert.deepEqual([settings.signInLimit, settings.database], [1_000, "***"]);
  });

  test("requests beyond the limit are refused, each key by itself", async (t) => {
    const p = await setUp(t, open, { rateLimit: 1, rateBurst: 5 });
    if (!p) return;
    const first = (await p.signUp("第一医院", "zhang")).accessKey;
    const second = (await p.signUp("Lab", "lab")).accessKey;
    const ask = async (key: Key) => (await p.ask("GET", "/v1/account", { key })).status;
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push(await ask(first));
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
    assert.equal(await ask(second), 200);
  });

  test("a suspended account's key and session say so", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { account, accessKey: key } = await p.signUp("第一医院", "zhang");
    const signedIn = await p.ask("POST", "/v1/sessions", { body: { login: "zhang", password: PASSWORD } });
    await p.identity.accounts.setStatus(account.id, "suspended");
    p.clock.advance(10_000);
    const headers = { cookie: signedIn.cookie?.split(";")[0] };
    assert.equal((await p.ask("GET", "/v1/account", { headers })).body.code, "account.suspended");
    assert.equal((await p.ask("GET", "/v1/account", { key })).body.code, "account.suspended");
  });

  test("a repeated request with an idempotency key adds one user", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { accessKey: key } = await p.signUp("第一医院", "zhang");
    const add = () =>
      p.ask("POST", "/v1/users", {
        key,
        body: { login: "li", password: PASSWORD, role: "member" },
        headers: { "idempotency-key": "once" },
      });
    const [first, second] = [await add(), await add()];
    assert.deepEqual([first.status, second.status, second.body], [201, 201, first.body]);
    assert.equal((await p.ask("GET", "/v1/users", { key })).body.total, 2);
  });
});
