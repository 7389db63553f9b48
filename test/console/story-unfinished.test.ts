/** Stories that do not come to their end: somebody refuses, or nobody decides in time. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Console, noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { startPlatform } from "../support/platform.ts";
import {
  authoriseReceiving,
  cardOf,
  createTask,
  example,
  foundAlliance,
  invite,
  joinAlliance,
  lookBeforeSigning,
  membersOf,
  openEvent,
  packModel,
  picture,
  publishModel,
  registerSource,
  signInAgain,
} from "../support/story.ts";

const LATER = join(import.meta.dirname, "..", "support", "later.ts");
const [ALLIANCE, MODEL, SOURCE] = ["Breast tumour research", "Logistic regression", "Diagnoses"];

interface Cast {
  readonly institute: Person;
  readonly hospital: Person;
  readonly names: { readonly institute: string; readonly hospital: string };
}

/** An institute with a model, and a hospital with one table, in an alliance. */
const cast = async (console: Console, theme: "light" | "dark"): Promise<Cast> => {
  const operator = await console.operator();
  const names = { institute: "Tumour-Institute", hospital: "Lakeside-Hospital" };
  const people = await membersOf(
    console,
    operator,
    [names.institute, names.hospital],
    [{ theme }, { theme, language: "zh-CN" }],
  );
  const [institute, hospital] = people as [Person, Person];
  await foundAlliance(institute, ALLIANCE);
  await invite(institute, ALLIANCE, await cardOf(hospital));
  await joinAlliance(hospital, ALLIANCE);
  await Promise.all([
    publishModel(institute, MODEL, await packModel(console.directory)),
    registerSource(hospital, SOURCE, example("diagnoses.csv")),
  ]);
  return { institute, hospital, names };
};

/** A task that waits for the hospital. @returns its number */
const ask = async ({ institute, names }: Cast, name: string): Promise<string> => {
  const task = await createTask(institute, {
    ...{ name, alliance: ALLIANCE, receiver: names.institute, model: [names.institute, MODEL] },
    sources: [[names.hospital, SOURCE]],
  });
  await lookBeforeSigning(institute);
  await authoriseReceiving(institute);
  return task;
};

/** What the proposer sees of a task that ended before anything ran. */
const nothingRan = async ({ page, t }: Person): Promise<void> => {
  await page.locator(".ant-tag", { hasText: t("Authorisation failed", "计算任务授权失败") }).waitFor();
  for (const name of [t("Review and authorise", "查看并授权"), t("Run", "执行任务"), t("Save as CSV", "下载 CSV")])
    assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
  assert.equal(await page.getByRole("heading", { name: t("Your result", "您的计算结果") }).count(), 0);
  assert.equal(await page.getByRole("heading", { name: t("Running", "执行进度") }).count(), 0);
};

test("what a hospital refuses, or does not answer for seven days, never runs", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const all = await cast(console, "light");
  await refuse(all);
  const lapsing = await ask(all, "Unanswered");
  await lookBeforeSigningFromEvent(all.hospital);
  // An invitation nobody answers either.
  await foundAlliance(all.institute, "Second alliance");
  await invite(all.institute, "Second alliance", await cardOf(all.hospital));
  await open(all.hospital, `/tasks/${lapsing}/authorise`);

  const { platform, directory } = console;
  await platform.stop();
  const port = Number(new URL(platform.url).port);
  const later = await startPlatform({ data: join(directory, "data"), port, program: LATER });
  try {
    await lapsed(all.hospital);
  } finally {
    await later.stop();
  }
});

const lookBeforeSigningFromEvent = async (person: Person): Promise<void> => {
  await openEvent(person);
  await lookBeforeSigning(person);
};

const refuse = async (all: Cast): Promise<void> => {
  const { institute, hospital, names } = all;
  const task = await ask(all, "Refused");
  await openEvent(hospital);
  const { page, t } = hospital;
  await page.getByRole("button", { name: t("Refuse…", "拒绝"), exact: true }).click();
  await page
    .getByText(t("This ends the task for everyone and cannot be undone.", "任务将对所有成员终止，且无法恢复。"))
    .waitFor();
  await picture(hospital, "event-refusing");
  await page.getByRole("button", { name: t("Refuse and sign", "拒绝并签名"), exact: true }).click();
  await page.locator(".ant-tag", { hasText: t("Failed", "失败") }).waitFor();
  await picture(hospital, "event-refused");
  assert.equal(await page.getByRole("link", { name: t("Review and authorise", "查看并授权") }).count(), 0);

  // The proposer, who has the page before the last act open, is told without a click.
  const said = institute.page;
  await said
    .getByText("Nothing more is needed from you.")
    .or(said.getByText(/^Nothing is needed from you now/))
    .waitFor();
  await open(institute, `/tasks/${task}`);
  await nothingRan(institute);
  const why = said.getByRole("alert");
  await why.getByText(`By ${names.hospital}`).waitFor();
  await why.getByText("A party refused.").waitFor();
  await said.locator(".flow-people").getByText("refused").waitFor();
  await picture(institute, "task-refused");
};

/** Eight days later. */
const lapsed = async (hospital: Person): Promise<void> => {
  const { page, t } = hospital;
  // The page that was left open asks who is there, and then that it is too late.
  await page.getByRole("dialog").getByText(t("Sign in again", "请重新登录")).first().waitFor();
  await picture(hospital, "signed-out");
  await signInAgain(hospital);
  await page.getByText(t("Nothing is needed from you now", "当前无需您授权")).waitFor();
  await picture(hospital, "authorise-expired");
  assert.equal(await page.getByRole("button", { name: t("Authorise and sign", "授权并签名") }).count(), 0);
  assert.equal(await page.getByRole("button", { name: t("Refuse…", "拒绝"), exact: true }).count(), 0);
  await page.getByText(t("expired", "逾期未确认")).waitFor();

  await open(hospital, "/events");
  const rows = page.getByRole("row").filter({ hasText: t("Expired", "已过期") });
  await rows.nth(1).waitFor();
  await picture(hospital, "events-expired");
  assert.equal(await rows.count(), 2, "the task and the invitation");
  for (const [at, answer] of [t("Join and sign", "同意并签名"), t("Review and authorise", "查看并授权")].entries()) {
    await open(hospital, "/events");
    await rows
      .nth(at)
      .getByRole("link", { name: t("View", "查看详情") })
      .click();
    await page.getByText(t("expired", "逾期未确认")).waitFor();
    await picture(hospital, `event-expired-${at}`);
    assert.equal(await page.getByRole("button", { name: answer }).count(), 0, answer);
    assert.equal(await page.getByRole("button", { name: t("Refuse…", "拒绝"), exact: true }).count(), 0);
  }
};
