/** A new program is another enclave: what members sealed to the former one moves there from a page. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { noBrowser, open, openConsole } from "../support/browser.ts";
import { insider, reached } from "../support/insiders.ts";
import { addModel, addTable, ally } from "../support/members.ts";
import { startPlatform } from "../support/platform.ts";

test("sources, models and alliances move to a new enclave", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const platform = await reached(console);
  const owner = await insider(console, platform, "Union-Institute");
  const { page, t: say, member } = owner;
  await ally(platform, [member], "Study");
  const table = await addTable(platform, member, { name: "Rows" });
  await addModel(platform, member, { name: "Sum" });
  // What this browser has verified once is what it knows.
  await open(owner, "/enclaves");
  await page.getByText(say("Enclave simulated", "可信执行环境：模拟")).waitFor();
  await open(owner, `/sources/${table.id}`);
  await page.getByText(say("Structure ({n} {n|column|columns})", "表结构信息（{n} 个字段）", { n: 1 })).waitFor();
  const stale = page.getByText(say("Not running", "未运行"), { exact: true });
  assert.equal(await stale.count(), 0);

  await console.platform.stop();
  const again = await startPlatform({
    data: join(console.directory, "data"),
    port: Number(new URL(platform.url).port),
    settings: { "enclave-memory": "900MiB" },
  });
  try {
    await open(owner, `/sources/${table.id}`);
    await stale.waitFor();
    await page.getByRole("link", { name: say("See where it can move", "查看可迁移的环境") }).click();
    await page.getByRole("heading", { name: say("Former", "曾运行") }).waitFor();
    const move = page.getByRole("button", { name: say("Move my resources here", "将我的资源迁移至此") });
    await move.click();
    // This browser knows the former program alone: nothing moves before the person has said more.
    const dialog = page.getByRole("dialog");
    await dialog.getByText("enclave.untrusted", { exact: true }).waitFor();
    const sign = dialog.getByRole("button", { name: say("Move {n} and sign", "迁移 {n} 项并签名", { n: 3 }) });
    assert.equal(await sign.count(), 0);
    await dialog
      .getByRole("button", { name: say("I asked why: trust this program too", "已查明原因，信任此程序") })
      .click();
    for (const name of ["Rows", "Sum", "Study"]) await dialog.getByRole("link", { name, exact: true }).waitFor();
    await sign.click();
    await page.getByText(say("{n} moved.", "已迁移 {n} 项。", { n: 3 })).waitFor();
    await move.click();
    await page.getByText(say("All your resources are here already.", "您的资源均已在此环境。")).waitFor();
    const { enclave } = await member.client.sources.get({ id: table.id });
    assert.notEqual(enclave, platform.enclave.id);
    await open(owner, `/sources/${table.id}`);
    await page.getByText(enclave.slice(0, 8)).first().waitFor();
    assert.equal(await stale.count(), 0);
  } finally {
    await again.stop();
  }
});
