/** Two hospitals and an institute, three people in three browsers: the breast-cancer story through pages only. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import type { Language } from "../../src/base/refusal.ts";
import { explainBundle } from "../../src/evidence/explain.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import { secretOf } from "../../src/trust/crypto/encoding.ts";
import { keyFromPem } from "../../src/trust/keys.ts";
import { pemBlocks, toPem } from "../../src/trust/pem.ts";
import { type Console, noBrowser, openConsole, PASSPHRASE, type Person } from "../support/browser.ts";
import {
  authorise,
  authoriseReceiving,
  cardOf,
  createTask,
  example,
  foundAlliance,
  invite,
  joinAlliance,
  linesOf,
  lookBeforeSigning,
  membersOf,
  openEvent,
  openResult,
  packModel,
  picture,
  publishModel,
  registerSource,
  saved,
} from "../support/story.ts";
import { watcher } from "../support/watched.ts";

/** What the same tables give to the last digit (examples/models/logistic-regression). */
const AUC = 0.9852282560840456;
const THEMES = { en: "light", "zh-CN": "dark" } as const;

for (const language of ["zh-CN", "en"] as const)
  test(`the breast-cancer story through pages (${language})`, { skip: noBrowser }, async (t) => {
    const console = await openConsole(t);
    const watched = await watcher(t);
    const told = await tell(console, language, watched.proxy);
    const leaks = watched.leaks(await secretsOf(console, told));
    assert.deepEqual(leaks, []);
    assert.ok(watched.said().length > 100, "everything went through the watcher");
  });

const tell = async (console: Console, language: Language, proxy: string): Promise<string> => {
  const options = { language, theme: THEMES[language], proxy };
  const operator = await console.operator({ language, theme: THEMES[language] });
  const named = (en: string, zh: string) => operator.t(en, zh);
  const names = [
    named("Tumour-Institute", "肿瘤研究所"),
    named("Riverside-Hospital", "河畔医院"),
    named("Lakeside-Hospital", "湖滨医院"),
  ];
  const people = await membersOf(console, operator, names, [options]);
  const [institute, riverside, lakeside] = people as [Person, Person, Person];
  await picture(institute, "overview-new");

  const alliance = named("Breast tumour research", "乳腺肿瘤研究联盟");
  await foundAlliance(institute, alliance);
  for (const hospital of [riverside, lakeside]) {
    await invite(institute, alliance, await cardOf(hospital));
    await joinAlliance(hospital, alliance);
  }

  const model = named("Logistic regression", "逻辑回归");
  const measurements = named("Measurements", "细胞测量");
  const diagnoses = named("Diagnoses", "诊断结果");
  await Promise.all([
    publishModel(institute, model, await packModel(console.directory)),
    registerSource(riverside, measurements, example("measurements.csv")),
    registerSource(lakeside, diagnoses, example("diagnoses.csv")),
  ]);

  const [us, first, second] = [await cardOf(institute), await cardOf(riverside), await cardOf(lakeside)];
  const name = named("Benign or malignant", "乳腺肿瘤良恶性判别");
  const task = await createTask(institute, {
    ...{ name: name.replaceAll(" ", ""), alliance, receiver: us.nickname, model: [us.nickname, model] },
    sources: [
      [first.nickname, measurements],
      [second.nickname, diagnoses],
    ],
  });
  await lookBeforeSigning(institute);
  const key = join(console.directory, "result-key.pem");
  const pem = await authoriseReceiving(institute);
  writeFileSync(key, pem);

  for (const hospital of [riverside, lakeside]) {
    await openEvent(hospital);
    await picture(hospital, "event-authorise");
    await lookBeforeSigning(hospital);
    await everythingIsShown(hospital, console.platform.enclave.measurement, us.nickname);
    await authorise(hospital, "source");
  }
  await authorise(institute, "model");

  await institute.page.getByRole("link", { name: named("View task", "查看任务详情") }).click();
  await receive(institute, key);
  await prove(institute, task);
  return key;
};

const everythingIsShown = async (person: Person, measurement: string, receiver: string): Promise<void> => {
  const { page, t } = person;
  const part = (en: string, zh: string) =>
    page.locator("section.card").filter({ has: page.getByRole("heading", { name: t(en, zh) }) });
  const code = part("What will run", "将运行的代码");
  await code
    .getByText(t("You have approved no version of this model before.", "您此前未授权过该模型的任何版本。"))
    .waitFor();
  await code.getByLabel(t("File", "文件"), { exact: true }).click();
  await page.locator(".ant-select-item-option").filter({ hasText: "index.js" }).click();
  const lines = await code.getByRole("region", { name: t("Code", "代码") }).innerText();
  assert.match(lines, /crossValidate/);
  const data = part("Data used", "使用的数据");
  await data.getByText(t("Yours", "您的数据源"), { exact: true }).waitFor();
  await data.getByText(t("11 of 31 columns, as", "11 / 31 个字段，对应模型表")).waitFor();
  assert.equal(await data.locator('.column[data-read="yes"]').count(), 11 + 2);
  assert.equal(await data.locator('.column[data-read="no"]').count(), 20);
  const who = part("Who receives the result", "结果由谁接收");
  await who.getByText(receiver, { exact: true }).waitFor();
  await who.getByText(/SHA-256/).waitFor();
  const limits = part("Under which limits", "受哪些限制");
  await limits.getByText("≤ 10,000", { exact: true }).waitFor();
  await limits.getByText("≤ 600 s, ≤ 1,024 MiB").waitFor();
  const enclave = part("In which enclave", "在哪个可信执行环境中");
  await enclave.getByTitle(measurement).waitFor();
  await page.getByRole("button", { name: t("Enclave simulated", "可信执行环境：模拟") }).waitFor();
  const tried = part("Trial run on synthetic data", "使用合成数据试运行");
  await tried.getByRole("button", { name: t("Run a trial", "试运行") }).click();
  await tried.getByText(t("Signed by the enclave.", "已由可信执行环境签名。")).waitFor();
  await tried.getByRole("row", { name: "auc" }).waitFor();
  await picture(person, "authorise-source");
};

/** The run, and its result on the receiver's machine. */
const receive = async (person: Person, key: string): Promise<void> => {
  const { page, t } = person;
  await page.locator(".ant-tag", { hasText: t("Succeeded", "计算任务执行成功") }).waitFor();
  await picture(person, "task-succeeded");
  await openResult(person, key, "not the passphrase");
  await page.getByRole("alert").filter({ hasText: "key." }).waitFor();
  await openResult(person, key);
  const row = (measure: string) => page.getByRole("row", { name: new RegExp(`^${measure} `) });
  await row("auc").waitFor();
  const shown = Number(await row("auc").getByRole("cell").nth(1).innerText());
  assert.ok(Math.abs(shown - AUC) < 1e-9, `area under the curve ${shown}`);
  await picture(person, "result-table");

  const csv = (await saved(person, page.getByRole("button", { name: t("Save as CSV", "下载 CSV") }))).toString();
  const table = await page.locator(".ant-table-tbody tr[data-row-key]").filter({ visible: true }).allInnerTexts();
  const rows = csv
    .replace(/^\uFEFF/, "")
    .trim()
    .split("\r\n");
  assert.equal(rows.shift(), "measure,value");
  assert.equal(rows.length, 13);
  for (const line of rows) assert.ok(table.includes(line.replace(",", "\t")), `${line} of the file is in the table`);

  await page.getByText(t("Chart", "图表"), { exact: true }).click();
  await page.getByRole("img", { name: t("value by measure", "按 measure 显示 value") }).waitFor();
  const colours = await page.locator("canvas").evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const pixels = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
    return new Set(new Uint32Array(Uint8Array.from(pixels).buffer)).size;
  });
  assert.ok(colours > 10, "bars and words are drawn");
  await picture(person, "result-chart");
  await page.getByRole("button", { name: t("Confirm receipt and sign", "确认收到并签名") }).click();
  await page.getByText(t("has confirmed receipt", "已确认收到")).first().waitFor();
};

/** What nobody but its owner, and the enclave, may ever have seen. */
const secretsOf = ({ directory }: Console, resultKey: string): ReadonlyMap<string, Uint8Array> => {
  const backups = readdirSync(directory).filter((name) => /^person-.*\.pem$/.test(name));
  const files = [...backups.map((name) => join(directory, name)), resultKey];
  const keys = files.flatMap((file) =>
    pemBlocks(readFileSync(file, "latin1"))
      .filter(({ label }) => label.endsWith("PRIVATE KEY"))
      .map(({ label, der }, at): [string, Uint8Array] => [
        `private key ${at} of ${file}`,
        secretOf(keyFromPem(toPem(label, der), { passphrase: PASSPHRASE })),
      ]),
  );
  assert.equal(keys.length, 3 * 2 + 1);
  return new Map([
    ...keys,
    ...linesOf(example("measurements.csv")),
    ...linesOf(example("diagnoses.csv")),
    ["passphrase", utf8(PASSPHRASE)],
  ]);
};

/** The evidence page says what `entente verify` finds, and prints it. */
const prove = async (person: Person, task: string): Promise<void> => {
  const { page, t, language } = person;
  const download = page.getByRole("button", { name: t("Download evidence bundle", "下载证据包") });
  const bundle = await saved(person, download);
  const verified = verifyBundle(bundle);
  // As far as this browser trusts anything: it has verified the enclave, and sealed to it.
  const { provider, measurement } = explainBundle(verified, language).code;
  const expected = explainBundle(verified, language, { enclaves: [{ provider, measurement }] });
  await page.getByRole("link", { name: t("Open the evidence", "查看证据") }).click();
  await page
    .getByRole("status")
    .filter({ hasText: t("All checks passed", "全部检查通过") })
    .waitFor();
  await picture(person, "evidence");
  const checks = await page.locator("#checks li.good").allInnerTexts();
  assert.deepEqual(checks, expected.checks);
  assert.ok(checks.length > 5);
  for (const one of expected.notProven) await page.locator("li.open", { hasText: one }).first().waitFor();
  await page.emulateMedia({ media: "print" });
  const certificate = page.locator("article.certificate");
  await certificate.getByRole("img", { name: t("The ledger's signed root", "账本签名根") }).waitFor();
  await certificate.getByText(task, { exact: true }).waitFor();
  await picture(person, "certificate");
  const path = (await certificate.locator("svg path").last().getAttribute("d")) ?? "";
  assert.equal(path, await qrOf(verified.bundle.checkpoint));
  await page.emulateMedia({ media: "screen" });
};

const qrOf = async (text: string): Promise<string> => {
  const { create } = await import("qrcode");
  const { size, data } = create(text, { errorCorrectionLevel: "M" }).modules;
  return Array.from(data, (on, i) => (on ? `M${i % size} ${Math.floor(i / size)}h1v1h-1z` : "")).join("");
};
