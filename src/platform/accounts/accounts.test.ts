import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Open, onEachDatabase, testClock } from "../../../test/support/databases.ts";
import { DAY, HOUR, MINUTE } from "../../base/clock.ts";
import { isUnifiedCreditCode } from "../../base/credit-code.ts";
import { transaction } from "../db/transaction.ts";
import { createIds } from "../ids.ts";
import { openServerKey } from "../server-key.ts";
import { createIdentity, type IdentityOptions } from "./identity.ts";

const password = "correct horse battery";
const hospital = { nickname: "第一医院", login: "zhang", password };
const particulars = {
  legalName: "第一人民医院",
  registrationNumber: "91350100M000100Y43",
  contact: "张三",
  phone: "+86 10 1234 5678",
  country: "CN",
};
const CONFIG = {
  signup: "open" as const,
  publicUrl: "",
  sessionIdle: HOUR,
  sessionLifetime: 12 * HOUR,
  signInLimit: 100,
};

const keyDirectory = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), "entente-key-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
};
const setUp = async (t: TestContext, open: Open, config: Partial<IdentityOptions["config"]> = {}) => {
  const db = await open(t);
  if (!db) return undefined;
  const clock = testClock();
  const dataDir = keyDirectory(t);
  const options = {
    db,
    clock,
    newId: createIds({ clock }),
    serverKey: openServerKey(dataDir),
    config: { ...CONFIG, ...config },
  };
  return { ...createIdentity(options), db, clock, dataDir, options };
};

onEachDatabase("accounts", (open) => {
  test("an organisation registers, gets an APPID, and is found by nickname and APPID only", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts } = platform;
    const { account, user } = await accounts.register(hospital);
    assert.match(account.appId, /^13\d{8}$/);
    assert.deepEqual(
      [account.member, account.verification, user.role, user.accountId],
      [null, "none", "administrator", account.id],
    );
    const { account: second } = await accounts.register({ ...hospital, nickname: "Lab_2", login: "li" });
    assert.ok(Number(second.appId) > Number(account.appId));
    assert.equal((await accounts.findInvited("第一医院", account.appId))?.id, account.id);
    assert.equal((await accounts.findInvited("LAB_2", second.appId))?.id, second.id);
    assert.equal(await accounts.findInvited("第一医院", second.appId), undefined);
    const within = await transaction(platform.db, (tx) => accounts.findByAppId(account.appId, tx));
    assert.equal(within?.id, account.id);
    assert.equal(await accounts.findInvited("a\0", second.appId), undefined);
    assert.deepEqual(
      (await accounts.list({ search: "lab_" })).items.map(({ id }) => id),
      [second.id],
    );
    assert.equal((await accounts.list({ search: "%" })).total, 0);
    assert.equal((await accounts.list()).total, 2);
    await assert.rejects(accounts.get("nobody"), { code: "account.unknown", status: 404 });
  });

  test("bad and taken names are refused, and leave nothing behind", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts } = platform;
    await accounts.register(hospital);
    const refused = (change: Partial<typeof hospital>, code: string) =>
      assert.rejects(accounts.register({ nickname: "Lab", login: "li", password, ...change }), { code });
    for (const nickname of ["", "医".repeat(51), "a b", "a\0", "рaypal", "<b>", "😀"])
      await refused({ nickname }, "account.nickname");
    for (const login of ["", "a", "Zhang", "-zhang", "x".repeat(65), "张"]) await refused({ login }, "user.login");
    for (const weak of ["", "short", "x".repeat(257)]) await refused({ password: weak }, "password.weak");
    await refused({ nickname: "第一医院" }, "account.nickname-taken");
    await refused({ login: "zhang" }, "user.login-taken");
    assert.equal((await accounts.list()).total, 1);
    await accounts.register({ nickname: "医".repeat(50), login: "li", password });
  });

  test("many registrations at once each get an APPID of their own", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        platform.accounts.register({ nickname: `lab${n}`, login: `lab${n}`, password }),
      ),
    );
    assert.equal(new Set(all.map(({ account }) => account.appId)).size, 8);
  });

  test("closed registration leaves it to the operator", async (t) => {
    const platform = await setUp(t, open, { signup: "closed" });
    if (!platform) return;
    await assert.rejects(platform.accounts.register(hospital), { code: "signup.closed" });
    await platform.accounts.register(hospital, { byOperator: true });
  });

  test("the chain identity is set once", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts, users, db } = platform;
    const { account, user } = await accounts.register(hospital);
    await transaction(db, (tx) => accounts.setMember(account.id, "m1", tx));
    await accounts.setMember(account.id, "m1");
    await assert.rejects(accounts.setMember(account.id, "m2"), { code: "account.member-founded" });
    assert.equal((await accounts.findByMember("m1"))?.id, account.id);
    assert.equal((await users.principal(user.id))?.account?.member, "m1");
  });

  test("real-name verification: submitted, rejected with a reason, submitted again, approved", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts, verifications } = platform;
    const { account, user } = await accounts.register(hospital);
    const state = async () => (await accounts.get(account.id)).verification;
    await assert.rejects(verifications.approve(account.id, "U0"), { code: "verification.none" });
    await verifications.submit(account.id, particulars, user.id);
    assert.equal(await state(), "submitted");
    await assert.rejects(verifications.submit(account.id, particulars, user.id), { code: "verification.open" });
    await assert.rejects(verifications.reject(account.id, "U0", " "), { code: "verification.reason" });
    await verifications.reject(account.id, "U0", "名称与证照不符");
    assert.equal((await verifications.newest(account.id))?.reason, "名称与证照不符");
    await assert.rejects(verifications.require(account.id), { code: "verification.required" });
    const again = [1, 2, 3].map(() => verifications.submit(account.id, particulars, user.id));
    assert.equal((await Promise.allSettled(again)).filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await verifications.list({ state: "submitted" })).total, 1);
    const approved = await verifications.approve(account.id, "U0");
    assert.deepEqual([approved.state, approved.reviewedBy], ["approved", "U0"]);
    assert.equal(await state(), "approved");
    await verifications.require(account.id);
    await assert.rejects(verifications.submit(account.id, particulars, user.id), { code: "verification.approved" });
  });

  test("a registration number of China has to be a unified social credit code", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    for (const registrationNumber of ["91350100M000100Y44", "1"])
      await assert.rejects(platform.verifications.submit("A1", { ...particulars, registrationNumber }, "U1"), {
        code: "verification.particulars",
        message: /registrationNumber/,
      });
  });

  test("users: roles, the last administrator, other accounts' users unknown", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts, users } = platform;
    const { account, user } = await accounts.register(hospital);
    const { account: other } = await accounts.register({ nickname: "Lab", login: "lab", password });
    await assert.rejects(users.create(account.id, { login: "root", role: "operator" }), { code: "user.role" });
    await assert.rejects(users.update(account.id, user.id, { role: "auditor" }), { code: "user.last-administrator" });
    await assert.rejects(users.update(account.id, user.id, { disabled: true }), { code: "user.last-administrator" });
    const second = await users.create(account.id, { login: "li", role: "member", password });
    for (const id of [second.id, "nobody", "a\0"])
      await assert.rejects(users.get(other.id, id), { code: "user.unknown" });
    await assert.rejects(users.update(other.id, second.id, { role: "auditor" }), { code: "user.unknown" });
    await users.update(account.id, second.id, { role: "administrator" });
    const both = [
      users.update(account.id, user.id, { role: "member" }),
      users.update(account.id, second.id, { role: "member" }),
    ];
    assert.equal((await Promise.allSettled(both)).filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await users.list(account.id)).total, 2);
  });

  test("signing in: right, wrong, disabled, suspended, too often", async (t) => {
    const platform = await setUp(t, open, { signInLimit: 6 });
    if (!platform) return;
    const { accounts, users, clock } = platform;
    const { account, user } = await accounts.register(hospital);
    const signIn = (login: string, word: string) => users.authenticate(login, word, "10.0.0.1");
    assert.equal((await signIn("zhang", password)).account?.nickname, "第一医院");
    for (const [login, word] of [
      ["zhang", "wrong"],
      ["nobody", password],
      ["a\0", password],
    ] as const)
      await assert.rejects(signIn(login, word), { code: "sign-in.failed" });
    await accounts.setStatus(account.id, "suspended");
    await assert.rejects(signIn("zhang", "wrong"), { code: "sign-in.failed" });
    await assert.rejects(signIn("zhang", password), { code: "account.suspended" });
    await assert.rejects(signIn("zhang", password), { code: "rate.limited", status: 429 });
    clock.advance(MINUTE);
    await accounts.setStatus(account.id, "active");
    await users.create(account.id, { login: "li", role: "administrator" });
    await users.update(account.id, user.id, { disabled: true });
    await assert.rejects(signIn("zhang", password), { code: "sign-in.failed" });
    await assert.rejects(signIn("li", ""), { code: "sign-in.failed" }, "a user without a password has none to guess");
  });

  test("sessions: cookie, CSRF token, idle and absolute end, sign-out", async (t) => {
    const platform = await setUp(t, open, { publicUrl: "https://entente.example" });
    if (!platform) return;
    const { accounts, sessions, clock, db } = platform;
    const { user } = await accounts.register(hospital);
    const from = { ip: "10.0.0.1", userAgent: "Firefox" };
    const { token, cookie, csrfToken } = await sessions.open(user.id, from);
    assert.match(cookie, /^__Host-entente=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/);
    assert.equal(JSON.stringify(await db.selectFrom("sessions").selectAll().execute()).includes(token), false);
    const session = await sessions.resolve(token);
    assert.equal(session.principal.login, "zhang");
    sessions.checkCsrf(session, csrfToken);
    const other = await sessions.open(user.id, from);
    for (const wrong of [undefined, "", other.csrfToken])
      assert.throws(() => sessions.checkCsrf(session, wrong), { code: "session.csrf" });
    assert.equal((await sessions.list(user.id)).length, 2);
    await assert.rejects(sessions.resolve(undefined), { code: "session.required" });
    await assert.rejects(sessions.resolve("guess"), { code: "session.expired" });
    for (let hour = 0; hour < 12; hour++) {
      await sessions.resolve(token);
      clock.advance(HOUR - 1);
    }
    await assert.rejects(sessions.resolve(other.token), { code: "session.expired" });
    clock.advance(12);
    await assert.rejects(sessions.resolve(token), { code: "session.expired" });
    const third = await sessions.open(user.id, from);
    assert.match(
      (await sessions.close((await sessions.resolve(third.token)).tokenHash)).cookie,
      /^__Host-entente=; .*Max-Age=0/,
    );
    await assert.rejects(sessions.resolve(third.token), { code: "session.expired" });
    await sessions.open(user.id, from);
    clock.advance(DAY);
    assert.equal(await sessions.purge(), 1);
  });

  test("a new password or being disabled ends sessions", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts, sessions, users } = platform;
    const { account, user } = await accounts.register(hospital);
    const from = { ip: "::1", userAgent: "" };
    const [mine, stolen] = [await sessions.open(user.id, from), await sessions.open(user.id, from)];
    const { tokenHash } = await sessions.resolve(mine.token);
    await assert.rejects(users.changePassword(user.id, "wrong", "another long one", tokenHash), {
      code: "password.wrong",
    });
    await users.changePassword(user.id, password, "another long one", tokenHash);
    await sessions.resolve(mine.token);
    await assert.rejects(sessions.resolve(stolen.token), { code: "session.expired" });
    await users.authenticate("zhang", "another long one", "::1");
    await users.create(account.id, { login: "li", role: "administrator" });
    await users.update(account.id, user.id, { disabled: true });
    await assert.rejects(sessions.resolve(mine.token), { code: "session.expired" });
  });

  test("access keys: shown once, sealed at rest, five a user, off at once", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts, accessKeys, users, db, clock } = platform;
    const { account, user } = await accounts.register(hospital);
    const { accessKeyId, accessKeySecret } = await accessKeys.create(user.id);
    assert.match(accessKeyId, /^AK\w{22}$/);
    assert.match(accessKeySecret, /^SK\w{40}$/);
    const [row] = await db.selectFrom("accessKeys").selectAll().execute();
    assert.equal(Buffer.from(row?.sealedSecret ?? []).includes(accessKeySecret.slice(2)), false);
    const resolved = await accessKeys.resolve(accessKeyId);
    assert.deepEqual([resolved.secret, resolved.principal.account?.id], [accessKeySecret, account.id]);
    assert.equal((await accessKeys.list(user.id))[0]?.lastUsedAt, clock.now());
    const more = await Promise.allSettled(Array.from({ length: 6 }, () => accessKeys.create(user.id)));
    assert.equal(more.filter(({ status }) => status === "fulfilled").length, 4);
    await assert.rejects(accessKeys.create(user.id), { code: "access-key.limit" });
    await assert.rejects(accessKeys.setDisabled("U0", accessKeyId, true), { code: "access-key.unknown" });
    await accessKeys.setDisabled(user.id, accessKeyId, true);
    await assert.rejects(accessKeys.resolve(accessKeyId), { code: "access-key.refused" });
    await accessKeys.setDisabled(user.id, accessKeyId, false);
    await accessKeys.resolve(accessKeyId);
    await accounts.setStatus(account.id, "suspended");
    await assert.rejects(accessKeys.resolve(accessKeyId), { code: "account.suspended" });
    await accounts.setStatus(account.id, "active");
    await users.create(account.id, { login: "li", role: "administrator" });
    await users.update(account.id, user.id, { disabled: true });
    await assert.rejects(accessKeys.resolve(accessKeyId), { code: "access-key.refused" });
    await accessKeys.remove(user.id, accessKeyId);
    for (const id of [accessKeyId, "AK\0", "", `AK${"a".repeat(22)}`]) {
      await assert.rejects(accessKeys.resolve(id), { code: "access-key.refused" });
      await assert.rejects(accessKeys.remove(user.id, id), { code: "access-key.unknown" });
    }
  });

  test("the first start makes the operator, once", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const key = await platform.bootstrap();
    assert.equal(await platform.bootstrap(), undefined);
    const { principal } = await platform.accessKeys.resolve(key?.accessKeyId ?? "");
    assert.deepEqual([principal.login, principal.role, principal.account], ["admin", "operator", null]);
    await assert.rejects(platform.users.update(null, principal.userId, { disabled: true }), {
      code: "user.last-administrator",
    });
  });

  test("an operator signs in with an access key; nobody else does", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accounts, accessKeys, signIn, bootstrap } = platform;
    const key = await bootstrap();
    const { accessKeyId = "", accessKeySecret = "" } = key ?? {};
    assert.equal((await signIn(accessKeyId, accessKeySecret, "::1")).role, "operator");
    const { user } = await accounts.register(hospital);
    const theirs = await accessKeys.create(user.id);
    assert.equal((await signIn("zhang", password, "::1")).userId, user.id);
    const failed = { code: "sign-in.failed" };
    await assert.rejects(signIn(theirs.accessKeyId, theirs.accessKeySecret, "::1"), failed);
    await assert.rejects(signIn(accessKeyId, `${accessKeySecret}x`, "::1"), failed);
    await assert.rejects(signIn(accessKeyId, theirs.accessKeySecret, "::1"), failed);
    await assert.rejects(signIn(`AK${"a".repeat(22)}`, accessKeySecret, "::1"), failed);
    const { principal } = await accessKeys.resolve(accessKeyId);
    await accessKeys.setDisabled(principal.userId, accessKeyId, true);
    await assert.rejects(signIn(accessKeyId, accessKeySecret, "::1"), failed);
  });

  test("an operator who lost the key gets another, however things stand", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { accessKeys, users, recoverOperator, clock } = platform;
    const first = await recoverOperator();
    const { principal } = await accessKeys.resolve(first.accessKeyId);
    assert.equal(principal.role, "operator");
    for (let n = 0; n < 4; n++) await accessKeys.create(principal.userId);
    clock.advance(DAY);
    await accessKeys.resolve(first.accessKeyId);
    await users.create(null, { login: "root", role: "operator", password });
    await users.update(null, principal.userId, { disabled: true });
    const second = await recoverOperator();
    assert.equal((await accessKeys.resolve(second.accessKeyId)).principal.login, "admin");
    await accessKeys.resolve(first.accessKeyId);
    assert.equal((await accessKeys.list(principal.userId)).length, 5, "one that nobody used made room");
    await assert.rejects(users.update(null, principal.userId, { role: "member" }), { code: "user.role" });
  });

  test("with another server key, access keys are unreadable rather than wrong", async (t) => {
    const platform = await setUp(t, open);
    if (!platform) return;
    const { user } = await platform.accounts.register(hospital);
    const { accessKeyId } = await platform.accessKeys.create(user.id);
    const other = createIdentity({ ...platform.options, serverKey: openServerKey(keyDirectory(t)) });
    await assert.rejects(other.accessKeys.resolve(accessKeyId), { code: "server-key.other" });
    const same = createIdentity({ ...platform.options, serverKey: openServerKey(platform.dataDir) });
    await same.accessKeys.resolve(accessKeyId);
  });
});

test("the server key is the owner's alone to read, and a damaged one is refused", (t) => {
  const dir = keyDirectory(t);
  openServerKey(dir);
  assert.equal(statSync(join(dir, "server.key")).mode & 0o777, 0o600);
  writeFileSync(join(dir, "server.key"), randomBytes(31));
  assert.throws(() => openServerKey(dir), { code: "server-key.unreadable" });
});

test("unified social credit codes (GB 32100-2015) have a check character", () => {
  assert.equal(isUnifiedCreditCode("91350100M000100Y43"), true);
  for (const wrong of ["91350100M000100Y42", "91350100M000100Y4", "9135010OM000100Y43", "", "19350100M000100Y43"])
    assert.equal(isUnifiedCreditCode(wrong), false, wrong);
});
