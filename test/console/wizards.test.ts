/** Back, forward and reload within forms of two steps: what was typed stays until it is on the ledger, secrets nowhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { enterWithKey, siteOf, UNHURRIED } from "../support/entering.ts";
import { addModel, addTable, ally, join } from "../support/members.ts";
import { button, choose, input, simulated } from "../support/story.ts";

/** A field, once it holds this. */
const holds = ({ page }: Person, id: string, value: string) =>
  page.waitForFunction(([id, value]) => document.querySelector<HTMLInputElement>(`[id="${id}"]`)?.value === value, [
    id,
    value,
  ] as const);
/** What is chosen in a field. */
const chosen = ({ page }: Person, label: string, nth = 0) =>
  page
    .locator(".ant-form-item")
    .filter({ has: page.getByText(label, { exact: true }) })
    .filter({ visible: true })
    .nth(nth)
    .locator(".ant-select-content, .ant-select-selection-item")
    .first();
const keptIn = ({ page }: Person): Promise<string> => page.evaluate(() => JSON.stringify({ ...localStorage }));

test("back, forward and reload within the wizards", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, UNHURRIED);
  const site = await siteOf(console.platform);
  const [hospital, institute] = await Promise.all([join(site, "Hospital"), join(site, "Institute")]);
  await ally(site, [institute, hospital], "Trust");
  await Promise.all([
    addModel(site, institute, { name: "Sum", open: true }),
    addTable(site, hospital, { name: "Numbers" }),
  ]);
  const person = await enterWithKey(console, institute);
  const { page } = person;
  const menu = (name: string) =>
    page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
  const press = (name: string) => button(person, name).click();

  await t.test("a task", async () => {
    await open(person, "/tasks");
    await button(person, "New task").first().click();
    await input(person, "Task name").fill("Halfway");
    await choose(person, input(person, "Alliance"), "Trust");
    await choose(person, input(person, "Result receiver"), "Hospital");
    await input(person, "Description").fill("what for");
    await press("Next");
    const provider = (at: number) => input(person, "Provider").nth(at);
    await choose(person, provider(0), "Institute");
    await choose(person, input(person, "Model"), "Sum");
    await choose(person, provider(1), "Hospital");
    await choose(person, input(person, "Data source"), "Numbers");
    await page.getByRole("button", { name: "Only the 1 that the model reads" }).click();
    await input(person, "plus").fill("4");
    await input(person, "Seconds").fill("60");
    /** Both steps, as they were filled in. */
    const asTyped = async () => {
      await holds(person, "name", "Halfway");
      await holds(person, "description", "what for");
      await chosen(person, "Alliance").getByText("Trust").waitFor();
      await chosen(person, "Result receiver").getByText("Hospital").waitFor();
      await press("Next");
      await chosen(person, "Model").getByText("Sum").waitFor();
      await chosen(person, "Provider").getByText("Institute").waitFor();
      await chosen(person, "Provider", 1).getByText("Hospital").waitFor();
      await chosen(person, "Data source").getByText("Numbers").waitFor();
      await chosen(person, "Columns that may be read").getByText("number").waitFor();
      await holds(person, "parameters_plus", "4");
      await holds(person, "seconds", "60");
    };
    await press("Back");
    await asTyped();
    await page.reload();
    await asTyped();
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Tasks" }).waitFor();
    await page.goForward();
    await asTyped();
    await menu("Models");
    await page.getByRole("heading", { level: 1, name: "Models" }).waitFor();
    await page.goBack();
    await asTyped();

    await press("Create and sign");
    await page.getByRole("heading", { level: 1, name: "Halfway" }).waitFor();
    const [task] = (await institute.client.tasks.list({})).items;
    const { definition } = await institute.client.tasks.get({ id: task?.id ?? "" });
    assert.equal(definition.receiver, hospital.id);
    assert.equal(definition.limits.seconds, 60);
    assert.ok(!(await keptIn(person)).includes("Halfway"), "what is on the ledger is no draft any more");
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "New task" }).waitFor();
    assert.equal(await input(person, "Task name").inputValue(), "");
  });

  await t.test("a data source in a database, whose password is kept nowhere", async () => {
    await open(person, "/sources");
    await button(person, "New data source").first().click();
    await input(person, "Source name").fill("Halfway");
    await page.getByRole("radio", { name: "Public" }).check();
    await press("Next");
    await page.getByPlaceholder("10.0.0.8").fill("db.example");
    await input(person, "Port").fill("3307");
    await input(person, "Table").fill("patients");
    await input(person, "User name").fill("reader");
    await input(person, "Password").fill("database secret");
    const asTyped = async (password: string) => {
      await holds(person, "name", "Halfway");
      assert.ok(await page.getByRole("radio", { name: "Public" }).isChecked());
      await press("Next");
      await holds(person, "host", "db.example");
      await holds(person, "port", "3307");
      await holds(person, "table", "patients");
      await holds(person, "username", "reader");
      assert.equal(await input(person, "Password").inputValue(), password);
    };
    await press("Back");
    await asTyped("database secret");
    await page.reload();
    await asTyped("");
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Data sources" }).waitFor();
    await page.goForward();
    await asTyped("");
    assert.ok(!(await keptIn(person)).includes("database secret"));

    // Registered as a file at last: then nothing of it is a draft.
    await press("Back");
    await page.getByRole("radio", { name: "Sealed file (CSV, Parquet)" }).check();
    await press("Next");
    const table = { name: "numbers.csv", mimeType: "text/csv", buffer: Buffer.from("number\n1\n2\n") };
    await page.locator("input[data-field=file]").setInputFiles(table);
    await simulated(person);
    await press("Seal and fetch the structure");
    await page.getByLabel("Description of number").fill("words for a column");
    await press("Use these descriptions");
    await page.reload();
    await holds(person, "name", "Halfway");
    await press("Next");
    await page.locator("input[data-field=file]").setInputFiles(table);
    await simulated(person);
    await press("Seal and fetch the structure");
    await page.getByRole("dialog").waitFor();
    assert.equal(await page.getByLabel("Description of number").inputValue(), "words for a column");
    await press("Use these descriptions");
    await press("Register and sign");
    await page.getByRole("heading", { level: 1, name: "Halfway" }).waitFor();
    const kept = await keptIn(person);
    for (const typed of ["Halfway", "db.example", "words for a column"]) assert.ok(!kept.includes(typed), typed);
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Data sources" }).waitFor();
  });
});
