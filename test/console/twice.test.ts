/** Double clicks: whatever a button does is done once, said once, and leads to the page that one click leads to. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Download, Locator } from "playwright-core";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { requestSignatures } from "../../src/sdk/workflows/index.ts";
import { noBrowser, open, openConsole, PASSPHRASE, PASSWORD, type Person } from "../support/browser.ts";
import { grows } from "../support/crossing.ts";
import { siteOf, UNHURRIED } from "../support/entering.ts";
import { archiveOf, join, manifestOf, SUM } from "../support/members.ts";
import { button, choose, input, simulated } from "../support/story.ts";

/** Everything that a person's pages say in passing. */
const listen = async ({ page }: Person): Promise<string[]> => {
  const said: string[] = [];
  await page.exposeFunction("overheard", (text: string) => said.push(text));
  await page.addInitScript(() => {
    const seen = new WeakSet<Element>();
    new MutationObserver(() => {
      for (const notice of document.querySelectorAll(".ant-message-notice"))
        if (!seen.has(notice)) {
          seen.add(notice);
          (window as unknown as { overheard(text: string): void }).overheard(notice.textContent ?? "");
        }
    }).observe(document, { childList: true, subtree: true });
  });
  return said;
};

/** As often as Back leads to another page. */
const depth = ({ page }: Person): Promise<number> => page.evaluate(() => history.length);

test("what is clicked twice is done once", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, { ...UNHURRIED, "key-nodes": "3" });
  const { platform } = console;
  const site = await siteOf(platform);
  const institute = await join(site, "Institute");
  const person = await console.person();
  const said = await listen(person);
  const { page } = person;
  const files: Download[] = [];
  page.on("download", (file) => files.push(file));
  const act = (name: string): Locator => button(person, name);
  /** One statement, by two clicks. */
  const once = (clicked: Locator, done: () => Promise<unknown>) =>
    grows(platform, 1, async () => {
      await clicked.dblclick();
      await done();
    });
  /** Since this was asked last. What is said twice is there now, or at the next time. */
  const hears = async (...words: readonly string[]) => {
    const last = words.at(-1);
    if (last !== undefined && !said.includes(last)) await page.getByText(last, { exact: true }).waitFor();
    assert.deepEqual(said.splice(0), words);
  };

  await t.test("an organisation signs up, is reviewed, founds its identity, makes an access key", async () => {
    await open(person, "/");
    await page.getByText("New organisation", { exact: true }).click();
    await page.getByLabel("Account nickname").fill("Twice");
    await page.getByLabel("User name").fill("twice");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await act("Sign up and sign in").dblclick();
    await page.locator(".frame").waitFor();
    assert.equal((await site.office.accounts.list({ search: "Twice" })).total, 1);

    await open(person, "/account");
    for (const [label, value] of [
      ["Legal name", "Twice"],
      ["Registration number", "91350100M000100Y43"],
      ["Contact", "Li Ming"],
      ["Telephone", "+86 10 5555 0100"],
    ] as const)
      await page.getByLabel(label).fill(value);
    await act("Submit for review").dblclick();
    await page.getByText("The platform operator is reviewing what you submitted.").waitFor();

    const operator = await console.operator();
    const overheard = await listen(operator);
    await open(operator, "/reviews");
    await button(operator, "Review").dblclick();
    await button(operator, "Approve").dblclick();
    await operator.page.getByRole("dialog").waitFor({ state: "detached" });
    await operator.page.getByText("No organisation is waiting for review.").waitFor();
    assert.deepEqual(overheard, []);
    await operator.context.close();

    await open(person, "/identity");
    await page.getByLabel("Passphrase of the backup").fill(PASSPHRASE);
    await page.getByLabel("Once more").fill(PASSPHRASE);
    await once(act("Create, save the backup, and sign"), () => page.getByText("Identity on the ledger").waitFor());
    assert.equal(files.length, 1, "one backup: of the key that is on the ledger");
    const buffer = readFileSync((await files[0]?.path()) ?? "");
    await act("Renew or revoke").dblclick();
    await page.getByLabel("Revoke the key before", { exact: false }).check();
    await page
      .locator("input[data-field=backup]")
      .setInputFiles({ name: "backup.pem", mimeType: "application/x-pem-file", buffer });
    await input(person, "Passphrase").fill(PASSPHRASE);
    await once(act("Make the new key and save the backup"), () =>
      page.getByText("Done. Keep the new backup file", { exact: false }).waitFor(),
    );

    await open(person, "/account");
    const keys = page.locator("section").filter({ has: page.getByRole("heading", { name: "Access keys" }) });
    const rows = keys.locator("tbody tr");
    await rows.first().waitFor();
    const before = await rows.count();
    await act("New access key").dblclick();
    await keys.getByText("It is shown only once.", { exact: false }).waitFor();
    await rows.nth(before).waitFor();
    assert.equal(await rows.count(), before + 1);
    await hears("Submitted for review.");
  });

  await t.test("it founds an alliance, invites, publishes a model, registers a source", async () => {
    await open(person, "/alliances");
    await act("New alliance").first().dblclick();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Alliance name").fill("Once");
    await once(dialog.getByRole("button", { name: "Create and sign" }), () =>
      page.getByRole("link", { name: "Once" }).waitFor(),
    );
    assert.equal(await page.locator("article").count(), 1);
    await act("Invite a member").dblclick();
    await dialog.getByLabel("Account nickname").fill("Institute");
    await dialog.getByLabel("APPID").fill(institute.appId);
    await once(dialog.getByRole("button", { name: "Invite and sign" }), () => dialog.waitFor({ state: "detached" }));
    await hears("The alliance is on the ledger.", "Invitation sent. It expires in 7 days.");

    await open(person, "/models/new");
    const archive = Buffer.from(await archiveOf(SUM, manifestOf(["a"])));
    await input(person, "Model name").fill("Sum");
    await input(person, "Version").fill("1.0.0");
    await input(person, "Main function").fill("main");
    const files = [
      ["description", "m.md", Buffer.from("adds up")],
      ["archive", "m.tar.gz", archive],
    ] as const;
    for (const [field, name, buffer] of files)
      await page
        .locator(`input[data-field=${field}]`)
        .setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    await simulated(person);
    const depthOfModels = await depth(person);
    await once(act("Seal, publish and sign"), () => page.getByRole("heading", { level: 1, name: "Sum" }).waitFor());
    assert.equal(await depth(person), depthOfModels);

    await open(person, "/sources/new");
    await input(person, "Source name").fill("Numbers");
    await page.getByRole("radio", { name: "Sealed file (CSV, Parquet)" }).check();
    await act("Next").dblclick();
    const table = { name: "numbers.csv", mimeType: "text/csv", buffer: Buffer.from("number\n1\n2\n") };
    await page.locator("input[data-field=file]").setInputFiles(table);
    await simulated(person);
    await act("Seal and fetch the structure").dblclick();
    await act("Use these descriptions").dblclick();
    await once(act("Register and sign"), () => page.getByRole("heading", { level: 1, name: "Numbers" }).waitFor());
    await hears();
  });

  await t.test("it creates a task, authorises it, refuses it", async () => {
    await open(person, "/tasks/new");
    await input(person, "Task name").fill("Halfway");
    await choose(person, input(person, "Alliance"), "Once");
    await choose(person, input(person, "Result receiver"), "Twice");
    await act("Next").dblclick();
    const provider = (at: number) => input(person, "Provider").nth(at);
    await choose(person, provider(0), "Twice");
    await choose(person, input(person, "Model"), "Sum");
    await choose(person, provider(1), "Twice");
    await choose(person, input(person, "Data source"), "Numbers");
    await input(person, "Fills the model's table").fill("a");
    const before = await depth(person);
    await once(act("Create and sign"), () => page.getByRole("heading", { level: 1, name: "Halfway" }).waitFor());
    await hears("The task is on the ledger. The receiver is asked next.");
    assert.equal(await depth(person), before + 1, "one click leads back");

    await page.getByRole("link", { name: "Review and authorise" }).dblclick();
    await input(person, "Passphrase of the new private key").fill(PASSPHRASE);
    await input(person, "Once more").fill(PASSPHRASE);
    await act("Create and save the private key file").dblclick();
    await page.getByText("Sealed to", { exact: true }).first().waitFor();
    await once(act("Authorise and sign"), async () => {
      await page.getByText("You have authorised as the result receiver.").waitFor();
      await page.getByText("You decide as a data provider").waitFor();
    });
    await once(act("Authorise and sign"), () => page.getByText("You decide as the model provider").waitFor());
    const authorised = page.getByText("You have authorised as a data provider.");
    await authorised.first().waitFor();
    assert.equal(await authorised.count(), 1);
    await act("Refuse…").dblclick();
    await once(act("Refuse and sign"), () => page.getByText("Nothing more is needed from you.").waitFor());
    await hears("Refused; the refusal is on the ledger.");
    assert.equal(files.length, 3, "of the pair that the result is sealed to one private key, of new keys one backup");
  });

  await t.test("it has a key made, and decides on a request", async () => {
    const { items } = await site.office.accounts.list({ search: "Twice" });
    const me = items[0]?.member ?? "";
    const { client, id } = institute;
    const nodes = (await client.keyNodes.list({})).items.map(({ stream }) => stream).sort();
    await client.keyGroups.create({
      ...{ nodes, administrators: [id], approvals: 1, requesters: [id, me].sort(), approvers: [me] },
      policies: [
        { id: "make", text: 'permit(principal, action == Action::"createKey", resource);' },
        { id: "one", text: 'permit(principal, action == Action::"sign", resource) when { context.approvals >= 1 };' },
      ],
      detail: { name: "Vault", description: "" },
    });
    await open(person, "/keys");
    await act("Generate key").dblclick();
    const dialog = page.getByRole("dialog");
    await choose(person, input(person, "Group"), "Vault");
    await input(person, "Name").fill("vault/one");
    await dialog.getByRole("button", { name: "Generate and sign" }).dblclick();
    await page.getByRole("heading", { level: 1, name: "vault/one" }).waitFor();
    await page.getByText(/^0x[0-9a-fA-F]{40}$/).waitFor();
    const keys = await client.keys.list({});
    assert.equal(keys.total, 1);

    const messages = [{ kind: "message", hex: toHex(utf8("pay Li")) } as const];
    const wanted = { key: keys.items[0]?.stream ?? "", messages };
    const [first, second] = [await requestSignatures(client, wanted), await requestSignatures(client, wanted)];
    await open(person, `/key-requests/${first.resource.id}`);
    await act("Approve and sign").dblclick();
    await page.getByText("Under the public key").waitFor();
    await hears("Your approval is on the ledger.");
    assert.equal((await client.keyRequests.get({ id: first.resource.id })).approvedBy.length, 1);
    await open(person, `/key-requests/${second.resource.id}`);
    await act("Refuse…").first().dblclick();
    await once(act("Refuse and sign"), () => page.getByText("The request ended before anything was signed.").waitFor());
    await hears("You refused; the request has ended.");
    await open(person, "/keys");
    await hears();
  });
});
