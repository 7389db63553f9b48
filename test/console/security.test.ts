/** Somebody else's page, and somebody with a stolen cookie: what they can't do to a person who is signed in. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { toBase64url, toHex } from "../../src/base/bytes.ts";
import { iso } from "../../src/base/clock.ts";
import { createAuthority, identityOf, issueLeaf } from "../../src/sdk/workflows/index.ts";
import { secretOf } from "../../src/trust/crypto/encoding.ts";
import { keyFromPem } from "../../src/trust/keys.ts";
import { pemBlocks, toPem } from "../../src/trust/pem.ts";
import { signStatement } from "../../src/trust/statement.ts";
import { type Console, member, noBrowser, open, openConsole, PASSPHRASE, type Person } from "../support/browser.ts";
import { UNHURRIED } from "../support/entering.ts";

/** A page of another origin on this machine: of the same site, so that a Lax cookie goes along. */
const elsewhere = async (t: TestContext, html: string): Promise<string> => {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};

const cookieOf = async ({ context }: Person) => {
  const cookie = (await context.cookies()).find(({ name }) => name.endsWith("entente"));
  assert.ok(cookie);
  return cookie;
};

/** As whoever has the cookie asks, without a browser. */
const asThief =
  (console: Console, value: string) =>
  async (method: string, path: string, body?: unknown, csrf = "") => {
    const headers = { cookie: `entente=${value}`, "content-type": "application/json", "x-csrf-token": csrf };
    const answer = await fetch(console.platform.url + path, {
      ...{ method, headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text };
  };

const sessionIn = ({ text }: { text: string }) => JSON.parse(text) as { csrf: string; account: { member: string } };

test("sessions, other origins, and the key in the browser", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, UNHURRIED);
  const { url } = console.platform;
  const operator = await console.operator();
  const person = await member(console, operator, "First-Hospital");
  const { page } = person;
  const backup = await readFile(
    join(console.directory, `user-${Buffer.from("First-Hospital").toString("hex")}.pem`),
    "utf8",
  );

  await t.test("no script reads the session, and no other site sends it along", async () => {
    const { httpOnly, sameSite, path, value } = await cookieOf(person);
    assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: "Lax", path: "/" });
    const read = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.ok(!read.includes(value), read);
    const { csrf } = sessionIn(await asThief(console, value)("GET", "/v1/sessions/current"));
    assert.ok(csrf.length > 20 && !read.includes(csrf), "nor is the token against forgery kept");
  });

  await t.test("a session that was there before somebody signed in is not theirs", async () => {
    const fixed = await console.person();
    await fixed.context.addCookies([{ name: "entente", value: "chosen-by-somebody-else", url }]);
    await open(fixed, "/");
    await fixed.page.getByLabel("User name").fill(`user-${Buffer.from("First-Hospital").toString("hex")}`);
    await fixed.page.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
    await fixed.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await fixed.page.locator(".frame").waitFor();
    const [mine, theirs] = [await cookieOf(fixed), await cookieOf(person)];
    assert.ok(!["chosen-by-somebody-else", theirs.value].includes(mine.value));
  });

  await t.test("a stolen cookie looks, and signs nothing", async () => {
    const cookie = await cookieOf(person);
    const thief = await console.person();
    await thief.context.addCookies([cookie]);
    await open(thief, "/alliances");
    await thief.page.getByText("you can view, but not sign").waitFor();
    const create = thief.page.getByRole("button", { name: "New alliance" }).first();
    assert.ok(await create.isDisabled());
    assert.equal(await create.getAttribute("title"), "Open your key first");

    const ask = asThief(console, cookie.value);
    const height = async () => (await ask("GET", "/v1/ledger/checkpoint")).text.split("\n")[1];
    const before = await height();
    assert.equal((await ask("POST", "/v1/access-keys", {})).status, 403, "without the token");
    const { csrf, account } = sessionIn(await ask("GET", "/v1/sessions/current"));
    const me = account.member;
    const managed = await ask("POST", "/v1/alliances", { input: { network: "evidence", detail: { name: "x" } } }, csrf);
    assert.ok(managed.status >= 400, managed.text);
    const authority = createAuthority("Thief", { now: Date.now() });
    const leaf = issueLeaf(authority, { commonName: "Thief", organization: "Thief" }, { now: Date.now() });
    const invited = { kind: "alliance.founded", stream: "", seen: "", by: me, at: iso(Date.now()) };
    const payload = { network: "evidence", enclave: me, detail: "0".repeat(64) };
    const statement = await signStatement({ ...invited, payload }, identityOf(leaf, me));
    const forged = await ask("POST", "/v1/alliances", { statement, detail: {} }, csrf);
    assert.ok(forged.status >= 400 && forged.status < 500, forged.text);
    assert.equal(await height(), before, "nothing is on the ledger");
    await thief.context.close();
  });

  await t.test("another origin posts nothing, reads nothing, and frames nothing", async (t) => {
    const { origin } = new URL(url);
    const evil = await elsewhere(
      t,
      `<!doctype html><title>evil</title>
       <iframe id=framed src="${origin}/account"></iframe><iframe name=sink></iframe>
       <form id=plain method=post enctype=text/plain target=sink><input name='{"a":"' value='"}'></form>
       <form id=usual method=post target=sink><input name=a value=b></form>`,
    );
    const keys = async () =>
      page.evaluate(async () => ((await (await fetch("/v1/access-keys")).json()) as { items: unknown[] }).items.length);
    const before = await keys();
    const { value } = await cookieOf(person);
    const other = await person.context.newPage();
    let posts = 0;
    other.on("request", (request) => {
      if (request.url().startsWith(origin) && request.method() === "POST") posts++;
    });
    await other.goto(evil);
    const said = await other.evaluate(async (to) => {
      const all: string[] = [];
      const tell = (what: string, asked: Promise<Response>) =>
        asked.then(
          (answer) => all.push(`${what} ${answer.type} ${answer.status}`),
          () => all.push(`${what} refused`),
        );
      const credentials = "include";
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
        await tell(
          "no-cors",
          fetch(`${to}/v1/access-keys`, {
            ...{ method: "POST", mode: "no-cors", credentials, body: "{}", headers: { "content-type": type } },
          }),
        );
      await tell("empty", fetch(`${to}/v1/access-keys`, { method: "POST", mode: "no-cors", credentials }));
      const json = { "content-type": "application/json" };
      await tell("json", fetch(`${to}/v1/access-keys`, { method: "POST", credentials, body: "{}", headers: json }));
      await tell("delete", fetch(`${to}/v1/sessions/current`, { method: "DELETE", credentials }));
      await tell("read", fetch(`${to}/v1/account`, { credentials }));
      const login = JSON.stringify({ login: "mallory", password: "correct horse battery staple" });
      const signIn = { method: "POST", mode: "no-cors", credentials, body: login } as const;
      await tell("sign in", fetch(`${to}/v1/sessions`, signIn));
      return all;
    }, origin);
    // Those without preflight arrive; what is answered reaches nobody else's page (CORP), and is a refusal.
    assert.deepEqual([said.length, said.filter((one) => !one.endsWith(" refused"))], [8, []]);
    assert.ok(posts >= 5, String(posts));
    for (const id of ["plain", "usual"]) {
      const posted = other.waitForResponse((response) => response.request().method() === "POST");
      await other.evaluate(
        ([form, action]) => {
          const found = document.getElementById(form) as HTMLFormElement;
          found.action = action;
          found.submit();
        },
        [id, `${origin}/v1/access-keys`] as const,
      );
      assert.ok([403, 415].includes((await posted).status()));
    }
    const framed = other.frames().find((frame) => frame.parentFrame() && frame.name() !== "sink");
    assert.ok(!framed?.url().startsWith(origin), framed?.url());
    assert.equal(await keys(), before, "no access key was made");
    assert.equal(
      await page.evaluate(async () => (await fetch("/v1/account")).status),
      200,
      "and nobody was signed out",
    );
    assert.equal((await cookieOf(person)).value, value, "nor signed in as somebody else");
    await other.close();
    // The same request from the console itself is answered: it is the origin that was refused.
    const own = await page.evaluate(async () => {
      const { csrf } = (await (await fetch("/v1/sessions/current")).json()) as { csrf: string };
      const headers = { "content-type": "application/json", "x-csrf-token": csrf };
      return (await fetch("/v1/access-keys", { method: "POST", body: "{}", headers })).status;
    });
    assert.ok(own < 300);
    assert.equal(await keys(), before + 1);
  });

  await t.test("the browser's key signs, and leaves it by no way", async () => {
    const pem = pemBlocks(backup).findLast(({ label }) => label === "ENCRYPTED PRIVATE KEY");
    assert.ok(pem);
    const secret = secretOf(keyFromPem(toPem(pem.label, pem.der), { passphrase: PASSPHRASE }));
    const { ways, kept } = await page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open("entente");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const records = await new Promise<Record<string, unknown>[]>((resolve) => {
        const request = database.transaction("identities").objectStore("identities").getAll();
        request.onsuccess = () => resolve(request.result);
      });
      const ways: string[] = [];
      const aes = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["wrapKey"]);
      for (const record of records)
        for (const key of Object.values(record).filter((value) => value instanceof CryptoKey)) {
          ways.push(`${key.type} ${key.algorithm.name} ${key.extractable} ${key.usages}`);
          for (const format of ["pkcs8", "jwk", "raw", "spki"] as const) {
            const iv = new Uint8Array(12);
            await crypto.subtle.exportKey(format, key).then(
              () => ways.push(`${format} exported`),
              () => undefined,
            );
            await crypto.subtle.wrapKey(format, key, aes, { name: "AES-GCM", iv }).then(
              () => ways.push(`${format} wrapped`),
              () => undefined,
            );
          }
        }
      const kept = JSON.stringify([
        records,
        { ...localStorage },
        { ...sessionStorage },
        document.documentElement.outerHTML,
      ]);
      return { ways, kept };
    });
    assert.deepEqual(ways, ["private ECDSA false sign"]);
    assert.ok(!/PRIVATE KEY/.test(kept));
    for (const told of [toHex(secret), toBase64url(secret), Buffer.from(secret).toString("base64")])
      assert.ok(!kept.includes(told) && !kept.includes(PASSPHRASE));
  });

  await t.test("whoever signs out is out, for whoever has the cookie too", async () => {
    const { value } = await cookieOf(person);
    const ask = asThief(console, value);
    assert.equal((await ask("GET", "/v1/account")).status, 200);
    await page.locator(".frame-top").getByRole("button", { name: "First-Hospital" }).click();
    await page.getByText("Sign out", { exact: true }).click();
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    assert.equal((await ask("GET", "/v1/account")).status, 401);
    assert.ok(!(await person.context.cookies()).some((cookie) => cookie.value === value));
    await page.goBack();
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    assert.ok(!(await page.content()).includes("First-Hospital"), "going back shows nothing of before");
  });
});
