/** What people do with a key in the browser beside payments: sign with a child of it, export it, and import what came out. */
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Hex, hashMessage, recoverAddress } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { addressOfPoint, publicKeyAt } from "../../src/sdk/workflows/child-key.ts";
import { member, noBrowser, open, openConsole, PASSPHRASE, type Person } from "../support/browser.ts";
import { choose, foundGroup, makeKey } from "../support/console-keys.ts";

/** The child m/0/5 of the key on this page signs a text. @returns r and s */
const signByChild = async (person: Person): Promise<Hex> => {
  const { page, t } = person;
  await page.getByRole("button", { name: t("Request a signature", "发起签名") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("Content", "签名内容"), { exact: true }).fill("hello");
  await dialog.getByText(t("Sign with a child key", "使用子密钥签名")).click();
  const path = dialog.getByLabel(t("Child key (path)", "子密钥（派生路径）"));
  await path.fill("m/0'/5");
  await dialog
    .getByText(t("Numbers up to 2147483647 after m/", "格式为 m/数字/…，每个数字不超过 2147483647"))
    .waitFor();
  await path.fill("m/0/5");
  await dialog.getByLabel(t("Note", "备注"), { exact: true }).fill("by a child");
  await dialog.getByRole("button", { name: t("Request and sign", "签名并发起") }).click();
  await page.getByText("m/0/5").waitFor();
  await page.getByText(t("Verified in this browser", "已在本浏览器验证")).waitFor();
  return `0x${await page
    .getByText(/^[0-9a-f]{128}$/)
    .first()
    .innerText()}`;
};

test("a child key signs, the key is exported, opened in the browser, and imported again", {
  skip: noBrowser,
}, async (context) => {
  const console = await openConsole(context, { "key-nodes": "3" });
  const operator = await console.operator({ language: "zh-CN" });
  const treasurer = await member(console, operator, "Treasurer", { language: "zh-CN" });
  const { page, t } = treasurer;
  await foundGroup(
    treasurer,
    console,
    [],
    [
      t("Requesters may sign anything", "请求方可签署任意内容"),
      t("Requesters may sign with child keys", "请求方可使用子密钥签名"),
    ],
  );
  await page
    .getByRole("link", { name: t("Policies", "策略管理") })
    .first()
    .click();
  await page.getByRole("button", { name: t("Insert an example", "插入示例") }).click();
  await page
    .getByRole("menuitem", {
      name: t("Administrators may export a key after two approvals", "两方审批后管理员可导出密钥"),
    })
    .click();
  const text = page.getByLabel(t("Text of {label}", "策略 {label} 的内容", { label: "export-after-two" }));
  await text.fill((await text.inputValue()).replace(">= 2", ">= 0"));
  await page.getByRole("button", { name: t("Propose and sign", "提议并签名") }).click();
  await page.getByText(t("What changes", "变更内容")).waitFor({ state: "detached" });

  const address = await makeKey(treasurer);
  const at = page.url();
  const signature = await signByChild(treasurer);
  const key = await page.evaluate(async (id) => (await fetch(`/v1/keys/${id}`)).json(), at.split("/").at(-1) ?? "");
  const child = addressOfPoint(publicKeyAt(key, [0, 5]));
  const recovered = await Promise.all(
    (["1b", "1c"] as const).map((v) => recoverAddress({ hash: hashMessage("hello"), signature: `${signature}${v}` })),
  );
  assert.ok(
    recovered.some((one) => one === child),
    `${recovered} ${child}`,
  );
  assert.notEqual(child, address);

  await page.goto(at);
  await page.getByRole("button", { name: t("Export…", "导出密钥…") }).click();
  await page.getByLabel(t("Passphrase of the opener", "开启密钥的口令")).fill(PASSPHRASE);
  await page.getByRole("dialog").getByLabel(t("Once more", "再次输入")).fill(PASSPHRASE);
  const opener = join(console.directory, "opener.pem");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: t("Save the opener, request and sign", "保存开启密钥、请求并签名") }).click();
  await (await saving).saveAs(opener);
  await page.getByRole("heading", { name: t("Put the key together", "合成密钥") }).waitFor();
  const choosing = async (path: string) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: t("Choose a file", "选择文件") }).click();
    await (await chooser).setFiles(path);
  };
  await choosing(opener);
  await page.getByLabel(t("Its passphrase", "口令"), { exact: true }).fill("a wrong passphrase");
  await page.getByRole("button", { name: t("Open, combine and save", "打开、合成并保存") }).click();
  await page.getByRole("alert").filter({ hasText: "key.passphrase" }).waitFor();
  await page.getByLabel(t("Its passphrase", "口令"), { exact: true }).fill(PASSPHRASE);
  const taking = page.waitForEvent("download");
  await page.getByRole("button", { name: t("Open, combine and save", "打开、合成并保存") }).click();
  const exported = join(console.directory, "exported.pem");
  await (await taking).saveAs(exported);
  const pem = readFileSync(exported, "latin1");
  assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  const { d = "" } = createPrivateKey({ key: pem, passphrase: PASSPHRASE }).export({ format: "jwk" });
  assert.equal(privateKeyToAddress(`0x${Buffer.from(d, "base64url").toString("hex")}`), address);

  await open(treasurer, "/keys?new=import");
  await choosing(exported);
  await page.getByLabel(t("Passphrase, if it has one", "私钥口令（如有）")).fill(PASSPHRASE);
  await choose(treasurer, t("Group", "群组"), "Treasury");
  await page.getByLabel(t("Name", "密钥名称"), { exact: true }).fill("treasury/imported");
  await page.getByRole("button", { name: t("Split, seal and sign", "拆分、加密并签名") }).click();
  await page.getByRole("heading", { level: 1, name: "treasury/imported" }).waitFor();
  assert.equal(await page.getByText(/^0x[0-9a-fA-F]{40}$/).innerText(), address);

  // A node that the others had shut out is let in again by its administrators.
  await page.getByRole("link", { name: "Treasury" }).first().click();
  await page
    .getByRole("button", { name: t("Let in again…", "重新接纳…") })
    .first()
    .click();
  await page.getByRole("button", { name: t("Propose and sign", "提议并签名") }).click();
  await page.getByText(t("Nodes let in again", "重新接纳的节点")).waitFor();
});
