/** A member's key over the years: opened in another browser, replaced, the one before revoked, or left to the platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fromBase64 } from "../../src/base/bytes.ts";
import { parseCertificate } from "../../src/trust/x509/certificate.ts";
import { noBrowser, open, openConsole, PASSPHRASE, type Person, signIn } from "../support/browser.ts";
import { choose, insider, openKey, reached } from "../support/insiders.ts";
import { signUp } from "../support/members.ts";

/** Founds an alliance, which takes a signature. */
const found = async (person: Person, name: string) => {
  const { page, t } = person;
  await open(person, "/alliances?new=1");
  await page.getByRole("dialog").getByLabel(t("Alliance name", "联盟名称")).fill(name);
  await page.getByRole("button", { name: t("Create and sign", "确定并签名") }).click();
};

test("a key that is recovered, replaced, revoked, or kept by the platform", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const platform = await reached(console);

  await t.test("another browser opens the backup, makes a new key, and the one before signs no more", async () => {
    const first = await insider(console, platform, "第一医院", { language: "zh-CN", encrypted: true });
    const second = await console.person({ language: "en" });
    await open(second, "/");
    await signIn(second, first.member.account.login, first.member.account.password);
    const { page, t: say } = second;
    await page
      .getByText(
        say(
          "Your signing key is not in this browser: you can view, but not sign.",
          "签名密钥不在此浏览器中，您只能查看，不能签名。",
        ),
      )
      .waitFor();
    await open(second, "/identity");
    await page.locator("input[type=file]").setInputFiles(first.backup);
    await page.getByLabel(say("Passphrase", "口令"), { exact: true }).fill("not the passphrase");
    await page.getByRole("button", { name: say("Open", "打开"), exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "key." }).waitFor();
    await openKey(second, first.backup);

    await page.getByRole("button", { name: say("Renew or revoke", "更新或吊销") }).click();
    await page
      .getByLabel(say("Revoke the key before: it was lost, or others may have it", "吊销原签名密钥：已遗失或可能泄露"))
      .check();
    await choose(second, page.getByLabel(say("Backup file (.pem)", "备份文件（.pem）")).last(), first.backup);
    await page.getByRole("dialog").getByLabel(say("Passphrase", "口令"), { exact: true }).fill(PASSPHRASE);
    const saving = page.waitForEvent("download");
    await page
      .getByRole("button", { name: say("Make the new key and save the backup", "生成新密钥并保存备份") })
      .click();
    const renewed = join(console.directory, "renewed.pem");
    await (await saving).saveAs(renewed);
    await page
      .getByText(
        say(
          "Done. Keep the new backup file; it replaces the one before.",
          "已完成。请保管新的备份文件，它将取代之前的备份。",
        ),
      )
      .waitFor();
    assert.match(readFileSync(renewed, "latin1"), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/m);

    await found(first, "以旧密钥");
    await first.page.getByRole("dialog").getByRole("alert").filter({ hasText: "certificate." }).waitFor();
    await found(second, "With the new key");
    await page.getByRole("heading", { name: "With the new key" }).waitFor();
    // The new backup opens in the first browser, whose old key is forgotten.
    await open(first, "/identity");
    await first.page
      .getByRole("button", { name: first.t("Remove the key from this browser", "从此浏览器移除密钥") })
      .click();
    await first.page.getByRole("button", { name: first.t("Remove", "移除"), exact: true }).click();
    await openKey(first, renewed);
    await found(first, "以新密钥");
    await first.page.getByRole("heading", { name: "以新密钥" }).waitFor();
  });

  await t.test("the authority's certificate gets ten more years", async () => {
    const person = await insider(console, platform, "Third-Hospital", { width: 390 });
    const { page, t: say, member } = person;
    await page.getByRole("button", { name: say("Renew or revoke", "更新或吊销") }).click();
    await page.getByText(say("Ten more years for the authority", "颁发机构证书延期十年")).click();
    await choose(person, page.getByLabel(say("Backup file (.pem)", "备份文件（.pem）")).last(), person.backup);
    await page.getByRole("dialog").getByLabel(say("Passphrase", "口令"), { exact: true }).fill(PASSPHRASE);
    await page.getByRole("button", { name: say("Renew, sign and save the backup", "更新、签名并保存备份") }).click();
    await page
      .getByText(
        say(
          "Done. Keep the new backup file; it replaces the one before.",
          "已完成。请保管新的备份文件，它将取代之前的备份。",
        ),
      )
      .waitFor();
    const { authorities } = await member.client.organisations.get({ id: member.id });
    const renewed = parseCertificate(fromBase64(authorities.at(-1) ?? ""));
    assert.ok(renewed.notAfter > member.authority.certificate.notAfter);
  });

  await t.test("a managed identity says who can sign, and that there are no nodes to hand the key to", async () => {
    const account = await signUp(platform, "Managed-Hospital");
    const person = await console.person({ theme: "dark" });
    await open(person, "/");
    await signIn(person, account.login, account.password);
    await open(person, "/identity");
    const { page, t: say } = person;
    await page.getByRole("button", { name: say("Let the platform keep it instead", "改为平台托管") }).click();
    await page.getByRole("button", { name: say("Let the platform keep it", "由平台托管"), exact: true }).click();
    await page.getByText(say("The platform keeps your key.", "您的密钥由平台托管。")).waitFor();
    await page.getByRole("button", { name: say("Hand the key to a key group", "将密钥交由密钥群组") }).click();
    await page.getByRole("button", { name: say("Hand it over", "确认移交") }).click();
    await page.getByRole("alert").filter({ hasText: "managed." }).waitFor();
    await found(person, "By the platform");
    await page.getByRole("heading", { name: "By the platform" }).waitFor();
  });
});
