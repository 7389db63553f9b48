/** Limits of forms are the contract's: what is too much is refused in place, what just fits is taken; wrong files too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { pack as tarPack } from "tar-stream";
import { createAuthority, issueLeaf } from "../../src/sdk/workflows/index.ts";
import { toPem } from "../../src/trust/pem.ts";
import { noBrowser, open, openConsole, PASSPHRASE, type Person } from "../support/browser.ts";
import { backupOf, enter, enterWithKey, openBackup, siteOf, UNHURRIED } from "../support/entering.ts";
import { archiveOf, join, manifestOf, newReceiverKey, SUM } from "../support/members.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
/** One character to people, two to a script. */
const WIDE = "𠮷";
const MiB = 2 ** 20;

/** An archive whose file would lie outside of it. */
const escaping = async (): Promise<Buffer> => {
  const tar = tarPack();
  tar.entry({ name: "../evil.js" }, "1");
  tar.finalize();
  return gzipSync(Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Uint8Array>)));
};

/** Chooses files one after another; each is refused below its field in these words. */
const refuseFiles = async (
  { page }: Person,
  field: string,
  files: readonly (readonly [name: string, content: Buffer, said: string])[],
): Promise<void> => {
  for (const [name, buffer, said] of files) {
    await page
      .locator(`input[data-field=${field}]`)
      .setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    const item = page.locator(".ant-form-item").filter({ has: page.locator(`input[data-field=${field}]`) });
    await item.getByText(said, { exact: false }).waitFor();
    await item.getByText(name, { exact: true }).waitFor();
  }
};

/** Types into a field; it is refused below it, and stays. */
const refuseTexts = async (
  { page }: Person,
  label: string,
  texts: readonly (readonly [text: string, said: string])[],
): Promise<void> => {
  const dialog = page.getByRole("dialog");
  const within = (await dialog.isVisible()) ? dialog : page;
  const field = within.getByLabel(label, { exact: true }).locator("visible=true").first();
  for (const [text, said] of texts) {
    await field.fill(text);
    const item = field.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' ant-form-item ')][1]");
    await item.getByText(said, { exact: false }).first().waitFor();
    assert.equal(await field.inputValue(), text);
  }
};

test("what is too long, of another kind, or somebody else's is refused where it was given", {
  skip: noBrowser,
}, async (t) => {
  const console = await openConsole(t, UNHURRIED);
  const site = await siteOf(console.platform);
  const [hospital, institute] = await Promise.all([join(site, "Hospital"), join(site, "Institute")]);
  const person = await enterWithKey(console, hospital);
  const { page } = person;

  await t.test("an alliance: characters are counted as people count them", async () => {
    await open(person, "/alliances?new=1");
    await page.getByRole("dialog").waitFor();
    await refuseTexts(person, "Alliance name", [[WIDE.repeat(51), "51 characters; at most 50"]]);
    await refuseTexts(person, "Description", [[WIDE.repeat(101), "101 characters; at most 100"]]);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Create and sign" }).click();
    await dialog.getByLabel("Alliance name").fill(WIDE.repeat(50));
    await dialog.getByLabel("Description").fill(WIDE.repeat(100));
    await dialog.getByRole("button", { name: "Create and sign" }).click();
    await page.getByRole("link", { name: WIDE.repeat(50) }).waitFor();
    const [alliance] = (await hospital.client.alliances.list()).items;
    assert.deepEqual([alliance?.name, alliance?.description], [WIDE.repeat(50), WIDE.repeat(100)]);
    await page.getByRole("button", { name: "Invite a member" }).click();
    await refuseTexts(person, "APPID", [["123456789", "Ten digits"]]);
    await page.getByLabel("APPID").fill(institute.appId);
    await page.getByLabel("Account nickname").fill("Hospital");
    await page.getByRole("button", { name: "Invite and sign" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("APPID").inputValue(), institute.appId);
  });

  await t.test("a model: names, versions, functions and files", async () => {
    await open(person, "/models/new");
    await refuseTexts(person, "Model name", [
      ["a".repeat(51), "51 characters; at most 50"],
      [" a", "No leading or trailing spaces"],
      ["a\u202eb", "no control characters"],
    ]);
    await refuseTexts(person, "Version", [
      ["1".repeat(33), "at most 32"],
      ["a b", "Letters, digits"],
    ]);
    await refuseTexts(person, "Main function", [
      ["1main", "A name such as main"],
      ["m".repeat(65), "at most 64"],
    ]);
    await refuseFiles(person, "description", [
      ["a.png", PNG, "is not a .md file"],
      ["a.md", PNG, "Not a UTF-8 text file"],
      ["b.md", Buffer.alloc(MiB + 1, "a"), "1,048,577 bytes; at most 1 MB"],
    ]);
    await refuseFiles(person, "archive", [
      ["table.csv", Buffer.from("a\n1\n"), "is not a .tar.gz file"],
      ["empty.tar.gz", Buffer.alloc(0), "The file is empty"],
      ["table.tar.gz", Buffer.from("a\n1\n"), "its content is something else"],
      ["noise.tar.gz", gzipSync("no tar"), "archive"],
      ["large.tar.gz", Buffer.alloc(20 * MiB + 1), "20,971,521 bytes; at most 20 MB"],
      ["escaping.tar.gz", await escaping(), "../evil.js"],
    ]);
    await page.getByRole("button", { name: "Seal, publish and sign" }).click();
    assert.equal(await page.getByLabel("Model name").inputValue(), "a\u202eb", "nothing was sent, everything stays");
    for (const [label, text] of [
      ["Model name", WIDE.repeat(50)],
      ["Version", "1".repeat(32)],
      ["Main function", "main"],
    ] as const)
      await page.getByLabel(label, { exact: true }).fill(text);
    const archive = Buffer.from(await archiveOf(SUM, manifestOf(["a"])));
    await page
      .locator("input[data-field=archive]")
      .setInputFiles({ name: "m.tar.gz", mimeType: "application/gzip", buffer: archive });
    await page
      .locator("input[data-field=description]")
      .setInputFiles({ name: "m.md", mimeType: "text/markdown", buffer: Buffer.alloc(MiB, "a") });
    await page.getByText("2 files", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Seal, publish and sign" }).click();
    await page.getByRole("heading", { level: 1, name: WIDE.repeat(50) }).waitFor();
  });

  await t.test("a data source: names, addresses, certificates and tables", async () => {
    await open(person, "/sources/new");
    await refuseTexts(person, "Source name", [
      ["a".repeat(51), "at most 50"],
      ["a b", "letters and digits only"],
    ]);
    await refuseTexts(person, "Description", [["a".repeat(101), "101 characters; at most 100"]]);
    await page.getByLabel("Source name").fill(WIDE.repeat(50));
    await page.getByRole("button", { name: "Next", exact: true }).click();
    await page.getByLabel("Description").fill("a".repeat(100));
    await page.getByRole("button", { name: "Next", exact: true }).click();
    await refuseTexts(person, "Database", [["d".repeat(129), "129 characters; at most 128"]]);
    const pem = toPem("CERTIFICATE", hospital.authority.certificate.der);
    await refuseFiles(person, "rootCertificate", [
      ["a.png", PNG, "is not a .pem file"],
      ["half.pem", Buffer.from(pem.slice(0, pem.length / 2)), "Only part of a certificate"],
      ["key.pem", Buffer.from(newReceiverKey().privatePem), "There is a private key in it"],
      ["noise.pem", Buffer.from(toPem("CERTIFICATE", new Uint8Array(9))), "damaged, or it is something else"],
      ["nothing.pem", Buffer.from("hello"), "There is no certificate in it"],
    ]);
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.getByText("Sealed file (CSV, Parquet)").click();
    await page.getByRole("button", { name: "Next", exact: true }).click();
    await refuseFiles(person, "file", [
      ["a.png", PNG, "is neither .csv nor .parquet"],
      ["a.csv", PNG, "its content is no text"],
      ["a.parquet", PNG, "its content is something else"],
      ["empty.csv", Buffer.alloc(0), "The file is empty"],
    ]);
    // What only the enclave can tell is said below the button, and the form stays.
    const broken = { name: "broken.csv", mimeType: "text/csv", buffer: Buffer.from("a,a\n1,2\n") };
    await page.locator("input[data-field=file]").setInputFiles(broken);
    await page.getByRole("button", { name: "Seal and fetch the structure" }).click();
    await page.getByRole("alert").filter({ hasText: "source." }).waitFor();
    assert.equal(await page.locator("#name").inputValue(), WIDE.repeat(50));
  });

  await t.test("a key: half of it, another's, another kind, the wrong passphrase", async () => {
    const newcomer = await enter(console, institute.account);
    const { page } = newcomer;
    await open(newcomer, "/identity");
    const own = backupOf(institute);
    const strange = createAuthority("Institute", { now: Date.now() });
    const leaf = issueLeaf(strange, { commonName: "x", organization: "x" }, { now: Date.now() });
    for (const [pem, passphrase, code] of [
      [own.slice(0, own.length / 2), PASSPHRASE, /pem\.|identity\.|key\./],
      [own, "not this passphrase", /key\.passphrase|key\./],
      [backupOf({ authority: strange, leaf }, ""), PASSPHRASE, /identity\.other/],
      [newReceiverKey().privatePem, PASSPHRASE, /identity\.backup/],
      [PNG.toString("latin1"), PASSPHRASE, /pem\.|identity\./],
    ] as const) {
      await openBackup(newcomer, pem, passphrase);
      await page.getByRole("alert").filter({ hasText: code }).waitFor();
      assert.equal(await page.getByLabel("Passphrase", { exact: true }).inputValue(), passphrase);
    }
    await openBackup(newcomer, own);
    await page.getByText("Identity on the ledger").waitFor();
  });
});
