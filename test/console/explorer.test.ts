/** What moves while one looks, and how things are found: the ledger's explorer, the inbox, search, deep links. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noBrowser, open, openConsole, signIn } from "../support/browser.ts";
import { insider, reached } from "../support/insiders.ts";
import { addModel, addTable, ally } from "../support/members.ts";

test("the ledger, the inbox and search", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const platform = await reached(console);
  const institute = await insider(console, platform, "研究所", { language: "zh-CN", theme: "dark" });
  const hospital = await insider(console, platform, "First-Hospital");
  const { page, t: say } = hospital;
  const study = await ally(platform, [hospital.member], "Study");
  const table = await addTable(platform, hospital.member, { name: "Rows" });

  await t.test("the feed grows while it is open; one statement's proof is checked on the spot", async () => {
    await open(hospital, "/ledger");
    await page
      .getByText(
        say(
          "This browser sees this ledger for the first time and will check it against this checkpoint from now on.",
          "本浏览器首次见到该账本，今后将以此检查点核对。",
        ),
      )
      .waitFor();
    await page.getByRole("img", { name: say("Statements over time", "声明数量随时间变化") }).waitFor();
    const row = page.getByRole("row").filter({ hasText: institute.member.nickname });
    const { statement } = (await hospital.member.client.ledger.statements({ limit: 1 })).items[0] ?? {};
    await ally(platform, [institute.member], "另一联盟");
    await page.locator("tr.fresh").first().waitFor();
    // What is not this member's to read is there, without a name.
    await page.locator("tr.fresh").getByText(say("no access", "无权查看内容")).first().waitFor();
    assert.equal(await row.filter({ hasText: "另一联盟" }).count(), 0);

    await page.getByLabel(say("Search the ledger", "搜索账本")).fill(statement ?? "");
    await page.getByLabel(say("Search the ledger", "搜索账本")).press("Enter");
    await page.waitForURL(/search=/);
    await page.getByRole("row").nth(1).getByRole("link").first().click();
    for (const [en, zh] of [
      ["The checkpoint of that root is signed by the ledger's key", "该根的检查点由账本密钥签署"],
      ["The statement's bytes have the digest that stands in the log", "声明内容的摘要与日志一致"],
    ] as const)
      await page.getByText(say(en, zh)).waitFor();
    assert.equal(await page.locator(".mark.bad").count(), 0);
    await page
      .getByRole("navigation", { name: "breadcrumb" })
      .or(page.locator(".ant-breadcrumb"))
      .first()
      .getByRole("link", { name: say("Ledger", "区块链") })
      .click();
    await page.getByRole("heading", { name: say("Statements", "声明") }).waitFor();
    await page.reload();
    await page
      .getByText(
        say(
          "It continues every checkpoint that this browser has seen: nothing was changed or dropped.",
          "与本浏览器所见的全部检查点一致：没有条目被更改或删除。",
        ),
      )
      .waitFor();
  });

  await t.test("a ledger that is not the one this browser saw is said to be rewritten", async () => {
    await page.evaluate(() => {
      const kept = JSON.parse(localStorage.getItem("entente.ledger") ?? "{}");
      kept.checkpoints[0].root = kept.checkpoints[0].root.replace(/^../, (two: string) => (two === "00" ? "11" : "00"));
      localStorage.setItem("entente.ledger", JSON.stringify(kept));
    });
    await page.reload();
    await page
      .getByRole("alert")
      .filter({ hasText: say("The ledger was rewritten", "账本已被改写") })
      .waitFor();
    await page.getByRole("button", { name: say("Trust the new one instead", "改为信任新账本") }).click();
    await page.getByRole("button", { name: say("Forget", "忘记"), exact: true }).click();
    await page.getByText(say("Verified in this browser", "已在本浏览器验证")).waitFor();
  });

  await t.test(
    "an invitation shows on the bell of the other browser at once, and goes when it is answered",
    async () => {
      await open(institute, "/models");
      const bell = (n: number) =>
        institute.page.getByRole("link", {
          name: institute.t("{n} {n|event|events} waiting for you", "{n} 个待处理事件", { n }),
        });
      await bell(0).waitFor();
      await hospital.member.client.alliances.invite(study, { member: institute.member.id });
      await bell(1).waitFor();
      await bell(1).click();
      await institute.page.getByRole("link", { name: institute.t("Handle", "去处理") }).click();
      await institute.page.getByRole("button", { name: institute.t("Join and sign", "同意并签名") }).click();
      await bell(0).waitFor();
    },
  );

  await t.test("search opens ids, hashes and positions, and finds names", async () => {
    const model = await addModel(platform, hospital.member, { name: "Sum of rows" });
    await open(hospital, "/");
    const search = page.getByRole("textbox", { name: say("Search", "搜索"), exact: true });
    const look = async (words: string) => {
      await page.locator("h1").first().click();
      await page.keyboard.press("/");
      await search.fill(words);
      await search.press("Enter");
    };
    for (const [words, title] of [
      [table.id, "Rows"],
      [model.id, "Sum of rows"],
      ["3", say("Entry {n}", "条目 {n}", { n: 3 })],
    ] as const) {
      await look(words);
      await page.getByRole("heading", { name: title, exact: true }).first().waitFor();
    }
    await look(table.stream);
    await page.waitForURL(/\/ledger\?search=/);
    await look("ows");
    await page.getByRole("link", { name: "Rows", exact: true }).waitFor();
    await page.getByRole("link", { name: "Sum of rows", exact: true }).waitFor();
    await look("no such thing");
    await page
      .getByText(/no such thing/)
      .last()
      .waitFor();
    // Another's id is as one that does not exist.
    await open(
      institute,
      `/sources/${(await addTable(platform, hospital.member, { permission: { kind: "private" } })).id}`,
    );
    await institute.page.getByRole("alert").filter({ hasText: "stream.unknown" }).waitFor();
  });

  await t.test("a deep link opens after the door, and another organisation is one choice away", async () => {
    const visitor = await console.person({ width: 390 });
    const { account } = hospital.member;
    await visitor.page.goto(`/sources/${table.id}`);
    await signIn(visitor, account.login, account.password);
    await visitor.page.getByRole("heading", { name: "Rows" }).waitFor();
    const who = (name: string) => visitor.page.getByRole("button", { name });
    await who(account.nickname).click();
    await visitor.page.getByRole("menuitem", { name: visitor.t("Switch organisation", "切换机构") }).click();
    const other = institute.member.account;
    await signIn(visitor, other.login, other.password);
    await who(other.nickname).click();
    // The one before is offered by name; only the password is asked for.
    await visitor.page.getByRole("menuitem", { name: account.nickname }).click();
    assert.equal(await visitor.page.getByLabel(visitor.t("User name", "用户名")).inputValue(), account.login);
    await visitor.page.getByLabel(visitor.t("Password", "密码"), { exact: true }).fill(account.password);
    await visitor.page.getByRole("button", { name: visitor.t("Sign in", "登录"), exact: true }).click();
    await who(account.nickname).waitFor();
  });
});
