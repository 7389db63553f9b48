/** An operator loads the sample consortium into an empty installation, in both languages, and somebody signs in to it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createClient } from "../../src/sdk/client.ts";
import { noBrowser, open, openConsole, type Person, signIn } from "../support/browser.ts";

/** Saves what a button gives. */
const saved = async ({ page }: Person, button: string, path: string): Promise<string> => {
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  await (await saving).saveAs(path);
  return readFileSync(path, "utf8");
};

/** Who can sign in, by the file that is handed over. */
const accountsIn = (text: string) =>
  [...text.matchAll(/: (sample-[a-z0-9-]+)\n[^\n]*: (\S+)\n/g)].map(([, login = "", password = ""]) => ({
    ...{ login, password },
  }));

/** Reloads the page, which asks first. @param answer what the person says to that */
const reload = async ({ page }: Person, answer: "go" | "stay"): Promise<void> => {
  const asking = page.waitForEvent("dialog");
  await page.evaluate(() => void setTimeout(() => location.reload()));
  const dialog = await asking;
  assert.equal(dialog.type(), "beforeunload");
  if (answer === "stay") return dialog.dismiss();
  const loaded = page.waitForEvent("load");
  await dialog.accept();
  await loaded;
};

for (const language of ["en", "zh-CN"] as const)
  test(`the sample consortium is loaded in the operator's browser (${language})`, { skip: noBrowser }, async (t) => {
    const console = await openConsole(t);
    const operator = await console.operator({ language });
    const { page, context, t: say } = operator;
    const begin = say("Load the sample consortium", "加载示例联盟");

    // Without an enclave it ends with a word of what to do, and goes on from there.
    await context.route(/\/v1\/enclaves(\?|$)/, (route) => route.fulfill({ json: { items: [] } }));
    await page.getByRole("link", { name: begin }).click();
    await page.getByRole("button", { name: begin }).click();
    await page.getByText(say("No enclave runs on this platform now", "平台当前没有运行中的可信执行环境")).waitFor();
    await context.unrouteAll();
    await page.getByRole("button", { name: say("Continue", "继续加载"), exact: true }).click();
    await page.getByText(say("The sample consortium is loaded", "示例联盟已加载")).waitFor();
    await page.getByText(say("17 of 17 steps", "17/17 步")).waitFor();
    await page.getByText(say("Attestation simulated", "证明为模拟")).waitFor();
    const rows = await page.locator("dl.facts dt").allTextContents();
    assert.equal(rows[0], "patients");

    const file = join(console.directory, "sample.txt");
    const text = await saved(operator, say("Save all accounts and keys", "保存全部账号与密钥"), file);
    const accounts = accountsIn(text);
    assert.deepEqual(accounts.map(({ login }) => login).sort(), [
      "sample-institute",
      "sample-lakeside",
      "sample-riverside",
    ]);
    assert.equal(text.match(/-----BEGIN PRIVATE KEY-----/g)?.length, 7, "two each, and that of the result");
    const pem = join(console.directory, "institute.pem");
    const line = page.getByRole("row").filter({ hasText: "sample-institute" });
    const saving = page.waitForEvent("download");
    await line.getByRole("button", { name: say("Save the key file", "保存密钥文件") }).click();
    await (await saving).saveAs(pem);

    // The operator is who they were, and what is there isn't loaded twice.
    await open(operator, "/sample");
    await page.getByText(say("The sample consortium is there already.", "示例联盟已存在。")).waitFor();
    assert.equal(await page.getByRole("button", { name: begin }).count(), 0);

    const somebody = await console.person({ language });
    await open(somebody, "/");
    const { login, password } = accounts.find((one) => one.login === "sample-institute") ?? { login: "", password: "" };
    await signIn(somebody, login, password);
    await open(somebody, "/tasks");
    await somebody.page
      .getByRole("row")
      .filter({ hasText: say("Succeeded", "计算任务执行成功") })
      .waitFor();
    await open(somebody, "/identity");
    await somebody.page.locator('input[type="file"]').setInputFiles(pem);
    await somebody.page.getByLabel(say("Passphrase", "口令")).fill(password);
    await somebody.page.getByRole("button", { name: say("Open", "打开"), exact: true }).click();
    await somebody.page.getByText(say("Identity on the ledger", "账本上的身份")).waitFor();
  });

test("a page that is closed in the middle of it leaves nothing in the way of the next", {
  skip: noBrowser,
}, async (t) => {
  const console = await openConsole(t);
  const operator = await console.operator({ language: "zh-CN" });
  const { page, context, t: say } = operator;
  const begin = say("Load the sample consortium", "加载示例联盟");
  const left = say("It was left in the middle.", "上次加载未完成。");
  const waits = page.locator('li[aria-current="step"]');

  // The first: signed up, and not reviewed yet.
  await context.route(/\/v1\/operator\/accounts\/[^/]+\/verification$/, () => undefined);
  await open(operator, "/sample");
  await page.getByRole("button", { name: begin }).click();
  await waits.filter({ hasText: say("reviews and approves", "审核并通过") }).waitFor();
  const second = await context.newPage();
  await second.goto("/sample");
  await second
    .getByText(say("It is being loaded in another tab or window.", "正在另一个标签页或窗口中加载。"))
    .waitFor();
  assert.equal(await second.getByRole("button", { name: begin }).count(), 0);
  await second.close();
  await reload(operator, "stay");
  await waits.waitFor();
  await reload(operator, "go");
  await context.unrouteAll();
  await page.getByText(left).waitFor();

  // The second: verified, with keys on the ledger, and then there is no enclave.
  await context.route(/\/v1\/enclaves(\?|$)/, (route) => route.fulfill({ json: { items: [] } }));
  await page.getByRole("button", { name: begin }).click();
  await page.getByRole("heading", { name: say("Interrupted", "加载中断") }).waitFor();
  await reload(operator, "stay");
  await page.getByRole("button", { name: say("Leave it and begin anew", "放弃并重新开始") }).click();
  await context.unrouteAll();
  await page.getByText(left).waitFor();
  await page.getByText(say("Riverside-Hospital-sample-2", "河畔医院-示例-2")).waitFor();
  // Who signed up and was left needs no review any more.
  const { url, admin } = console.platform;
  assert.ok(admin);
  const { accounts } = createClient({ url, credentials: admin });
  const states = async () =>
    (await accounts.list({ pageSize: 100 })).items.map(({ verification }) => verification.state).sort();
  assert.deepEqual(await states(), [...Array(3).fill("approved"), ...Array(3).fill("rejected")]);

  // The third, to its end; until it was saved the page asks before it goes.
  await page.getByRole("button", { name: begin }).click();
  await page.getByText(say("17 of 17 steps", "17/17 步")).waitFor();
  await reload(operator, "stay");
  const save = say("Save all accounts and keys", "保存全部账号与密钥");
  const made = accountsIn(await saved(operator, save, join(console.directory, "third.txt")));
  assert.deepEqual(made.map(({ login }) => login).sort(), [
    "sample-institute-3",
    "sample-lakeside-3",
    "sample-riverside-3",
  ]);
  const kept = await page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
  for (const { password } of made) assert.ok(!kept.includes(password), "a password lies in the browser's store");
  let asked = false;
  page.on("dialog", (dialog) => {
    asked = true;
    void dialog.accept();
  });
  await page.reload();
  await page.getByText(say("The sample consortium is there already.", "示例联盟已存在。")).waitFor();
  assert.equal(asked, false, "what was saved may be left");
  await page.getByRole("button", { name: say("Load another one", "再加载一套") }).waitFor();

  const somebody = await console.person({ language: "zh-CN" });
  await open(somebody, "/");
  const institute = made.find(({ login }) => login === "sample-institute-3");
  await signIn(somebody, institute?.login ?? "", institute?.password ?? "");
  await open(somebody, "/tasks");
  await somebody.page.getByRole("row").filter({ hasText: "计算任务执行成功" }).waitFor();
});
