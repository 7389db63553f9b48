/** Groups and keys as people make them in the console. */
import assert from "node:assert/strict";
import type { Hex } from "viem";
import { createClient } from "../../src/sdk/client.ts";
import { type Console, open, type Person } from "./browser.ts";

/** An option of a drop-down, by what is read. */
export const choose = async ({ page }: Person, label: string, ...options: readonly (string | RegExp)[]) => {
  await page.getByLabel(label, { exact: true }).click();
  const list = page.locator(".ant-select-dropdown:visible");
  for (const option of options) await list.locator(".ant-select-item-option").filter({ hasText: option }).click();
  // Where several may be chosen it stays open. Escape would close the dialog around it, if it has closed by itself.
  // On a busy machine it may be left before it has noticed that it was entered.
  for (let tries = 0; tries < 10 && (await list.isVisible()); tries++) {
    await page.getByLabel(label, { exact: true }).focus();
    await page.getByLabel(label, { exact: true }).blur();
    await page.waitForTimeout(500);
  }
  await list.waitFor({ state: "hidden" });
};

/** Members of a field, each by nickname and APPID. */
const name = async ({ page, t }: Person, field: string, people: readonly { nickname: string; appId: string }[]) => {
  const item = page.locator(".ant-form-item").filter({ hasText: field });
  for (const { nickname, appId } of people) {
    await item.getByLabel(t("Account nickname", "账号昵称")).fill(nickname);
    await item.getByLabel("APPID").fill(appId);
    await item.getByRole("button", { name: t("Add", "添加"), exact: true }).click();
    await item.locator(".ant-tag").filter({ hasText: nickname }).waitFor();
  }
};

export const foundGroup = async (
  treasurer: Person,
  console: Console,
  approvers: readonly string[],
  start: readonly string[] = [],
) => {
  const { page, t } = treasurer;
  const { url, admin } = console.platform;
  assert.ok(admin);
  const { items } = await createClient({ url, credentials: admin }).accounts.list({ pageSize: 100 });
  await open(treasurer, "/key-groups?new=1");
  await page.getByLabel(t("Name", "群组名称"), { exact: true }).fill("Treasury");
  await choose(treasurer, t("Key nodes", "密钥节点"), "node-1", "node-2", "node-3");
  await name(
    treasurer,
    t("Approvers", "审批方"),
    items.filter(({ nickname }) => approvers.includes(nickname)),
  );
  if (start.length > 0) await choose(treasurer, t("Initial policies", "初始策略"), ...start);
  await page.getByRole("button", { name: t("Create and sign", "创建并签名") }).click();
  await page.getByRole("heading", { level: 1, name: "Treasury" }).waitFor();
};

/** @returns its address */
export const makeKey = async (treasurer: Person): Promise<Hex> => {
  const { page, t } = treasurer;
  await open(treasurer, "/keys?new=make");
  await choose(treasurer, t("Group", "群组"), "Treasury");
  await page.getByLabel(t("Name", "密钥名称"), { exact: true }).fill("treasury/payments");
  await page.getByRole("button", { name: t("Generate and sign", "生成并签名") }).click();
  await page.getByRole("heading", { level: 1, name: "treasury/payments" }).waitFor();
  const address = page.getByText(/^0x[0-9a-fA-F]{40}$/);
  return (await address.innerText()) as Hex;
};
