/** Two people at pages that show the same, who decide at once: which of the decisions comes second is the test's choice. */
import assert from "node:assert/strict";
import type { Page, Request } from "playwright-core";
import type { Person } from "./browser.ts";
import type { Platform } from "./platform.ts";

/** Leaves the page as it was when it was opened: no news arrives. */
export const holdNews = async ({ page }: Person): Promise<void> => {
  await page.route("**/v1/live", () => undefined);
};

/** A decision as a page asks for it. */
export interface Answer {
  /** Whatever comes before the click that decides. */
  prepare(person: Person): Promise<void>;
  press(person: Person): Promise<void>;
  /** Path that the decision is sent to. */
  readonly sends: RegExp;
  /** Seen when nothing can be decided any more; the ledger's receipt is enough otherwise. */
  settled?(person: Person): Promise<void>;
}

const isSent = (request: Request, { sends }: Answer): boolean =>
  request.method() === "POST" && sends.test(new URL(request.url()).pathname);

/**
 * Both have clicked before either is heard; the second one is heard when the first decision is on the ledger.
 * @returns what the second one was told, in words
 */
export const cross = async (
  [first, second]: readonly [Person, Person],
  stands: Answer,
  late: Answer,
): Promise<string> => {
  const { page } = second;
  const heard = Promise.withResolvers<void>();
  const held = (url: URL) => late.sends.test(url.pathname);
  await page.route(held, async (route) => {
    await heard.promise;
    await route.continue();
  });
  await Promise.all([stands.prepare(first), late.prepare(second)]);
  const sent = page.waitForRequest((request) => isSent(request, late));
  await late.press(second);
  await sent;
  const answered = first.page.waitForResponse((response) => isSent(response.request(), stands));
  await stands.press(first);
  assert.ok((await answered).ok());
  await stands.settled?.(first);
  heard.resolve();
  const said = await told(page);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  return said;
};

/** What the page says went wrong: in its place, or at the top where that place is gone. */
const told = (page: Page): Promise<string> =>
  page.locator(".ant-alert-error[role=alert], .ant-message-error").first().innerText();

/** Statements on the ledger. */
const height = async ({ url }: Pick<Platform, "url">): Promise<number> =>
  Number((await (await fetch(`${url}/v1/ledger/checkpoint`)).text()).split("\n")[1]);

/** As many statements more are on the ledger afterwards. */
export const grows = async (platform: Platform, by: number, act: () => Promise<unknown>): Promise<void> => {
  const before = await height(platform);
  await act();
  assert.equal(await height(platform), before + by);
};
