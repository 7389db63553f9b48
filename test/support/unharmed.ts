/** Whether what hostile members wrote stayed text: watched in the page, from before its first script on. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import type { Person } from "./browser.ts";

declare global {
  interface Window {
    ran(place: string): void;
    haveRun: string[];
  }
}

/** Payloads call `ran`; dialogs are noted and sent away. */
export const watchScripts = async ({ page, context, troubles }: Person): Promise<void> => {
  await context.addInitScript(() => {
    window.haveRun = [];
    window.ran = (place) => void window.haveRun.push(place);
  });
  page.on("dialog", (dialog) => {
    troubles.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
};

/** What became more than text; nothing, where all is well. */
export const harmIn = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const alive = "[onerror],[onload],[onclick],[src='x'],a[href^='javascript:' i],script:not([src]),iframe,object";
    return [
      ...window.haveRun.map((place) => `ran: ${place}`),
      ...[...document.querySelectorAll(alive)].map(({ outerHTML }) => outerHTML),
      ...(document.body.textContent?.match(/.{0,20}[\u202a-\u202e\u2066-\u2069].{0,20}/g) ?? []).map(
        (text) => `turned: ${text}`,
      ),
    ];
  });

/** Until nothing is being loaded and all these texts are there, as text. */
export const shows = async ({ page }: Person, texts: readonly string[] = []): Promise<void> => {
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".ant-skeleton"));
  const missing = () =>
    page.evaluate((all) => all.filter((one) => !document.body.textContent?.includes(one)), [...texts]);
  await page
    .waitForFunction((all) => all.every((one) => document.body.textContent?.includes(one)), [...texts], {
      timeout: 20_000,
    })
    .catch(async () => assert.deepEqual(await missing(), [], `not shown at ${page.url()}`));
  assert.deepEqual(await harmIn(page), [], page.url());
};

/** Addresses of the console's pages, such as `/tasks/:id`, out of its registry. */
export const routesOfConsole = (): string[] => {
  const source = readFileSync(new URL("../../src/console/pages.tsx", import.meta.url), "utf8");
  return [...new Set([...source.matchAll(/\bentry\(\s*"([^"]+)"/g)].map(([, path = ""]) => path))];
};
