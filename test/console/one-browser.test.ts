/** Several people in one browser: none finds what another typed or read, and no page acts in the name of another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noBrowser, open, openConsole, PASSWORD, type Person, signIn, signUp } from "../support/browser.ts";

const signOut = async ({ page, t }: Person): Promise<void> => {
  await page.locator("header").getByRole("button").last().click();
  await page.getByText(t("Sign out", "退出登录"), { exact: true }).click();
  await page.getByLabel(t("Password", "密码"), { exact: true }).waitFor();
};
const keptIn = ({ page }: Person): Promise<string[]> =>
  page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith("entente.draft.")));
const legalName = ({ page, t }: Person) => page.getByLabel(t("Legal name", "机构全称"));

test("people who share a browser share neither drafts nor sessions", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const hospital = await console.person();
  await signUp(hospital, "First-Hospital", "li");
  await open(hospital, "/account");
  await legalName(hospital).fill("First Hospital of the Province");
  await hospital.page.getByLabel("Registration number").fill("91350100M000100Y43");
  await hospital.page.getByLabel("Contact").fill("Li Ming");
  await hospital.page.getByLabel("Telephone").fill("+86 10 5555 0100");

  // The session ends by itself, and somebody else signs in in another tab.
  await hospital.context.clearCookies();
  const bank: Person = { ...hospital, page: await hospital.context.newPage() };
  await signUp(bank, "Second-Bank", "wang");
  await open(bank, "/account");
  assert.equal(await legalName(bank).inputValue(), "");

  // The first tab has the first one's page and, by now, the second one's cookie.
  await hospital.page.getByRole("button", { name: "Submit for review" }).click();
  await hospital.page.getByText("wang has signed in in this browser", { exact: false }).waitFor();
  await hospital.page.getByRole("heading", { name: "Second-Bank" }).waitFor();
  assert.equal(await legalName(hospital).inputValue(), "");
  await open(bank, "/account");
  await legalName(bank).fill("Second Bank");
  await bank.page.waitForFunction(() => Object.keys(localStorage).filter((name) => /draft/.test(name)).length === 2);
  await signOut(bank);
  assert.equal((await keptIn(bank)).length, 1);

  await signIn(bank, "li", PASSWORD);
  await open(bank, "/account");
  assert.equal(await legalName(bank).inputValue(), "First Hospital of the Province");
  await signOut(bank);
  assert.deepEqual(await keptIn(bank), []);
});
