/** By keyboard alone: in, through the menu, an alliance, an invitation, a decision. Focus is seen, and comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { member, noBrowser, open, openConsole, PASSWORD, type Person } from "../support/browser.ts";

/** More than any page has places to stop at. */
const MOST = 120;

/** What has the focus, and whether that is seen. */
const focused = ({ page }: Person) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const marked = (one: Element | null) => {
      if (!one) return false;
      const { outlineStyle, boxShadow } = getComputedStyle(one);
      return outlineStyle !== "none" || boxShadow !== "none";
    };
    // Fields mark the box around them.
    const box = element.closest(".ant-input-affix-wrapper, .ant-select, .ant-segmented-item, .ant-radio-wrapper");
    return { seen: marked(element) || marked(box), what: element.outerHTML.slice(0, 200) };
  });

/** Goes on with Tab until there, and sees at each stop where it is. */
const tabTo = async (person: Person, place: Locator): Promise<void> => {
  await place.waitFor();
  for (let i = 0; i < MOST; i++) {
    if (await place.evaluate((element) => element === document.activeElement)) return;
    await person.page.keyboard.press("Tab");
    const { seen, what } = await focused(person);
    assert.ok(seen || what.startsWith("<body"), `focus is not seen on ${what}`);
  }
  assert.fail(`no way by Tab to ${place}`);
};

const press = async (person: Person, place: Locator, key = "Enter"): Promise<void> => {
  await tabTo(person, place);
  await person.page.keyboard.press(key);
};

const fillIn = async (person: Person, within: Page | Locator, label: string, text: string): Promise<void> => {
  await tabTo(person, within.getByLabel(label, { exact: true }));
  await person.page.keyboard.type(text);
};

const hasFocus = (place: Locator): Promise<boolean> =>
  place.evaluate((element) => element.contains(document.activeElement));

/** The dialog has the focus while it is open; then what opened it has it again. */
const inDialog = async (person: Person, opener: Locator, work: (dialog: Locator) => Promise<void>): Promise<void> => {
  const dialog = person.page.getByRole("dialog");
  await press(person, opener);
  await dialog.waitFor();
  await person.page.waitForFunction(() => document.activeElement?.closest("[role=dialog]"));
  await work(dialog);
  await dialog.waitFor({ state: "hidden" });
  await opener.and(person.page.locator(":focus")).waitFor();
};

test("everything is done by keyboard alone", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const operator = await console.operator();
  const founder = await member(console, operator, "Founder");
  const guest = await member(console, operator, "Guest", { language: "zh-CN" });
  const { page } = founder;
  const main = page.locator("main");

  await t.test("out and in again", async () => {
    await press(founder, page.getByRole("button", { name: "Founder" }));
    const menu = page.getByRole("menu").filter({ hasText: "Sign out" });
    await menu.waitFor();
    const out = page.getByRole("menuitem", { name: "Sign out" });
    await page.waitForFunction(() => document.activeElement?.closest("[role=menu]"));
    for (let i = 0; i < 5 && !(await hasFocus(out)); i++) await page.keyboard.press("ArrowDown");
    assert.ok(await hasFocus(out));
    await page.keyboard.press("Enter");
    await fillIn(founder, page, "User name", `user-${Buffer.from("Founder").toString("hex")}`);
    await fillIn(founder, page, "Password", PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator(".frame").waitFor();
  });

  await t.test("past the menu to the content", async () => {
    await open(founder, "/alliances");
    const skip = page.getByRole("link", { name: "Skip to content" });
    await page.keyboard.press("Tab");
    assert.ok(await hasFocus(skip));
    await page.keyboard.press("Enter");
    assert.ok(await hasFocus(main));
    await page.keyboard.press("Tab");
    assert.ok(await main.locator(":focus").count());
  });

  await t.test("through the menu to an alliance of one's own", async () => {
    await open(founder, "/");
    await press(founder, page.getByRole("navigation").getByRole("link", { name: "Alliances" }));
    const opener = page.getByRole("button", { name: "New alliance" }).first();
    await inDialog(founder, opener, () => page.keyboard.press("Escape"));
    await inDialog(founder, opener, async (dialog) => {
      await fillIn(founder, dialog, "Alliance name", "By keyboard");
      await press(founder, dialog.getByRole("button", { name: "Create and sign" }));
    });
    await main.getByRole("link", { name: "By keyboard" }).waitFor();
  });

  await t.test("words to look for, and others after them", async () => {
    await open(founder, "/alliances");
    const words = main.getByRole("searchbox");
    await tabTo(founder, words);
    await page.keyboard.type("nothing");
    await page.keyboard.press("Enter");
    await main.getByText("Nothing matches.", { exact: false }).waitFor();
    assert.ok(await hasFocus(words));
    for (let i = 0; i < "nothing".length; i++) await page.keyboard.press("Backspace");
    await page.keyboard.type("By");
    await page.keyboard.press("Enter");
    await main.getByRole("link", { name: "By keyboard" }).waitFor();
    await page.keyboard.press("Tab");
    await press(founder, main.getByRole("link", { name: "By keyboard" }));
    await page.getByRole("button", { name: "Invite a member" }).waitFor();
  });

  await t.test("an invitation, and the decision of who gets it", async () => {
    const appId = await guest.page.evaluate(async () => (await (await fetch("/v1/account")).json()).account.appId);
    await inDialog(founder, page.getByRole("button", { name: "Invite a member" }), async (dialog) => {
      await fillIn(founder, dialog, "Account nickname", "Guest");
      await fillIn(founder, dialog, "APPID", appId);
      await press(founder, dialog.getByRole("button", { name: "Invite and sign" }), "Space");
    });
    const inbox = guest.page.getByRole("link", { name: "1 个待处理事件" });
    await press(guest, inbox);
    await press(guest, guest.page.getByRole("link", { name: "去处理" }));
    await press(guest, guest.page.getByRole("button", { name: "同意并签名" }), "Space");
    await guest.page.getByText("您已加入联盟。").waitFor();
  });
});
