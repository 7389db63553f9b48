/** The list of 100,000 tasks as their creator meets it: its first page, narrowed, and in another order. */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { startPlatform } from "../../test/support/platform.ts";
import { isMade, passwordOf } from "../rebuild/make-ledger.ts";
import { median, report } from "../support.ts";
import { timed } from "./in-page.ts";
import { makeTasks } from "./make-tasks.ts";

const TASKS = 100_000;
const ROUNDS = 9;

const ROW = "#content tbody tr.ant-table-row";
const ANOTHER = { changed: ROW };

const data = fileURLToPath(new URL("../../.cache/console/", import.meta.url));

/** Made once, and kept: the first start after that computes the tables from it. */
export const measureTable = async (browser: Browser, settings: Record<string, string>): Promise<void> => {
  if (!(await isMade(data, TASKS))) {
    await rm(data, { recursive: true, force: true });
    await makeTasks(data, TASKS);
  }
  const platform = await startPlatform({ data, settings });
  const context = await browser.newContext({ locale: "en", baseURL: platform.url });
  try {
    const page = await context.newPage();
    await page.goto("/");
    await page.fill('input[autocomplete="username"]', "institute");
    await page.fill('input[type="password"]', passwordOf("institute"));
    await page.click('button[type="submit"]');
    await page.waitForSelector("#content h2");
    const times = { first: [] as number[], sort: [] as number[], state: [] as number[], search: [] as number[] };
    for (let round = -1; round < ROUNDS; round++) {
      const one = await roundOf(page, round);
      if (round >= 0) for (const name of Object.keys(times) as (keyof typeof times)[]) times[name].push(one[name]);
    }
    const bound = { bench: "console", unit: "ms", target: 150, atMost: true } as const;
    const note = `p50 of ${ROUNDS}, ${TASKS} tasks, nothing asked before`;
    report({ ...bound, metric: "table, first page", value: median(times.first), note });
    report({ ...bound, metric: "table, in the order of names", value: median(times.sort), note });
    report({ ...bound, metric: "table, of one state", value: median(times.state), note });
    report({ ...bound, metric: "table, a word looked for", value: median(times.search), note });
  } finally {
    await context.close();
    await platform.stop();
  }
};

/** Loaded anew, so that no answer is known. */
const roundOf = async (page: Page, round: number) => {
  await page.goto("/");
  await page.waitForSelector("#content h2");
  // The line that news comes over is never idle.
  await page.waitForFunction(() => !document.querySelector(".ant-skeleton"));
  const first = await timed(page, () => page.click('nav a[href="/tasks"]'), ANOTHER);
  const state = await timed(
    page,
    async () => {
      await page.click(".ant-select");
      await page.click('.ant-select-item-option[title="Succeeded"]');
    },
    ANOTHER,
  );
  const search = await timed(
    page,
    async () => {
      await page.fill("#content input[type=search]", `outcome ${7 * (round + 2)}`);
      await page.keyboard.press("Enter");
    },
    ANOTHER,
  );
  await page.goto("/tasks");
  await page.waitForSelector(ROW);
  const sort = await timed(page, () => page.click("#content th.ant-table-column-has-sorters >> nth=0"), ANOTHER);
  return { first, state, search, sort };
};
