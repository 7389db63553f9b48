/** The breast-cancer story as three people play it on pages: each step is what one of them sees, chooses and clicks. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { fromUtf8 } from "../../src/base/bytes.ts";
import { permissionLabels } from "../../src/contract/shapes.ts";
import { pack } from "../../src/enclave/archive.ts";
import {
  approve,
  type Console,
  foundIdentity,
  open,
  PASSPHRASE,
  PASSWORD,
  type Person,
  type PersonOptions,
  signUp,
  submitParticulars,
} from "./browser.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
const MODEL = join(EXAMPLES, "models", "logistic-regression");
export const example = (file: string): string => join(EXAMPLES, "data", "breast-cancer", file);
/** The model's archive, as the demo packs it. @returns path of it */
export const packModel = async (directory: string): Promise<string> => {
  const files = readdirSync(MODEL).map((file) => [file, readFileSync(join(MODEL, file))] as const);
  const path = join(directory, "logistic-regression.tar.gz");
  writeFileSync(path, await pack(new Map(files)));
  return path;
};

/** Pieces of a text long enough to be told from anything else: at its beginning, in its middle, at its end. */
export const linesOf = (file: string): [string, Uint8Array][] => {
  const bytes = readFileSync(file);
  return [64, bytes.length >> 1, bytes.length - 48].map((at) => [`${file} from ${at}`, bytes.subarray(at, at + 32)]);
};

/** Where `PICTURES` names a directory, what this person sees is kept there. */
export const picture = async ({ page, language }: Person, name: string): Promise<void> => {
  const directory = process.env.PICTURES;
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.${language}.png`), fullPage: true });
};

/** Chooses one of a field's options. */
export const choose = async ({ page }: Person, field: Locator, option: string | RegExp): Promise<void> => {
  await field.click();
  // Its own list: the one before may still be closing.
  const list = page.locator(`[id="${await field.getAttribute("id")}_list"]`);
  const dropdown = page.locator(".ant-select-dropdown:visible").filter({ has: list });
  await dropdown.locator(".ant-select-item-option").filter({ hasText: option }).click();
};

/** Chooses a file by the button or place that asks for one. */
export const give = async ({ page }: Person, place: Locator, path: string): Promise<void> => {
  const chooser = page.waitForEvent("filechooser");
  await place.click();
  await (await chooser).setFiles(path);
};

/** Presses a button that saves a file. @returns the file's content */
export const saved = async ({ page }: Person, button: Locator): Promise<Buffer> => {
  const saving = page.waitForEvent("download");
  await button.click();
  return readFileSync(await (await saving).path());
};

/** Verified organisations with a key each, in the order of their names; what does not wait for another goes on at once. */
export const membersOf = async (
  console: Console,
  operator: Person,
  names: readonly string[],
  options: readonly PersonOptions[],
): Promise<Person[]> => {
  const people = await Promise.all(
    names.map(async (name, at) => {
      const person = await console.person(options[at % options.length]);
      await signUp(person, name, `person-${at}`);
      await submitParticulars(person, name);
      return person;
    }),
  );
  for (const name of names) await approve(operator, name);
  // Deriving keys from passphrases is work: each has both cores to itself.
  for (const [at, person] of people.entries()) await foundIdentity(person, join(console.directory, `person-${at}.pem`));
  await Promise.all(people.map((person) => open(person, "/")));
  return people;
};

export const button = ({ page }: Person, name: string): Locator => page.getByRole("button", { name, exact: true });
/** A field that is shown: those of a form's other steps stay where they are, and heads of columns may be called like it. */
export const input = ({ page }: Person, label: string): Locator =>
  page.getByLabel(label, { exact: true }).and(page.locator("input, textarea")).filter({ visible: true });
/** The button of a field that takes a file. */
const fileOf = ({ page }: Person, label: string): Locator =>
  page.getByLabel(label, { exact: true }).and(page.locator("button")).filter({ visible: true });
/** A field of the dialog that is open. */
const inDialog = ({ page }: Person, label: string): Locator =>
  page.getByRole("dialog").getByLabel(label, { exact: true });

/** Goes to a page by the menu. */
const go = async ({ page, t }: Person, en: string, zh: string): Promise<void> => {
  await page
    .getByRole("navigation", { name: t("Pages", "页面") })
    .getByRole("link", { name: t(en, zh), exact: true })
    .click();
  await page.getByRole("heading", { level: 1, name: t(en, zh), exact: true }).waitFor();
};

/** Nickname and APPID, as one tells them to whoever invites. */
export const cardOf = async (person: Person): Promise<{ nickname: string; appId: string }> => {
  await open(person, "/account");
  const appId = (await person.page.locator("dt:text-is('APPID') + dd").innerText()).trim();
  const nickname = await person.page.locator("section.card h2").first().innerText();
  assert.match(appId, /^\d{10}$/);
  return { nickname, appId };
};

export const foundAlliance = async (person: Person, name: string): Promise<void> => {
  const { page, t } = person;
  await go(person, "Alliances", "计算联盟管理");
  await picture(person, "alliances-empty");
  await button(person, t("New alliance", "新建计算联盟")).first().click();
  await inDialog(person, t("Alliance name", "联盟名称")).fill(name);
  await inDialog(person, t("Description", "联盟描述")).fill(
    t("Two hospitals and an institute", "两家医院与研究所联合建模"),
  );
  await picture(person, "alliance-new");
  await button(person, t("Create and sign", "确定并签名")).click();
  await page.getByRole("link", { name, exact: true }).waitFor();
  await picture(person, "alliances");
};

export const invite = async (person: Person, alliance: string, card: { nickname: string; appId: string }) => {
  const { page, t } = person;
  await open(person, "/alliances");
  const found = page.locator("article").filter({ hasText: alliance });
  await found.getByRole("button", { name: t("Invite a member", "邀请成员") }).click();
  await inDialog(person, t("Account nickname", "账号昵称")).fill(card.nickname);
  await inDialog(person, "APPID").fill(card.appId);
  await picture(person, "alliance-invite");
  await button(person, t("Invite and sign", "确定并签名")).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
};

/** Opens what waits, by the bell. */
export const openEvent = async (person: Person): Promise<void> => {
  const { page, t } = person;
  await page.getByRole("link", { name: t("1 event waiting for you", "1 个待处理事件") }).click();
  await picture(person, "events");
  await page.getByRole("link", { name: t("Handle", "去处理"), exact: true }).click();
  await page.getByRole("heading", { name: t("Steps", "事件流程") }).waitFor();
};

export const joinAlliance = async (person: Person, alliance: string): Promise<void> => {
  const { page, t } = person;
  await openEvent(person);
  await page.getByText(alliance, { exact: true }).first().waitFor();
  await picture(person, "event-invitation");
  await button(person, t("Join and sign", "同意并签名")).click();
  await page.getByText(t("You have joined the alliance.", "您已加入联盟。")).waitFor();
  await page.locator(".ant-tag", { hasText: t("Succeeded", "成功") }).waitFor();
  await picture(person, "event-joined");
};

const permit = async ({ page, t }: Person): Promise<void> => {
  await page.getByRole("radio", { name: t(permissionLabels.public) }).check();
};

export const simulated = async ({ page, t }: Person): Promise<void> => {
  await page.getByText(t("Verified, attestation simulated", "已验证，证明为模拟")).waitFor();
};

/** The form's first step, and its second with the file sealed and the structure in its dialog. */
export const sealTable = async (person: Person, name: string, file: string): Promise<void> => {
  const { page, t } = person;
  await go(person, "Data sources", "数据源管理");
  await button(person, t("New data source", "新建数据源")).first().click();
  await input(person, t("Source name", "数据源名称")).fill(name);
  await page.getByRole("radio", { name: t("Sealed file (CSV, Parquet)", "加密文件（CSV、Parquet）") }).check();
  await permit(person);
  await picture(person, "source-new-1");
  await button(person, t("Next", "下一步")).click();
  await give(person, fileOf(person, t("Table", "数据文件")), file);
  await simulated(person);
  await picture(person, "source-new-2");
  await button(person, t("Seal and fetch the structure", "获取表结构")).click();
  await page.getByRole("dialog").waitFor();
};

/** How a database is reached, sealed and given to the enclave, which finds none there. */
export const fillDatabase = async (person: Person, given: { user: string; credential: string; root: string }) => {
  const { page, t } = person;
  await input(person, t("Source name", "数据源名称")).fill("Nowhere");
  await page.getByRole("radio", { name: t("Database", "数据库"), exact: true }).check();
  await button(person, t("Next", "下一步")).click();
  await page.getByPlaceholder("10.0.0.8").fill("127.0.0.1");
  await input(person, t("Port", "端口号")).fill("9");
  await input(person, t("Database", "数据库实例名")).and(page.getByRole("textbox")).fill("clinic");
  await input(person, t("Table", "数据库表名")).and(page.getByRole("textbox")).fill("patients");
  await input(person, t("User name", "用户名")).fill(given.user);
  await input(person, t("Password", "密码")).fill(given.credential);
  await give(person, fileOf(person, t("Root certificate", "数据库根证书")), given.root);
  await simulated(person);
  await button(person, t("Seal and fetch the structure", "获取表结构")).click();
  await page
    .getByRole("alert")
    .filter({ hasText: t("Reference", "参考编号") })
    .waitFor();
};

const described = ({ page, t }: Person, column: string): Locator =>
  page.getByLabel(t("Description of {name}", "{name} 的字段说明", { name: column }));

/** @returns the source's number */
export const registerSource = async (person: Person, name: string, file: string): Promise<string> => {
  const { page, t } = person;
  await sealTable(person, name, file);
  await described(person, "patient_no").fill(t("Patient", "患者"));
  await picture(person, "source-structure");
  await button(person, t("Use these descriptions", "确定")).click();
  await button(person, t("Register and sign", "登记并签名")).click();
  await page.waitForURL(/\/sources\/D\w+/);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await button(person, t("Edit the descriptions", "编辑字段说明")).click();
  await described(person, "patient_no").fill(t("Patient number", "患者编号"));
  await picture(person, "source-describing");
  await button(person, t("Save and sign", "保存并签名")).click();
  await button(person, t("Edit the descriptions", "编辑字段说明")).waitFor();
  await page.getByRole("row", { name: "patient_no" }).getByText(t("Patient number", "患者编号")).waitFor();
  await picture(person, "source");
  return page.url().split("/").at(-1) ?? "";
};

/** @param isOpen whether its code is published */
export const publishModel = async (person: Person, name: string, archive: string, isOpen = true): Promise<void> => {
  const { page, t } = person;
  await go(person, "Models", "计算模型管理");
  await button(person, t("New model", "新建计算模型")).first().click();
  await input(person, t("Model name", "模型名称")).fill(name);
  await input(person, t("Version", "模型版本")).fill("1.0.0");
  await input(person, t("Main function", "main函数")).fill("main");
  await give(person, fileOf(person, t("Description", "模型描述")), join(MODEL, "README.md"));
  await permit(person);
  await give(person, fileOf(person, t("Model file", "模型文件")), archive);
  if (isOpen) await page.getByRole("switch", { name: t("Publish the code", "公开代码") }).click();
  await simulated(person);
  await picture(person, "model-new");
  await button(person, t("Seal, publish and sign", "加密、发布并签名")).click();
  await page.waitForURL(/\/models\/M\w+/);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await picture(person, "model");
};

export interface NewTask {
  readonly name: string;
  readonly alliance: string;
  readonly receiver: string;
  readonly model: readonly [provider: string, name: string];
  readonly sources: readonly (readonly [provider: string, name: string])[];
}

/** @returns the task's number */
export const createTask = async (person: Person, wanted: NewTask): Promise<string> => {
  const { page, t } = person;
  await go(person, "Tasks", "计算任务管理");
  await button(person, t("New task", "新建计算任务")).first().click();
  await input(person, t("Task name", "任务名称")).fill(wanted.name);
  await choose(person, input(person, t("Alliance", "计算联盟")), wanted.alliance);
  await choose(person, input(person, t("Result receiver", "结果使用方")), wanted.receiver);
  await picture(person, "task-new-1");
  await button(person, t("Next", "下一步")).click();
  const provider = (at: number) => input(person, t("Provider", "提供方")).nth(at);
  await choose(person, provider(0), wanted.model[0]);
  await choose(person, input(person, t("Model", "计算模型")), wanted.model[1]);
  const add = page.getByRole("button", { name: t("+ Add a data source", "+ 添加数据源") });
  for (const [at, [owner, name]] of wanted.sources.entries()) {
    if (at > 0) await add.click();
    await choose(person, provider(at + 1), owner);
    await choose(person, input(person, t("Data source", "数据源")).nth(at), name);
    const needed = page.getByRole("button", { name: /^(Only the \d+ that|仅选择模型读取的)/ }).nth(at);
    await needed.click();
  }
  await picture(person, "task-new-2");
  await button(person, t("Create and sign", "确定并签名")).click();
  await page.waitForURL(/\/tasks\/T\w+/);
  await page.getByRole("heading", { level: 1, name: wanted.name }).waitFor();
  await picture(person, "task-created");
  return page.url().split("/").at(-1) ?? "";
};

/** From the task, or from the event, to the page that answers everything before a signature. */
export const lookBeforeSigning = async (person: Person): Promise<void> => {
  const { page, t } = person;
  await page.getByRole("link", { name: t("Review and authorise", "查看并授权") }).click();
  await button(person, t("Authorise and sign", "授权并签名")).waitFor();
};

/** As the result receiver, on the page that asks for it: makes the pair of keys there. @returns the private key's PEM */
export const authoriseReceiving = async (person: Person): Promise<string> => {
  const { page, t } = person;
  const sign = button(person, t("Authorise and sign", "授权并签名"));
  assert.equal(await sign.isDisabled(), true, "nothing to seal a result to");
  await input(person, t("Passphrase of the new private key", "新私钥的口令")).fill(PASSPHRASE);
  await input(person, t("Once more", "再次输入")).fill(PASSPHRASE);
  const make = button(person, t("Create and save the private key file", "生成密钥并保存私钥文件"));
  const pem = fromUtf8(await saved(person, make));
  await page.getByText(t("Sealed to", "加密公钥"), { exact: true }).first().waitFor();
  await picture(person, "authorise-receiver");
  await sign.click();
  await page
    .getByRole("status")
    .getByText(t("You have authorised as the result receiver.", "您已作为结果使用方授权。"))
    .waitFor();
  await picture(person, "authorised-receiver");
  return pem;
};

export const authorise = async (person: Person, as: "source" | "model"): Promise<void> => {
  const { page, t } = person;
  await button(person, t("Authorise and sign", "授权并签名")).click();
  const said = {
    source: t("You have authorised as a data provider.", "您已作为数据源提供方授权。"),
    model: t("You have authorised as the model provider.", "您已作为模型提供方授权。"),
  };
  await page.getByText(said[as]).waitFor();
  await picture(person, `authorised-${as}`);
};

/** Opens the result with the private key's file. */
export const openResult = async (person: Person, keyFile: string, passphrase = PASSPHRASE): Promise<void> => {
  const { page, t } = person;
  const place = page.getByRole("button", { name: t("Your private key (.pem)", "您的私钥文件（.pem）") });
  await give(person, place, keyFile);
  await input(person, t("Its passphrase", "私钥口令")).fill(passphrase);
  await picture(person, "result-opening");
  await button(person, t("Open the result here", "在本机解密")).click();
};

/** In the dialog over a page whose session has ended. */
export const signInAgain = async ({ page, t }: Person): Promise<void> => {
  const dialog = page.getByRole("dialog").filter({ hasText: t("Sign in again", "请重新登录") });
  await dialog.getByLabel(t("Password", "密码"), { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: t("Sign in", "登录"), exact: true }).click();
  await dialog.waitFor({ state: "hidden" });
};
