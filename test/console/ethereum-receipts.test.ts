/** Payments that do not go as they should: reverted, waiting, replaced, with the node away; each is said as what it is. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { parseEther, toHex } from "viem";
import { transactionStateLabels } from "../../src/contract/ethereum.ts";
import { Description } from "../../src/rules/shapes.ts";
import { writtenOf } from "../../src/sdk/workflows/amounts.ts";
import { addressOfPoint } from "../../src/sdk/workflows/child-key.ts";
import { awaitKey } from "../../src/sdk/workflows/keys.ts";
import { openAnvil } from "../support/anvil.ts";
import { noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { enterWithKey, siteOf, UNHURRIED } from "../support/entering.ts";
import { join, type Member } from "../support/members.ts";

const SUPPLIER = `0x${"5a".repeat(20)}` as const;
/** With capitals as EIP-55 has them. */
const CHECKED = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const CONTRACT = `0x${"c0".repeat(20)}` as const;
/** A contract that reverts, whoever calls it. */
const REVERTS = "0x60006000fd";

/** A chain behind a line that can be cut, for all that is asked or for one method. */
const openLine = async (t: TestContext) => {
  const anvil = await openAnvil();
  let cut: "nothing" | "all" | "eth_sendRawTransaction" = "nothing";
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    if (cut === "all" || body.includes(`"${cut}"`)) return void request.socket.destroy();
    const answer = await fetch(anvil.url, { method: "POST", headers: { "content-type": "application/json" }, body });
    response.setHeader("content-type", "application/json").end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await anvil.close();
  });
  return {
    rpc: anvil.rpc,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(what: typeof cut) {
      cut = what;
    },
  };
};

/** A key that signs whatever its only requester asks. @returns its address */
const newKey = async ({ client, id }: Member): Promise<`0x${string}`> => {
  const nodes = (await client.keyNodes.list({ pageSize: 100 })).items.map(({ stream }) => stream).sort();
  const { resource: group } = await client.keyGroups.create({
    ...{ nodes, administrators: [id], approvals: 1, requesters: [id], approvers: [] },
    policies: [{ id: "everything", text: "permit (principal, action, resource);" }],
    detail: { name: "Treasury", description: "" },
  });
  const { resource: key } = await client.keys.create({
    ...{ group: group.stream, scheme: "ECDSA_K1", threshold: 2, participants: nodes, origin: { kind: "generated" } },
    detail: { tags: {}, description: "" },
  });
  const { publicKey } = await awaitKey(client, key.id);
  return addressOfPoint(publicKey ?? "") as `0x${string}`;
};

/** Labels of what few fill in. */
const NUMBER = { en: "Nonce", zh: "序号（nonce）" };
const GAS = { en: "Gas limit", zh: "Gas 上限" };
const FEE = { en: "Fee of a unit of gas, at most", zh: "每单位 Gas 手续费上限" };
const TIP = { en: "Of it for the block's maker", zh: "其中支付给出块者" };
const DATA = { en: "Data (hex)", zh: "数据（十六进制）" };
const PATH = { en: "Child key (path)", zh: "子密钥（派生路径）" };

const field = ({ page, t }: Person, en: string, zh: string) => page.getByLabel(t(en, zh), { exact: true });
const onChain = ({ page, t }: Person) =>
  page.locator("section").filter({ has: page.getByRole("heading", { name: t("On the chain", "链上结果") }) });
const state = (person: Person, is: keyof typeof transactionStateLabels) =>
  onChain(person).locator(".ant-tag").getByText(person.t(transactionStateLabels[is]), { exact: true });

interface Payment {
  readonly ether: string;
  readonly note: string;
  readonly to?: string;
  /** Gas, number, and fees in gwei. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Writes a payment. */
const write = async (person: Person, { ether, note, to = SUPPLIER, more = {} }: Payment) => {
  const { page, t } = person;
  await open(person, "/ethereum");
  const few = page.locator("details").filter({ hasText: t("Gas, fees and data", "Gas、手续费与数据") });
  await field(person, "Amount", "金额").fill(ether);
  await few.evaluate((details) => details.setAttribute("open", ""));
  // A draft of another payment is no part of this one.
  for (const { en, zh } of [NUMBER, GAS, FEE, TIP, DATA, PATH]) await field(person, en, zh).fill(more[t(en, zh)] ?? "");
  await field(person, "To", "接收地址").fill(to);
  await field(person, "Note", "备注").fill(note);
  await page.getByText(t("Pay {ether} ETH", "支付 {ether} ETH", { ether })).waitFor();
};

const ask = ({ page, t }: Person) =>
  page.getByRole("button", { name: t("Request the signature and sign", "请求签名并签署") }).click();

/** Writes it, has it signed, and comes to where the chain's word is shown. */
const pay = async (person: Person, payment: Payment) => {
  await write(person, payment);
  await ask(person);
  await onChain(person).waitFor();
};

/** Comes back to a payment from its list. */
const again = async (person: Person, note: string) => {
  await open(person, "/ethereum");
  await person.page.getByRole("link", { name: note, exact: true }).click();
  await onChain(person).waitFor();
};

test("what becomes of a payment is said as it is, and nothing else passes for success", {
  skip: noBrowser,
}, async (context) => {
  const chain = await openLine(context);
  const console = await openConsole(context, { ...UNHURRIED, "key-nodes": "2", "ethereum-upstream": chain.url });
  const member = await join(await siteOf(console.platform), "Treasurer");
  const from = await newKey(member);
  await chain.rpc("anvil_setBalance", from, toHex(parseEther("10")));
  await chain.rpc("anvil_setCode", CONTRACT, REVERTS);
  const english = await enterWithKey(console, member);
  const chinese = await enterWithKey(console, member, { language: "zh-CN" });
  const received = async () => BigInt((await chain.rpc("eth_getBalance", SUPPLIER, "latest")) as string);

  for (const person of [english, chinese])
    await context.test(`fields of a payment (${person.language})`, async () => {
      const { page, t } = person;
      await write(person, { ether: "0.5", note: "limits" });
      await page.getByText(t("has {ether} ETH", "余额 {ether} ETH", { ether: 10 })).waitFor();
      const whole = (max: string, min = "0") =>
        t("A whole number from {min} to {max}", "请输入 {min} 至 {max} 的整数", { min, max });
      const address = t("No address, or its checksum is wrong", "不是有效地址，或校验不符");
      const amount = t("A number with at most 18 places", "请输入数字，最多 18 位小数");
      const hex = t("Hexadecimal, whole bytes", "请输入十六进制整字节");
      const fee = t("A number with at most 9 places", "请输入数字，最多 9 位小数");
      const long = t("{n} characters; at most {max}", "已输入 {n} 个字符，最多 {max} 个", { n: 101, max: 100 });
      for (const [label, wrong, fits] of [
        [
          t("To", "接收地址"),
          [
            [CHECKED.replace("fB", "FB"), address],
            [`${SUPPLIER}5`, address],
            [SUPPLIER.slice(0, -1), address],
          ],
          [CHECKED, CHECKED.toLowerCase()],
        ],
        [
          t("Amount", "金额"),
          [
            ["-1", amount],
            [`0.${"0".repeat(18)}1`, amount],
            ["1e3", amount],
            ["1,5", amount],
          ],
          [`0.${"0".repeat(17)}1`],
        ],
        [
          t(GAS.en, GAS.zh),
          [
            ["20999", whole("60,000,000", "21,000")],
            ["60000001", whole("60,000,000", "21,000")],
            ["21000.5", whole("60,000,000", "21,000")],
          ],
          ["21000"],
        ],
        [t(TIP.en, TIP.zh), [["1000", t("More than the fee that it is a part of", "不能超过手续费上限")]], ["0.5"]],
        [t(NUMBER.en, NUMBER.zh), [["-1", whole("9,007,199,254,740,991")]], ["0"]],
        [t(FEE.en, FEE.zh), [["1.0000000001", fee]], ["1.000000001"]],
        [
          t(DATA.en, DATA.zh),
          [
            ["0xabc", hex],
            ["0xgg", hex],
          ],
          ["0xabcd", "abcd"],
        ],
        [
          t(PATH.en, PATH.zh),
          [["m/2147483648", t("Numbers up to 2147483647 after m/", "格式为 m/数字/…，每个数字不超过 2147483647")]],
          ["m/2147483647", ""],
        ],
        [t("Note", "备注"), [["𠮷".repeat(101), long]], ["𠮷".repeat(100)]],
      ] as const) {
        const input = page.getByLabel(label, { exact: true });
        const item = page.locator(".ant-form-item").filter({ has: input });
        for (const [text, said] of wrong) {
          await input.fill(text);
          await input.blur();
          await item.getByText(said, { exact: true }).waitFor();
          assert.equal(await input.inputValue(), text, "what was typed stays");
        }
        for (const text of fits) {
          await input.fill(text);
          await input.blur();
          await item.locator(".ant-form-item-explain-error").waitFor({ state: "detached" });
          assert.equal(await input.inputValue(), text);
        }
      }
      assert.equal(Description.safeParse("𠮷".repeat(101)).success, false);
      await field(person, DATA.en, DATA.zh).fill("");
      await field(person, "Amount", "金额").fill("10.5");
      await page
        .getByText(t("The address has less than this may cost.", "该地址余额不足以支付可能的总费用。"))
        .waitFor();
      // What does not fit is not asked for, and stays where it is said.
      const gas = field(person, GAS.en, GAS.zh);
      await gas.fill("20999");
      await gas.blur();
      const refused = page.getByText(whole("60,000,000", "21,000"), { exact: true });
      await refused.waitFor();
      await open(person, "/ethereum");
      assert.equal(await field(person, "Amount", "金额").inputValue(), "10.5", "the draft is there again");
      await ask(person);
      await refused.waitFor();
      assert.equal(await gas.inputValue(), "20999");
      assert.equal((await member.client.keyRequests.list({})).total, 0);
    });

  await context.test("one that fails on the chain (zh-CN)", async () => {
    const before = BigInt((await chain.rpc("eth_getBalance", from, "latest")) as string);
    await write(chinese, { ether: "0.1", note: "reverts", to: CONTRACT, more: { [GAS.zh]: "100000" } });
    await chinese.page.getByText("按当前状态，该交易将无法执行。").waitFor();
    await ask(chinese);
    await state(chinese, "failed").waitFor();
    await onChain(chinese).getByText("交易已上链但执行失败：除手续费外未发生付款。").waitFor();
    assert.equal(await state(chinese, "succeeded").count(), 0);
    const fee = before - BigInt((await chain.rpc("eth_getBalance", from, "latest")) as string);
    assert.ok(fee > 0n && fee < parseEther("0.1"), "the fee and nothing else");
    await onChain(chinese)
      .getByText(`${writtenOf(fee)} ETH`, { exact: true })
      .waitFor();
  });

  await context.test("one that waits for long, and is carried out later (en)", async () => {
    await chain.rpc("evm_setAutomine", false);
    await pay(english, { ether: "0.2", note: "slow" });
    await state(english, "pending").waitFor();
    await onChain(english).getByText("Sent; it waits for a block. You may leave this page.").waitFor();
    await again(english, "slow");
    await state(english, "pending").waitFor();
    // Nothing is offered that would send it twice.
    assert.equal(await english.page.getByRole("button", { name: /^Send to/ }).count(), 0);
    assert.equal(await received(), 0n);
    await chain.rpc("evm_mine");
    await state(english, "succeeded").waitFor();
    assert.equal(await received(), parseEther("0.2"));
  });

  await context.test("one whose number another takes (zh-CN)", async () => {
    const number = Number(await chain.rpc("eth_getTransactionCount", from, "latest"));
    await pay(chinese, { ether: "0.3", note: "first" });
    await state(chinese, "pending").waitFor();
    const more = { [NUMBER.zh]: String(number), [FEE.zh]: "50", [TIP.zh]: "10" };
    await pay(chinese, { ether: "0.4", note: "second", more });
    await state(chinese, "pending").waitFor();
    await again(chinese, "first");
    // Out of the node's hands, and not lost yet: sending it again is refused in words while the other one waits.
    await state(chinese, "unknown").waitFor();
    await chinese.page.getByRole("button", { name: /^发送到/ }).click();
    await onChain(chinese).getByRole("alert").filter({ hasText: "ethereum.rejected" }).waitFor();
    await chain.rpc("evm_mine");
    await state(chinese, "replaced").waitFor();
    await onChain(chinese).getByText("该地址的另一笔交易已占用其序号，本交易不会再被执行。").waitFor();
    assert.equal(await chinese.page.getByRole("button", { name: /^发送到/ }).count(), 0);
    await again(chinese, "second");
    await state(chinese, "succeeded").waitFor();
    assert.equal(await received(), parseEther("0.6"), "0.2 before, and 0.4");
    await chain.rpc("evm_setAutomine", true);
  });

  await context.test("the node is away when it is to be sent, and before (en)", async () => {
    await write(english, { ether: "0.5", note: "away" });
    chain.cut("eth_sendRawTransaction");
    await ask(english);
    const failure = english.page.getByRole("alert").filter({ hasText: "ethereum.unreachable" });
    await failure.getByText("Nothing is lost", { exact: false }).waitFor();
    const raw = english.page.getByText(/^0x02[0-9a-f]{100,}$/);
    const signed = await raw.innerText();
    const send = english.page.getByRole("button", { name: /^Send to/ });
    await send.click();
    await failure.waitFor();
    assert.equal(await received(), parseEther("0.6"));
    chain.cut("all");
    await again(english, "away").catch(() => undefined);
    await failure.first().waitFor();
    assert.equal(await raw.innerText(), signed, "what was signed stays");
    chain.cut("nothing");
    // By itself: it was to be sent as soon as it is signed, and was not yet.
    await state(english, "succeeded").waitFor();
    assert.equal(await received(), parseEther("1.1"));

    await write(english, { ether: "0.7", note: "kept" });
    chain.cut("all");
    await open(english, "/ethereum");
    await failure.first().waitFor();
    assert.equal(await field(english, "Amount", "金额").inputValue(), "0.7", "what was typed stays");
    chain.cut("nothing");
    await english.page.getByRole("button", { name: "Try again" }).first().click();
    await ask(english);
    await state(english, "succeeded").waitFor();
    assert.equal(await received(), parseEther("1.8"));
  });
});
