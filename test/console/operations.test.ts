/** What an operator sees of a platform: processes and their ends, charts, room, work, the log, settings, the audit. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority, foundOrganisation, identityOf } from "../../src/sdk/workflows/index.ts";
import { noBrowser, open, openConsole, PASSWORD, type Person } from "../support/browser.ts";
import { choose } from "../support/console-keys.ts";
import { siteOf } from "../support/entering.ts";
import { keyNodeProcess } from "../support/key-node-process.ts";
import { clientOf, signUp } from "../support/members.ts";
import type { Platform } from "../support/platform.ts";

const DAY = 86_400_000;
/** An authority is valid for ten years. */
const TEN_YEARS = 3_650 * DAY;
const TOKEN = "a-token-that-nobody-is-shown";
const WRONG = "Wrong-Passw0rd-of-somebody";

const tab = async ({ page }: Person, name: string): Promise<void> => {
  await page.getByRole("tab", { name, exact: true }).click();
};
const card = ({ page }: Person, name: string) => page.getByRole("article", { name, exact: true });
const rows = ({ page }: Person) => page.locator("tbody tr");

/** Somebody tries to get in. @returns the reference of the refusal */
const tryDoor = async ({ url }: Pick<Platform, "url">, login: string, password: string): Promise<string> => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/v1/sessions`, {
    ...{ method: "POST", headers, body: JSON.stringify({ login, password }) },
  });
  assert.equal(answer.status, 401);
  return ((await answer.json()) as { requestId: string }).requestId;
};

/** Ends a key node's process, and whatever is started in its place, until it is called. */
const keepDown = (platform: { readonly data: string }, tag: string): (() => void) => {
  const kill = () => {
    try {
      process.kill(keyNodeProcess(platform, tag), "SIGKILL");
    } catch {
      // It is down.
    }
  };
  kill();
  const timer = setInterval(kill, 100);
  return () => clearInterval(timer);
};

/** Bytes that a size stands for, as it is rounded on the page. */
const bytesOf = (said: string): number => {
  const [, number = "", unit = ""] = /^([\d.,]+) (B|KiB|MiB|GiB|TiB)$/.exec(said) ?? [];
  return Number(number.replaceAll(",", "")) * 1024 ** ["B", "KiB", "MiB", "GiB", "TiB"].indexOf(unit);
};
const about = (bytes: number, said: string): void => {
  const read = bytesOf(said);
  assert.ok(Math.abs(read - bytes) <= Math.max(0.06 * bytes, 1), `${said} stands for ${bytes} bytes`);
};

test("an operator sees how everything is, and what it does", { skip: noBrowser }, async (t) => {
  const settings = { "key-nodes": "3", "log-level": "info", "key-join-token": TOKEN };
  const console = await openConsole(t, settings);
  const { platform } = console;
  const data = { data: join(console.directory, "data") };
  const operator = await console.operator();
  const { page } = operator;
  const processes = ["Server", "Ledger", "Database", "Enclaves' host", "Enclave 1"];
  const nodes = ["node-1", "node-2", "node-3"].map((tag) => `Key node ${tag}`);
  const names = [...processes, ...nodes];

  await t.test("every process has a card that says it runs; simulated attestation says so", async () => {
    await open(operator, "/operations");
    await page.getByText("All 8 are running.").waitFor();
    for (const name of names) await card(operator, name).getByText("Running", { exact: true }).waitFor();
    assert.equal(await page.getByRole("article").count(), names.length);
    for (const name of ["Enclave 1", ...nodes])
      assert.equal(await card(operator, name).getByText("Simulated").count(), 1, name);
  });

  await t.test("a key node that was killed fails, says since when and what to do, and runs again", async () => {
    const node = card(operator, "Key node node-2");
    const since = node.locator("time");
    const before = await since.getAttribute("datetime");
    const letUp = keepDown(data, "node-2");
    t.after(letUp);
    await node.getByText("Failing", { exact: true }).waitFor();
    await page.getByText("1 of 8 fail: Key node node-2").waitFor();
    await node.getByText("is away since").waitFor();
    const went = await since.getAttribute("datetime");
    assert.ok(String(went) > String(before), `${went} is after ${before}`);
    assert.deepEqual(await page.getByRole("article").evaluateAll((all) => all.map((one) => one.ariaLabel)), names);
    await node.getByRole("link", { name: "Read its log" }).click();
    await page.locator(".log").getByText("the key node node-2 ended").first().waitFor();
    letUp();
    await tab(operator, "Health");
    await page.getByText("All 8 are running.").waitFor();
    await node.getByText("runs since").waitFor();
    assert.ok(String(await since.getAttribute("datetime")) > String(went));
  });

  await t.test("an authority that expires soon is at the top, and says what to do", async () => {
    const site = await siteOf(platform);
    const account = await signUp(site, "Old-Hospital");
    const { nickname, appId } = account;
    const authority = createAuthority(nickname, { now: Date.now() - TEN_YEARS + 20.5 * DAY });
    const founder = clientOf(site, account, identityOf(authority));
    await foundOrganisation(founder, authority.certificate, { nickname, appId });
    await open(operator, "/operations");
    const first = rows(operator).first();
    await first.getByText("Old-Hospital").waitFor();
    await first.getByText("in 20 days").waitFor();
    await page.getByText("1 expired, or within 60 days of it").waitFor();
    assert.equal(await rows(operator).count(), 2, "the key service's own lasts for years");
  });

  await t.test("charts move while they are looked at", async () => {
    await tab(operator, "Metrics");
    const requests = page.getByRole("img", { name: "Requests per second" }).locator("path").last();
    const drawn = await requests.getAttribute("d");
    await page.waitForFunction(
      ({ name, drawn: then }) => {
        const path = document.querySelector(`svg[aria-label="${name}"] path:last-of-type`);
        return path !== null && path.getAttribute("d") !== then;
      },
      { name: "Requests per second", drawn },
    );
    // The key service's group, three nodes with where they listen, the enclave; and the hospital.
    const { size } = (await (await siteOf(platform)).office.ledger.entries({ start: 0, limit: 1 })) ?? {};
    const figure = page.getByRole("article").filter({ hasText: "Statements on the ledger" }).locator(".figure");
    await figure.getByText(String(size), { exact: true }).waitFor();
    const memory = page.getByRole("article").filter({ hasText: "Server memory" }).locator(".figure");
    assert.ok(bytesOf(await memory.innerText()) > 20 * 1024 ** 2);
    await rows(operator).filter({ hasText: "GET /metrics" }).waitFor();
  });

  await t.test("every area of the disk has its size, and together they are what the platform takes", async () => {
    const answered = page.waitForResponse(/\/v1\/operator\/storage$/);
    await tab(operator, "Storage");
    type Storage = { areas: { name: string; bytes: number; files: number }[]; disk: { free: number; total: number } };
    const { areas, disk } = (await (await answered).json()) as Storage;
    await page.getByRole("heading", { name: "By area" }).waitFor();
    const shown = await rows(operator).evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.innerText)),
    );
    assert.equal(shown.length, areas.length);
    for (const name of ["Ledger", "Database", "Key nodes' stores", "Enclave's sealed state"])
      assert.ok(
        shown.some(([area]) => area === name),
        name,
      );
    for (const [i, { bytes, files }] of areas.entries()) {
      assert.equal(shown[i]?.[2], files.toLocaleString("en"));
      about(bytes, shown[i]?.[3] ?? "");
    }
    const sum = areas.reduce((all, { bytes }) => all + bytes, 0);
    about(sum, await page.locator("tfoot td").last().innerText());
    about(disk.free, (await page.locator(".figure").innerText()).replace(" free", ""));
  });

  await t.test("work in the background is listed with how it ended, by its state", async () => {
    await tab(operator, "Jobs");
    await rows(operator).filter({ hasText: "Delete expired sessions" }).filter({ hasText: "Done" }).first().waitFor();
    await choose(operator, "State", "Queued");
    await page.waitForURL(/state=queued/);
    await rows(operator).filter({ hasText: "Done" }).first().waitFor({ state: "detached" });
    assert.equal(await rows(operator).filter({ hasText: "Queued" }).count(), 3, "those of tomorrow");
    await choose(operator, "State", "Failed");
    await page.getByText("No matching jobs.").waitFor();
  });

  await t.test("the log is followed, filtered by level and words, and a line tells all", async () => {
    await open(operator, "/operations?tab=logs");
    const lines = page.locator(".log > li");
    await lines.filter({ hasText: "ready" }).waitFor();
    // Nobody reloads the page: it follows.
    const reference = await tryDoor(platform, "somebody", WRONG);
    const line = lines.filter({ hasText: reference });
    await line.waitFor();
    await line.locator("summary").click();
    await line.locator("pre").getByText(reference).waitFor();
    assert.match(await line.locator("pre").innerText(), /"outcome": "sign-in.failed"/);

    await choose(operator, "Level", "warn and above");
    await lines.filter({ hasText: "info" }).first().waitFor({ state: "detached" });
    await lines.filter({ hasText: "node-2" }).first().waitFor();
    assert.equal(await lines.filter({ hasText: reference }).count(), 0);
    await choose(operator, "Level", "Info and above");
    const words = page.getByPlaceholder("Words, code or reference");
    await words.fill(reference.toUpperCase());
    await words.press("Enter");
    await line.waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".log > li").length === 1);
    await words.fill("nobody writes this");
    await words.press("Enter");
    await page.getByText("No line of this kind").waitFor();
  });

  await t.test("a log that isn't followed stays as it is", async () => {
    const looker = await console.operator();
    // The clock in their hands: half a minute goes by at once.
    await looker.page.clock.install();
    await open(looker, "/operations?tab=logs");
    const follow = looker.page.getByRole("switch", { name: "Follow" });
    await looker.page.locator(".log > li").first().waitFor();
    await follow.click();
    const reference = await tryDoor(platform, "somebody", WRONG);
    let asked = 0;
    looker.page.on("request", (request) => {
      if (request.url().includes("/v1/operator/logs")) asked++;
    });
    await looker.page.clock.runFor(30_000);
    assert.equal(asked, 0);
    await follow.click();
    await looker.page.clock.runFor(4_000);
    await looker.page.locator(".log > li").filter({ hasText: reference }).waitFor();
    await looker.context.close();
  });

  await t.test("neither passwords nor keys are in what is shown", async () => {
    const { accessKeySecret = "" } = platform.admin ?? {};
    await tryDoor(platform, "admin", accessKeySecret.slice(0, -1));
    const reference = await tryDoor(platform, WRONG.toLowerCase(), accessKeySecret.slice(1));
    await open(operator, "/operations?tab=logs&level=trace");
    await page.locator(".log > li").filter({ hasText: reference }).waitFor();
    const log = (await page.locator(".log").textContent()) ?? "";
    await open(operator, "/audit");
    await rows(operator).filter({ hasText: "sign-in.failed" }).first().waitFor();
    const audit = (await page.locator("main").textContent()) ?? "";
    await open(operator, "/operations?tab=configuration");
    await page.getByRole("cell", { name: "keyJoinToken", exact: true }).waitFor();
    const configuration = await page.content();
    assert.match(log, /sign-in\.failed/);
    for (const [what, text] of Object.entries({ log, audit, configuration }))
      for (const secret of [WRONG, PASSWORD, TOKEN, accessKeySecret.slice(1, -1), WRONG.toLowerCase()])
        assert.ok(!text.includes(secret), `${what} shows ${secret}`);
  });

  await t.test("settings are read as they are written in the file, secrets only whether they are set", async () => {
    const row = (name: string) => rows(operator).filter({ has: page.getByRole("cell", { name, exact: true }) });
    await row("keyJoinToken").getByText("set, not shown").waitFor();
    await row("keyToken").getByText("—").waitFor();
    await row("keyNodes").getByRole("cell", { name: "3", exact: true }).waitFor();
    await row("sessionIdle").getByRole("cell", { name: "2h", exact: true }).waitFor();
    const all = await rows(operator).count();
    await page.getByLabel("Filter the settings").fill("KeyNode");
    await row("host").waitFor({ state: "detached" });
    assert.ok((await rows(operator).count()) < all);
    await page.getByLabel("Filter the settings").fill("nothing has this");
    await page.getByText("No matching settings.").waitFor();
  });

  await t.test("the audit is filtered by who and what, and leads to the line of the log", async () => {
    await open(operator, "/audit");
    const who = page.getByPlaceholder("User name");
    const what = page.getByPlaceholder("Action, such as tasks.create");
    await what.fill("sessions.create");
    await what.press("Enter");
    await page.waitForURL(/action=sessions\.create/);
    await rows(operator).filter({ hasNotText: "sessions.create" }).first().waitFor({ state: "detached" });
    await rows(operator).filter({ hasText: "admin" }).filter({ hasText: "Done" }).first().waitFor();
    await who.fill("anonymous");
    await who.press("Enter");
    await rows(operator).filter({ hasText: "admin" }).first().waitFor({ state: "detached" });
    const failed = rows(operator).filter({ hasText: "sign-in.failed" });
    await failed.first().waitFor();
    assert.equal(await rows(operator).count(), await failed.count());
    await failed.first().getByRole("link", { name: "Show" }).click();
    await page.locator(".log > li").filter({ hasText: "sign-in.failed" }).waitFor();
    await open(operator, "/audit?actor=nobody-of-this-name");
    await page.getByText("No matching records.").waitFor();
  });

  await t.test("in Chinese, on a narrow screen in the dark, every part is there and nothing runs over", async () => {
    const narrow = await console.operator({ language: "zh-CN", theme: "dark", width: 390 });
    const parts = {
      health: "8 项全部正常。",
      metrics: "每秒请求数",
      storage: "合计",
      jobs: "清理过期会话",
      logs: "info",
      configuration: "已设置，不显示",
    };
    for (const [part, text] of Object.entries(parts)) {
      await open(narrow, `/operations?tab=${part}`);
      await narrow.page.getByText(text).first().waitFor();
      const over = await narrow.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${part} is ${over} px too wide`);
    }
    await open(narrow, "/audit");
    await narrow.page.getByRole("columnheader", { name: "操作者" }).waitFor();
  });
});
