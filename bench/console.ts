/**
 * The console as somebody meets it: what the first load brings, when it can be used, how long from a click in the menu
 * to the page; a model of 20 MB sealed and published, a bundle verified; a list of 100,000 tasks. In Chromium, on a
 * server of its own. The tasks are statements that the ledger's engine verified and ruled on, written without HTTP
 * (console/make-tasks.ts), made once and kept in .cache: minutes, the first time. `-- console table` measures a part:
 * load, work or table.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { createClient } from "../src/sdk/index.ts";
import { startPlatform } from "../test/support/platform.ts";
import { measureTable } from "./console/table.ts";
import { measureWork } from "./console/work.ts";
import { median, percentile, report } from "./support.ts";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const LOADS = 7;
const ROUNDS = 12;
const WARM_UP = 2;
const LOGIN = { login: "bench", password: "correct horse battery staple" };
/** Of the menu, by where they lead. */
const PAGES = ["/events", "/alliances", "/account", "/"];

const bench = "console";

/** Bytes on the wire with gzip. */
const gzipOf = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on("end", () => resolve(bytes));
    }).on("error", reject);
  });

const scriptsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => name)
      .filter((name) => /\/assets\/.*\.(js|css)$/.test(name)),
  );

/** Milliseconds from the beginning of the load until what `selector` names is there and the page has a moment. */
const interactive = async (page: Page, url: string, selector: string): Promise<number> => {
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForSelector(selector, { state: "visible" });
  return await page.evaluate(
    () => new Promise<number>((resolve) => requestIdleCallback(() => resolve(performance.now()))),
  );
};

const loads = async (context: BrowserContext, url: string, selector: string): Promise<number[]> => {
  const times: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    const page = await context.newPage();
    // As the first time: nothing in the browser's cache.
    const session = await context.newCDPSession(page);
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    times.push(await interactive(page, url, selector));
    await page.close();
  }
  return times;
};

/** Milliseconds from a click in the menu until the other page is painted, with nothing left to wait for. */
const change = (page: Page, path: string): Promise<number> =>
  page.evaluate(
    (to) =>
      new Promise<number>((resolve) => {
        const before = document.title;
        const began = performance.now();
        document.querySelector<HTMLElement>(`nav a[href="${to}"]`)?.click();
        const look = () => {
          const ready = document.title !== before && !document.querySelector("#content .ant-skeleton");
          if (ready) requestAnimationFrame(() => resolve(performance.now() - began));
          else requestAnimationFrame(look);
        };
        look();
      }),
    path,
  );

const changes = async (page: Page): Promise<number[]> => {
  const times: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++)
    for (const path of PAGES) {
      const time = await change(page, path);
      if (round >= 0) times.push(time);
      await page.waitForTimeout(50);
    }
  return times;
};

const measureLoad = async (browser: Browser, url: string): Promise<void> => {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  await page.goto(url);
  await page.fill('input[autocomplete="username"]', LOGIN.login);
  await page.fill('input[type="password"]', LOGIN.password);
  await page.click('button[type="submit"]');
  await page.waitForSelector("#content h2");
  const first = await Promise.all((await scriptsOf(page)).map(gzipOf));
  const bytes = first.reduce((sum, size) => sum + size, 0);
  const target = { target: 350, atMost: true } as const;
  const what = "scripts and styles of the door and of the overview";
  report({ bench, metric: "first load, gzip", value: bytes / 1_000, unit: "kB", ...target, note: what });
  const soon = { unit: "ms", target: 1_500, atMost: true, note: `p50 of ${LOADS}, nothing in the cache` } as const;
  const overview = await loads(context, url, "#content h2");
  report({ bench, metric: "overview interactive", value: median(overview), ...soon });
  const stranger = await browser.newContext({ locale: "en" });
  const door = await loads(stranger, url, 'button[type="submit"]');
  report({ bench, metric: "door interactive", value: median(door), ...soon });
  const turned = await changes(page);
  const note = `${turned.length} clicks in the menu, warm cache`;
  report({ bench, metric: "page change p50", value: median(turned), unit: "ms", target: 100, atMost: true, note });
  report({ bench, metric: "page change p95", value: percentile(turned, 0.95), unit: "ms", note });
};

const executablePath = BROWSERS.find((path) => existsSync(path));
if (executablePath === undefined)
  throw new Error(`no browser to measure with: install Chromium (${BROWSERS.join(", ")})`);
const parts = process.argv.slice(2);
const wanted = (part: string) => parts.length === 0 || parts.includes(part);
const settings = { "rate-limit": "100000", "sign-in-limit": "1000" };
const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const platform = await startPlatform({ data: join(directory, "data"), settings });
  try {
    await createClient({ url: platform.url }).accounts.create({ nickname: "bench", ...LOGIN });
    if (wanted("load")) await measureLoad(browser, platform.url);
    if (wanted("work")) await measureWork(browser, platform);
  } finally {
    await platform.stop();
  }
  if (wanted("table")) await measureTable(browser, settings);
} finally {
  await browser.close();
  await rm(directory, { recursive: true, force: true });
}
