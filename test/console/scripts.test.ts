/** Scripts that a hostile member, or a link, carries into pages: others read them as text, and nothing runs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { enter, siteOf, UNHURRIED } from "../support/entering.ts";
import { join, signUp } from "../support/members.ts";
import { plant } from "../support/planted.ts";
import { harmIn, routesOfConsole, shows, watchScripts } from "../support/unharmed.ts";

/** What each page has to show, by its route and the number of the place. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  "/alliances": ["alliance"],
  "/alliances/:id 0": ["alliance"],
  "/alliances/:id 1": ["asked", "about"],
  "/models": ["model"],
  "/models/:id 0": ["model", "heading", "item", "paragraph", "bold", "cell", "block", "quoted", "manifest", "file"],
  "/sources/:id 0": ["source", "column", "described", "metadata"],
  "/tasks/:id 0": ["task", "parameter", "model", "alliance"],
  "/tasks/:id 1": ["alliance"],
  "/tasks/:id/authorise 0": ["parameter", "model"],
  "/key-groups": ["group"],
  "/key-groups/:id 0": ["group", "vault", "policy"],
  "/keys": ["group"],
  "/keys/:id 0": ["key", "group"],
  "/key-requests/:id 0": ["domain", "typed", "message", "note"],
  "/policies": ["group"],
};
const NOTHING: readonly string[] = [];
const REFLECTED = "\"><img src=x onerror=ran('link')>";

/** Another id of the same look that nothing has. */
const unknownLike = (id: string): string =>
  id.replace(/.{6}$/, (end) =>
    [...end].map((c) => (/\d/.test(c) ? String(9 - Number(c)) : c === "a" ? "b" : "a")).join(""),
  );

test("what hostile members wrote is read as text on every page, and nothing of it runs", {
  skip: noBrowser,
}, async (t) => {
  const console = await openConsole(t, { ...UNHURRIED, "key-nodes": "3", "log-level": "info" });
  const site = await siteOf(console.platform);
  const planted = await plant(site);
  const { places, texts, fellow, hostile } = planted;
  const watched = async (person: Person) => {
    await watchScripts(person);
    return person;
  };
  const saying = (names: readonly string[]) => names.map((name) => texts.get(name) ?? name);

  await t.test("a page that were harmed would be noticed", async () => {
    const context = await console.browser.newContext({ baseURL: console.platform.url });
    const page = await context.newPage();
    await watchScripts({ page, context, troubles: [] } as never);
    await page.goto("/");
    await page.locator("h1").waitFor();
    assert.deepEqual(await harmIn(page), []);
    await page.evaluate((html) => document.body.insertAdjacentHTML("beforeend", html), texts.get("alliance") ?? "");
    assert.equal((await harmIn(page)).length, 1);
    await context.close();
  });

  const reader = await watched(await enter(console, fellow.account));
  await t.test("every page, as a fellow of the alliance", async () => {
    const seen = new Set<string>();
    for (const route of routesOfConsole()) {
      const ids = /:\w+/.test(route) ? (places[route] ?? NOTHING) : [""];
      assert.ok(ids.length > 0, `nothing is planted for ${route}`);
      for (const [i, id] of ids.entries()) {
        const names = SHOWN[id === "" ? route : `${route} ${i}`] ?? NOTHING;
        for (const name of names) seen.add(name);
        await reader.page.goto(route.replace(/:\w+/, id));
        if (await reader.page.getByText(reader.t("Page not found", "没有此页面")).isVisible()) continue;
        await shows(reader, saying(names));
      }
    }
    const elsewhere = new Set(["value", "code"]);
    assert.deepEqual(
      [...texts.keys()].filter((name) => !seen.has(name) && !elsewhere.has(name)),
      [],
      "written, and looked for nowhere",
    );
  });

  await t.test("files of the model, and its result, opened here", async () => {
    const { page, t: say } = reader;
    await open(reader, `/models/${places["/models/:id"]?.[0]}`);
    const files = page.getByRole("navigation", { name: say("Files", "文件") }).getByRole("button");
    await files.first().waitFor();
    for (let i = 0; i < (await files.count()); i++) {
      await files.nth(i).click();
      const name = (await files.nth(i).textContent()) ?? "";
      await shows(reader, name.startsWith("index.js") ? saying(["code"]) : []);
    }
    await open(reader, `/tasks/${planted.result}`);
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "key.pem", mimeType: "application/x-pem-file", buffer: Buffer.from(planted.key) });
    await page.getByRole("button", { name: say("Open the result here", "在本机解密") }).click();
    await shows(reader, saying(["column", "value"]));
    await page.getByText(say("Chart", "图表"), { exact: true }).click();
    await shows(reader, [say("There is no column of numbers to draw.", "没有可绘制的数值列。")]);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: say("Save as CSV", "下载 CSV") }).click();
    const csv = await readFile(await (await saving).path(), "utf8");
    // As the enclave made it: what a spreadsheet might calculate is said on the page.
    assert.ok(csv.startsWith("\ufeff") && /\n=HYPERLINK\(1\)\r?\n@SUM\(A1\)/.test(csv), csv);
    await page.getByText(say("Some cells begin", "部分单元格"), { exact: false }).waitFor();
  });

  await t.test("in addresses", async () => {
    const query = new URLSearchParams(
      ["q", "search", "tab", "page", "size", "task", "request", "state", "cursor", "actor", "level", "model"].map(
        (name) => [name, REFLECTED],
      ),
    );
    for (const route of routesOfConsole()) {
      await reader.page.goto(`${route.replace(/:\w+/, encodeURIComponent(REFLECTED))}?${query}#${REFLECTED}`);
      await reader.page.locator("#content").waitFor();
      await reader.page.waitForFunction(() => !document.querySelector(".ant-skeleton"));
      assert.deepEqual(await harmIn(reader.page), [], route);
    }
  });

  await t.test("whoever has no part in it sees what they see where nothing is", async () => {
    const outsider = await enter(console, (await join(site, "Outsider")).account);
    const { page } = outsider;
    const read = async (route: string, id: string, sign: string) => {
      await page.goto(route.replace(/:\w+/, id));
      await page.locator("#content").locator(sign).first().waitFor();
      await page.waitForFunction(() => !document.querySelector(".ant-skeleton"));
      return (await page.locator("#content").innerText()).replaceAll(id, "<id>");
    };
    for (const route of routesOfConsole().filter((one) => /:id\b/.test(one))) {
      const [id = ""] = places[route] ?? NOTHING;
      const other = unknownLike(id);
      const [foreign, unknown] = [
        await read(route, id, ".ant-alert-error"),
        await read(route, other, ".ant-alert-error"),
      ];
      assert.ok(id !== other && foreign.includes("stream.unknown") === unknown.includes("stream.unknown"), foreign);
      assert.equal(foreign, unknown, route);
    }
    // Anybody reads the ledger's leaves: digests and times.
    const leaf = await read("/ledger/:index", places["/ledger/:index"]?.[0] ?? "", "h1");
    for (const word of ["Mallory", "Fellow", ...texts.values()]) assert.ok(!leaf.includes(word), word);
  });

  await t.test("as the operator, who reads what organisations say of themselves", async () => {
    const stranger = await signUp(site, "Stranger", { verified: false });
    const particulars = {
      legalName: "<img src=x onerror=ran('legal')>\u202e",
      registrationNumber: "91350100M000100Y43",
      contact: "\"><svg onload=ran('contact')>\u202e",
      phone: "+86 10 5555 0100",
      country: "CN",
    };
    await stranger.client.accounts.submitVerification(particulars);
    await stranger.client.accessKeys.delete({ id: "<img src=x onerror=ran('target')>" }).catch(() => undefined);
    const operator = await watched(await console.operator());
    const { page, t: say } = operator;
    await open(operator, "/reviews");
    await page.getByRole("button", { name: say("Review", "审核"), exact: true }).click();
    await shows(operator, ["<img src=x onerror=ran('legal')>", "\"><svg onload=ran('contact')>"]);
    await page.getByLabel(say("Reason, needed to reject", "驳回原因")).fill("\"><img src=x onerror=ran('reason')>");
    await page.getByRole("button", { name: say("Reject", "驳回"), exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    for (const tab of ["health", "metrics", "storage", "jobs", "logs", "configuration"]) {
      await page.goto(`/operations?tab=${tab}`);
      await shows(operator);
    }
    await page.goto("/audit");
    await shows(operator, ["accessKeys.delete"]);
    const rejected = await watched(await enter(console, stranger));
    await open(rejected, "/account");
    await shows(rejected, ["onerror=ran('reason')"]);
    await open(rejected, "/");
    await shows(rejected);
  });

  await t.test("as their own author", async () => {
    const author = await watched(await enter(console, hostile.account, { language: "zh-CN", width: 390 }));
    for (const route of ["/alliances", "/models", "/sources", "/tasks", "/keys", "/key-groups", "/audit"]) {
      await author.page.goto(route);
      await shows(author);
    }
  });
});
