/** Lines that break, servers that die, sessions that end, and come back: nothing typed is lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Console, noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { enterWithKey, siteOf, UNHURRIED } from "../support/entering.ts";
import { ally, join as joinPlatform } from "../support/members.ts";
import { type Platform, startPlatform } from "../support/platform.ts";

const DOWN = ["The platform is not responding. Retrying…", "平台暂时无响应，正在重试……"] as const;
const CSV = Buffer.from("number\n1\n2\n");

const lost = ({ page, t }: Person) => page.getByText(t(...DOWN));

/** Statements on the ledger. */
const height = async ({ url }: Pick<Platform, "url">): Promise<number> =>
  Number((await (await fetch(`${url}/v1/ledger/checkpoint`)).text()).split("\n")[1]);

/** The session is over, as if its time had come. */
const endSession = async (console: Console, { context }: Person): Promise<void> => {
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const current = `${console.platform.url}/v1/sessions/current`;
  const { csrf } = (await (await fetch(current, { headers: { cookie } })).json()) as { csrf: string };
  const headers = { cookie, "x-csrf-token": csrf, "content-type": "application/json" };
  assert.equal((await fetch(current, { method: "DELETE", headers, body: "{}" })).status, 204);
};

const newAlliance = async (person: Person, name: string) => {
  const { page, t } = person;
  await open(person, "/alliances?new=1");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("Alliance name", "联盟名称")).fill(name);
  return { dialog, create: dialog.getByRole("button", { name: t("Create and sign", "确定并签名") }) };
};

const sealAndFetch = async ({ page, t }: Person): Promise<void> => {
  await page.getByRole("button", { name: t("Seal and fetch the structure", "获取表结构") }).click();
};

test("lines, servers and sessions that go in the middle of a form", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, UNHURRIED);
  const site = await siteOf(console.platform);
  const [hospital, institute] = await Promise.all([joinPlatform(site, "Hospital"), joinPlatform(site, "Institute")]);
  const person = await enterWithKey(console, hospital);
  const { page, context } = person;

  await t.test("without a line the form stays and says so in place; with it the act is done, once", async () => {
    const { dialog, create } = await newAlliance(person, "Offline");
    await context.setOffline(true);
    await lost(person).waitFor();
    await dialog.getByLabel("Description").fill("typed without a line");
    await create.click();
    await dialog.getByRole("alert").filter({ hasText: "server.unreachable" }).waitFor();
    assert.equal(await dialog.getByLabel("Alliance name").inputValue(), "Offline");
    await context.setOffline(false);
    await lost(person).waitFor({ state: "detached" });
    const before = await height(console.platform);
    await create.click();
    await page.getByRole("link", { name: "Offline" }).waitFor();
    assert.equal(await height(console.platform), before + 1);
    const { items } = await hospital.client.alliances.list();
    assert.deepEqual(
      items.map(({ name, description }) => [name, description]),
      [["Offline", "typed without a line"]],
    );
  });

  await t.test("a session that ends: the door opens over the page, and what was typed stays", async () => {
    const { dialog, create } = await newAlliance(person, "Ended");
    await endSession(console, person);
    await create.click();
    const door = page.getByRole("dialog", { name: "Sign in again" });
    await door.getByLabel("Password", { exact: true }).fill("not the password");
    await door.getByRole("button", { name: "Sign in", exact: true }).click();
    await door.getByRole("alert").filter({ hasText: "sign-in.failed" }).waitFor();
    await door.getByLabel("Password", { exact: true }).fill(hospital.account.password);
    await door.getByRole("button", { name: "Sign in", exact: true }).click();
    await door.waitFor({ state: "hidden" });
    assert.equal(await dialog.getByLabel("Alliance name").inputValue(), "Ended");
    await create.click();
    await page.getByRole("link", { name: "Ended" }).waitFor();
  });

  await t.test("somebody else who signs in there begins anew", async () => {
    await newAlliance(person, "Whispered");
    await page.getByRole("link", { name: "Ended" }).waitFor();
    await endSession(console, person);
    await page.getByRole("dialog").getByRole("button", { name: "Create and sign" }).click();
    const door = page.getByRole("dialog", { name: "Sign in again" });
    await door.getByLabel("User name").fill(institute.account.login);
    await door.getByLabel("Password", { exact: true }).fill(institute.account.password);
    await door.getByRole("button", { name: "Sign in", exact: true }).click();
    await door.waitFor({ state: "hidden" });
    await page.locator(".frame-top").getByText("Institute").waitFor();
    await open(person, "/alliances?new=1");
    const name = page.getByRole("dialog").getByLabel("Alliance name");
    await name.waitFor();
    assert.equal(await name.inputValue(), "");
    await page.getByText("you can view, but not sign").waitFor();
    assert.ok(!(await page.content()).includes("Ended"), "nor is there anything of the other organisation");
    await page.context().clearCookies();
    await open(person, "/");
    await page.getByLabel("User name").fill(hospital.account.login);
    await page.getByLabel("Password", { exact: true }).fill(hospital.account.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.locator(".frame").waitFor();
    await open(person, "/alliances?new=1");
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#name")?.value === "Whispered");
  });

  await t.test("another tab in which somebody else signs in takes this one along", async () => {
    await open(person, "/alliances");
    await page.getByRole("link", { name: "Ended" }).waitFor();
    const tab = { ...person, page: await context.newPage() };
    await open(tab, "/account");
    await tab.page.locator(".frame-top").getByRole("button", { name: "Hospital" }).click();
    await tab.page.getByText("Sign out", { exact: true }).click();
    await tab.page.getByLabel("User name").fill(institute.account.login);
    await tab.page.getByLabel("Password", { exact: true }).fill(institute.account.password);
    await tab.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await tab.page.locator(".frame").waitFor();
    await page.bringToFront();
    await page.getByRole("button", { name: "New alliance" }).first().click();
    await page.getByRole("dialog").getByLabel("Alliance name").fill("Mixed");
    await page.getByRole("dialog").getByRole("button", { name: "Create and sign" }).click();
    await page.locator(".frame-top").getByText("Institute").waitFor();
    await page.waitForFunction(() => !document.body.textContent?.includes("Ended"));
    assert.equal((await hospital.client.alliances.list({ search: "Mixed" })).total, 0);
    await tab.page.close();
    await context.close();
  });
});

test("a server that is killed comes back to the same form, and the same upload", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, UNHURRIED);
  const first = console.platform;
  const site = await siteOf(first);
  const [hospital, institute] = await Promise.all([joinPlatform(site, "Hospital"), joinPlatform(site, "Institute")]);
  const alliance = await ally(site, [institute]);
  const person = await enterWithKey(console, hospital);
  const { page } = person;
  let running = first;
  const kill = async () => {
    process.kill(running.pid, "SIGKILL");
    await running.ended;
  };
  const again = async () => {
    const port = Number(new URL(first.url).port);
    running = await startPlatform({ data: join(console.directory, "data"), port, settings: UNHURRIED });
  };
  try {
    await t.test("in the middle of a form", async () => {
      await open(person, "/sources/new");
      await page.getByLabel("Source name").fill("Patients");
      await kill();
      await page.getByLabel("Description").fill("typed while nobody listened");
      await page.getByText("Sealed file (CSV, Parquet)").click();
      await page.getByRole("button", { name: "Next", exact: true }).click();
      await lost(person).waitFor();
      await again();
      await lost(person).waitFor({ state: "detached" });
      await page
        .locator("input[data-field=file]")
        .setInputFiles({ name: "table.csv", mimeType: "text/csv", buffer: CSV });
      assert.equal(await page.locator("#name").inputValue(), "Patients");
      assert.equal(await page.locator("#description").inputValue(), "typed while nobody listened");
      await institute.client.alliances.invite(alliance, { member: hospital.id });
      await page.getByRole("link", { name: "1 event waiting for you" }).waitFor();
    });

    await t.test("in the middle of an upload", async () => {
      const rows = Buffer.from(`number\n${"1234567\n".repeat(200_000)}`);
      await page
        .locator("input[data-field=file]")
        .setInputFiles({ name: "large.csv", mimeType: "text/csv", buffer: rows });
      // It takes connections, and reads nothing any more.
      process.kill(running.pid, "SIGSTOP");
      const uploading = page.context().waitForEvent("request", (request) => /\/v1\/blobs/.test(request.url()));
      await sealAndFetch(person);
      await uploading;
      await kill();
      await page.getByRole("alert").filter({ hasText: "server.unreachable" }).waitFor();
      await again();
      await lost(person).waitFor({ state: "detached" });
      assert.equal(await page.locator("#name").inputValue(), "Patients");
      await page.getByText("large.csv").waitFor();
      await sealAndFetch(person);
      await page.getByRole("dialog").getByText("1 column and 200000 rows", { exact: false }).waitFor();
      await page.getByRole("button", { name: "Use these descriptions" }).click();
      const before = await height(first);
      await page.getByRole("button", { name: "Register and sign" }).dblclick();
      await page.getByRole("heading", { name: "Patients", level: 1 }).waitFor();
      assert.equal(await height(first), before + 1);
    });
  } finally {
    await running.stop();
  }
});
