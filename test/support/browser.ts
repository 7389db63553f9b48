/** The console as people use it: each of them in a browser context of their own, in their language, on a real server. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { CRASHED } from "../../scripts/test-report.ts";
import type { Language } from "../../src/base/refusal.ts";
import { type Words, wordsOf } from "../../src/console/words.ts";
import { type Platform, startPlatform } from "./platform.ts";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Milliseconds that anything may take to appear: the machine may be busy. */
const PATIENCE = 60_000;
export const PASSWORD = "correct horse battery staple";
export const PASSPHRASE = "a passphrase of ten words";

export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Says a text of the console as this person reads it. */
  readonly t: Words;
  readonly language: Language;
  /** Failures of scripts and of the content security policy that their browser has reported. */
  readonly troubles: string[];
}

export interface PersonOptions {
  readonly language?: Language;
  readonly theme?: "light" | "dark";
  readonly width?: number;
  /** Address of a proxy that everything goes through, this machine's own addresses too. */
  readonly proxy?: string;
}

export interface Console {
  readonly platform: Platform;
  readonly browser: Browser;
  readonly directory: string;
  /** Before the door. */
  person(options?: PersonOptions): Promise<Person>;
  /** Signed in with the access key of the first start. */
  operator(options?: PersonOptions): Promise<Person>;
}

const executablePath = BROWSERS.find((path) => existsSync(path));
/** Why tests in a browser are skipped, if they are. */
export const noBrowser: string | false = executablePath === undefined && "there is no Chromium";

/** @throws Error where there is no browser */
export const openBrowser = async (): Promise<Browser> => {
  if (executablePath === undefined)
    throw new Error(`No browser: install chromium (looked for ${BROWSERS.join(", ")}).`);
  // Chromium's own sandbox does not start as root, which containers usually are.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
};

/** A platform of its own and a browser, both gone when the test is over; it fails where a page had troubles. */
export const openConsole = async (t: TestContext, settings: Record<string, string> = {}): Promise<Console> => {
  const directory = await mkdtemp(join(tmpdir(), "entente-console-"));
  const platform = await startPlatform({ data: join(directory, "data"), settings });
  const browser = await openBrowser();
  const people: Person[] = [];
  // Seen in Debian's Chromium 156, once in some hundred starts: a fault in its browser process, in libfontconfig.
  const died = () => t.diagnostic(`${CRASHED}: Chromium ${browser.version()}`);
  browser.once("disconnected", died);
  t.after(async () => {
    browser.off("disconnected", died);
    await browser.close();
    await platform.stop();
    await rm(directory, { recursive: true, force: true });
    assert.deepEqual(
      people.flatMap(({ troubles }) => troubles),
      [],
    );
  });
  const person = async (options: PersonOptions = {}): Promise<Person> => {
    const fresh = await personIn(browser, platform.url, options);
    people.push(fresh);
    return fresh;
  };
  return {
    ...{ platform, browser, directory, person },
    async operator(options) {
      const operator = await person(options);
      await open(operator, "/");
      const { accessKeyId = "", accessKeySecret = "" } = platform.admin ?? {};
      await signIn(operator, accessKeyId, accessKeySecret);
      return operator;
    },
  };
};

const personIn = async (browser: Browser, baseURL: string, options: PersonOptions): Promise<Person> => {
  const { language = "en", theme = "light", width = 1440, proxy } = options;
  const context = await browser.newContext({
    ...{ baseURL, locale: language, colorScheme: theme, acceptDownloads: true, reducedMotion: "reduce" },
    viewport: { width, height: 900 },
    ...(proxy !== undefined && { proxy: { server: proxy } }),
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    // Refusals of the API show in the console too, and are the page's business.
    if (message.type() === "error" && !/^Failed to load resource/.test(message.text())) troubles.push(message.text());
  });
  return { context, page, t: wordsOf(language), language, troubles };
};

/** Goes to an address and waits until the page has its title. */
export const open = async ({ page }: Person, path: string): Promise<void> => {
  await page.goto(path);
  await page.locator("h1").first().waitFor();
};

export const signIn = async ({ page, t }: Person, login: string, password: string): Promise<void> => {
  await page.getByLabel(t("User name", "用户名")).fill(login);
  await page.getByLabel(t("Password", "密码"), { exact: true }).fill(password);
  await page.getByRole("button", { name: t("Sign in", "登录"), exact: true }).click();
  await page.locator(".frame").waitFor();
};

/** A new organisation, whose first user is this person. */
export const signUp = async (person: Person, nickname: string, login: string): Promise<void> => {
  const { page, t } = person;
  await open(person, "/");
  await page.getByText(t("New organisation", "新机构"), { exact: true }).click();
  await page.getByLabel(t("Account nickname", "账号昵称")).fill(nickname);
  await page.getByLabel(t("User name", "用户名")).fill(login);
  await page.getByLabel(t("Password", "密码"), { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: t("Sign up and sign in", "注册并登录") }).click();
  await page.locator(".frame").waitFor();
};

/** Submits particulars, which wait for the operator then. */
export const submitParticulars = async (person: Person, legalName: string): Promise<void> => {
  const { page, t } = person;
  await open(person, "/account");
  await page.getByLabel(t("Legal name", "机构全称")).fill(legalName);
  await page.getByLabel(t("Registration number", "统一社会信用代码")).fill("91350100M000100Y43");
  await page.getByLabel(t("Contact", "联系人")).fill("Li Ming");
  await page.getByLabel(t("Telephone", "联系电话")).fill("+86 10 5555 0100");
  await page.getByRole("button", { name: t("Submit for review", "提交审核") }).click();
  await page
    .getByText(t("The platform operator is reviewing what you submitted.", "平台运营方正在审核您提交的资料。"))
    .waitFor();
};

/** The operator verifies an organisation. */
export const approve = async (operator: Person, nickname: string): Promise<void> => {
  const { page, t } = operator;
  await open(operator, "/reviews");
  const row = page.getByRole("row").filter({ hasText: nickname });
  await row.getByRole("button", { name: t("Review", "审核"), exact: true }).click();
  await page.getByRole("button", { name: t("Approve", "通过"), exact: true }).click();
  await row.waitFor({ state: "detached" });
};

/** A key made and kept in this browser. @param backup file in which the encrypted PEM is saved */
export const foundIdentity = async (person: Person, backup: string): Promise<void> => {
  const { page, t } = person;
  await open(person, "/identity");
  await page.getByLabel(t("Passphrase of the backup", "备份口令")).fill(PASSPHRASE);
  await page.getByLabel(t("Once more", "再次输入")).fill(PASSPHRASE);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: t("Create, save the backup, and sign", "创建、保存备份并签名") }).click();
  await (await saving).saveAs(backup);
  await page.getByText(t("Identity on the ledger", "账本上的身份")).waitFor();
};

/** A person of a verified organisation whose key is in their browser. @returns them, on the overview */
export const member = async (
  console: Console,
  operator: Person,
  nickname: string,
  options: PersonOptions = {},
): Promise<Person> => {
  const person = await console.person(options);
  const login = `user-${Buffer.from(nickname).toString("hex").slice(0, 40)}`;
  await signUp(person, nickname, login);
  await submitParticulars(person, nickname);
  await approve(operator, nickname);
  await foundIdentity(person, join(console.directory, `${login}.pem`));
  await open(person, "/");
  return person;
};
