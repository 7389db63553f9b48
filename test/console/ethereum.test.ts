/** A payment by a key that nobody holds, from its group to its receipt, by three people in three browsers. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Transaction } from "ethers";
import { type Hex, parseEther, parseTransaction, recoverTransactionAddress, toHex } from "viem";
import { type Anvil, openAnvil } from "../support/anvil.ts";
import { member, noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { foundGroup, makeKey } from "../support/console-keys.ts";

const SUPPLIER = `0x${"5a".repeat(20)}` as const;
const FUNDS = parseEther("10");

/** Takes an example of the page and writes in it what is to be otherwise. */
const takeExample = async ({ page, t }: Person, example: string, id: string, changes: Record<string, string>) => {
  await page.getByRole("button", { name: t("Insert an example", "插入示例") }).click();
  await page.getByRole("menuitem", { name: example }).click();
  const text = page.getByLabel(t("Text of {label}", "策略 {label} 的内容", { label: id }), { exact: true });
  let written = await text.inputValue();
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(written.includes(from), written);
    written = written.replace(from, to);
  }
  await text.fill(written);
};

const CAP = `forbid (principal, action == Action::"sign", resource)
when { context has transaction && context.transaction.value.greaterThan(decimal("2.0")) };`;

const writePolicies = async (treasurer: Person) => {
  const { page, t } = treasurer;
  await page
    .getByRole("link", { name: t("Policies", "策略管理") })
    .first()
    .click();
  await takeExample(
    treasurer,
    t("Pay only these addresses, on one chain", "仅向指定地址、在指定链上付款"),
    "pay-listed",
    { "chainId == 1": "chainId == 31337", [`0x${"51".repeat(20)}`]: SUPPLIER },
  );
  await takeExample(treasurer, t("Large amounts after two approvals", "大额须两方审批"), "two-for-large", {
    "1.5": "0.5",
  });
  await takeExample(treasurer, t("Empty", "空白策略"), "policy", {
    "permit (principal, action, resource);": CAP.replace("forbid", "forbidd"),
  });
  await page.getByLabel(t("Name of the policy", "策略名称")).last().fill("at-most-two-ether");
  // The engine says where it is wrong, and nothing is proposed before it is mended.
  const failure = page.getByRole("alert").filter({ hasText: "at-most-two-ether" });
  await failure.waitFor();
  const propose = page.getByRole("button", { name: t("Propose and sign", "提议并签名") });
  assert.equal(await propose.isDisabled(), true);
  await page
    .getByLabel(t("Text of {label}", "策略 {label} 的内容", { label: "at-most-two-ether" }), { exact: true })
    .fill(CAP);
  await page.getByText(t("Valid.", "检查通过。")).waitFor();
  await page.getByRole("button", { name: t("Simulate", "开始模拟") }).click();
  await page.getByText(t("No past request is affected.", "没有受影响的历史请求。")).waitFor();
  await propose.click();
  await page.getByText(t("What changes", "变更内容")).waitFor({ state: "detached" });
};

/** Writes a payment, reads it, and asks for it. */
const pay = async (treasurer: Person, ether: string, note: string) => {
  const { page, t } = treasurer;
  await open(treasurer, "/ethereum");
  await page.getByText(t("has {ether} ETH", "余额 {ether} ETH", { ether: 10 })).waitFor();
  await page.getByLabel(t("To", "接收地址"), { exact: true }).fill(SUPPLIER);
  await page.getByLabel(t("Amount", "金额"), { exact: true }).fill(ether);
  await page.getByLabel(t("Note", "备注"), { exact: true }).fill(note);
  await page.getByText(t("Pay {ether} ETH", "支付 {ether} ETH", { ether })).waitFor();
  await page.getByRole("button", { name: t("Request the signature and sign", "请求签名并签署") }).click();
  await page.getByRole("heading", { name: t("Who approved", "审批情况") }).waitFor();
};

/** Finds what waits, reads it in plain words, and approves it with the key in this browser. */
const approve = async (approver: Person, note: string) => {
  const { page, t } = approver;
  await open(approver, "/key-requests?tab=awaiting");
  await page.getByRole("link", { name: note }).click();
  await page.getByText(t("Read in this browser from the signed request", "由本浏览器从已签名请求中解读")).waitFor();
  await page.getByText(t("Pay {ether} ETH", "支付 {ether} ETH", { ether: "0.75" })).waitFor();
  await page.getByText(SUPPLIER).waitFor();
  await page.getByRole("button", { name: t("Approve and sign", "批准并签名") }).click();
  await page.getByText(t("Your approval is on the ledger.", "您的批准已登记到账本。")).waitFor();
};

const openChain = async (t: TestContext): Promise<Anvil> => {
  const anvil = await openAnvil();
  t.after(() => anvil.close());
  return anvil;
};

for (const language of ["en", "zh-CN"] as const)
  test(`a treasurer pays, two approve in their own browsers, and the chain has it (${language})`, {
    skip: noBrowser,
  }, async (context) => {
    const anvil = await openChain(context);
    const console = await openConsole(context, { "key-nodes": "3", "ethereum-upstream": anvil.url });
    const operator = await console.operator({ language });
    const treasurer = await member(console, operator, "Treasurer", { language });
    const finance = await member(console, operator, "Finance", { language });
    const audit = await member(console, operator, "Audit", { language, width: 390, theme: "dark" });
    const { page, t } = treasurer;

    await foundGroup(treasurer, console, ["Finance", "Audit"]);
    await writePolicies(treasurer);
    const address = await makeKey(treasurer);
    await anvil.rpc("anvil_setBalance", address, toHex(FUNDS));

    await pay(treasurer, "5", "five ether");
    const refused = page.getByRole("alert").filter({ hasText: "keynode.policy" });
    await refused.getByText("at-most-two-ether").waitFor();
    assert.equal(await refused.getByText("pay-listed").count(), 0);

    await page.getByRole("button", { name: t("Another payment", "再发起一笔") }).click();
    await pay(treasurer, "0.75", "invoice 17");
    await approve(finance, "invoice 17");
    assert.equal(BigInt((await anvil.rpc("eth_getBalance", SUPPLIER, "latest")) as string), 0n);
    await approve(audit, "invoice 17");

    const receipt = page.locator("section").filter({ hasText: t("On the chain", "链上结果") });
    await receipt.getByText(t("Succeeded", "已成功")).waitFor();
    await receipt.getByText("21000", { exact: true }).waitFor();
    assert.equal(BigInt((await anvil.rpc("eth_getBalance", SUPPLIER, "latest")) as string), parseEther("0.75"));

    const raw = (await page.getByText(/^0x02[0-9a-f]{100,}$/).innerText()) as Hex;
    const { to, value, chainId, nonce } = parseTransaction(raw);
    assert.deepEqual(
      { to, value, chainId, nonce: nonce ?? 0 },
      { to: SUPPLIER, value: parseEther("0.75"), chainId: 31_337, nonce: 0 },
    );
    assert.equal(await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` }), address);
    const { hash } = Transaction.from(raw);
    assert.ok(hash);
    assert.equal(await receipt.getByTitle(hash).count(), 1);
    const mined = (await anvil.rpc("eth_getTransactionReceipt", hash)) as { status: string; from: string };
    assert.deepEqual([mined.status, mined.from], ["0x1", address.toLowerCase()]);

    // Whoever left finds it again, and nothing is sent twice.
    await open(treasurer, "/ethereum");
    await page.getByRole("link", { name: "invoice 17" }).click();
    await receipt.getByText(t("Succeeded", "已成功")).waitFor();
    assert.equal(await anvil.rpc("eth_getTransactionCount", address, "latest"), "0x1");
  });
