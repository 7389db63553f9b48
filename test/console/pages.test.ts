/** Every page, full and empty, for everybody who sees it: accessible, in one language, on a phone, in the dark. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Language } from "../../src/base/refusal.ts";
import {
  type Console,
  noBrowser,
  open,
  openConsole,
  PASSWORD,
  type Person,
  signIn,
  signUp,
} from "../support/browser.ts";
import { type Filled, fill, NAMES, openKey } from "../support/filled.ts";
import { faults, overhang } from "../support/looks.ts";

/** Paths of pages.tsx with what it takes to see them. */
const PAGES = readFileSync(fileURLToPath(import.meta.resolve("../../src/console/pages.tsx")), "utf8")
  .split(/^ {2}entry\(/m)
  .slice(1)
  .map((entry) => {
    const [path = "", ...rest] = [...entry.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
    const last = rest.at(-1) ?? "";
    return { path, permission: /^[a-z-]+\.[a-z-]+$/.test(last) ? last : undefined };
  });

/** Where a page is that shows one thing. @throws where nothing is known of it: a new page says it here */
const addressOf = (path: string, { ids }: Pick<Filled, "ids">): string => {
  if (!path.includes(":")) return path;
  if (path === "/ledger/:index") return "/ledger/3";
  if (path === "/tasks/:id/authorise") return `/tasks/${ids.waiting}/authorise`;
  const [, kind = ""] = /^\/([a-z-]+)\/:id$/.exec(path) ?? [];
  const id = ids[kind as keyof typeof ids];
  assert.ok(id, `test/support/filled.ts has nothing for ${path}`);
  return `/${kind}/${id}`;
};

/** Parts of pages that have an address of their own, dialogs and refusals. */
const PARTS = {
  member: ["/alliances?new=1", "/key-groups?new=1", "/nowhere", "/models/M202600000000001"],
  operator: [
    "/operations?tab=jobs",
    "/operations?tab=metrics",
    "/operations?tab=logs",
    "/operations?tab=storage",
    "/operations?tab=configuration",
  ],
};

const preferTo = ({ page }: Person, language: Language, theme: string): Promise<void> =>
  page.evaluate(
    ([language, theme]) => {
      localStorage.setItem("entente.language", JSON.stringify(language));
      localStorage.setItem("entente.theme", JSON.stringify(theme));
    },
    [language, theme],
  );

/** Looks at a page in English in the light, at its width on a phone, and there in Chinese in the dark. @returns what is wrong */
const lookAt = async (person: Person, address: string, names: readonly string[]): Promise<string[]> => {
  const { page } = person;
  await preferTo(person, "en", "light");
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(person, address);
  const bright = await faults(page, "en", names);
  const dialog = await page.getByRole("dialog").first().isVisible();
  if (!dialog) await page.getByRole("button", { name: "Dark", exact: true }).press("Enter");
  await page.setViewportSize({ width: 390, height: 844 });
  const narrow = await overhang(page);
  if (dialog) {
    // It keeps the keyboard to itself.
    await preferTo(person, "zh-CN", "dark");
    await open(person, address);
  } else {
    // On a phone it is in the menu; here it takes no more time than where there is room for it.
    await page.getByRole("button", { name: "中文", exact: true, includeHidden: true }).dispatchEvent("click");
  }
  const dark = await faults(page, "zh-CN", names);
  return [
    ...bright.map((fault) => `${address}: ${fault}`),
    ...narrow.map((fault) => `${address} (390, English): ${fault}`),
    ...dark.map((fault) => `${address} (390): ${fault}`),
  ];
};

/** Of all pages that this person may see; those that they may not are not there. */
const lookAtAll = async (person: Person, filled: Pick<Filled, "ids">, more: readonly string[] = []) => {
  const { page } = person;
  const permissions = await page.evaluate(async () => {
    const me = await (await fetch("/v1/account")).json();
    return me.permissions as string[];
  });
  const wrong: string[] = [];
  const hidden = PAGES.filter(({ permission }) => permission && !permissions.includes(permission));
  for (const { path } of PAGES.filter((one) => !hidden.includes(one)))
    wrong.push(...(await lookAt(person, addressOf(path, filled), NAMES)));
  for (const address of more) wrong.push(...(await lookAt(person, address, NAMES)));
  assert.deepEqual(wrong, []);
  await preferTo(person, "en", "light");
  const [unseen] = hidden.filter(({ path }) => !PAGES.some((one) => one.path === path && !hidden.includes(one)));
  if (unseen) {
    await open(person, addressOf(unseen.path, filled));
    await page.getByRole("heading", { name: "Page not found" }).waitFor();
  }
};

const openFilled = async (t: TestContext): Promise<{ console: Console; filled: Filled }> => {
  const console = await openConsole(t, { "key-nodes": "3", "rate-limit": "100000" });
  return { console, filled: await fill(console.platform, join(console.directory, "profiles")) };
};

test("every page is accessible, in one language, and fits a phone", { skip: noBrowser }, async (t) => {
  assert.ok(PAGES.length > 30);
  const { console, filled } = await openFilled(t);
  const enter = async (login: string): Promise<Person> => {
    const person = await console.person();
    await open(person, "/");
    await signIn(person, login, PASSWORD);
    return person;
  };
  const member = async () => {
    const person = await enter(filled.logins.administrator);
    await openKey(person, filled.backup);
    const run = `/evidence?task=${filled.ids.tasks}`;
    await lookAtAll(person, filled, [run, ...PARTS.member]);
  };
  const auditor = async () => lookAtAll(await enter(filled.logins.auditor), filled);
  await Promise.all([member(), auditor()]);
  const outsiders = async () => {
    const door = await console.person();
    await open(door, "/");
    assert.deepEqual(await lookAt(door, "/", NAMES), []);
    const fresh = await console.person();
    await signUp(fresh, "Fresh", "fresh");
    await lookAtAll(fresh, filled);
    await fails(fresh);
  };
  await t.test("newcomers and failures", outsiders);
  await t.test("operator", async () => lookAtAll(await console.operator(), filled, PARTS.operator));
});

/** A list whose resource is not answered, and one that is answered with a failure: said where it was to be. */
const fails = async (person: Person): Promise<void> => {
  const { page } = person;
  await page.route("**/v1/tasks?*", (route) => route.abort());
  await page.route("**/v1/models?*", (route) =>
    route.fulfill({ status: 500, contentType: "application/problem+json", body: '{"code":"server.internal"}' }),
  );
  for (const address of ["/tasks", "/models"]) {
    // Chromium's word for a line that is dead.
    assert.deepEqual(await lookAt(person, address, [...NAMES, "Failed to fetch"]), []);
    await page.locator("main").getByRole("alert").getByText("参考编号").waitFor();
  }
};
