/** 证据: bundles that are dropped, whole and tampered with in each way, and the page that is printed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "qrcode";
import { fromUtf8, utf8 } from "../../src/base/bytes.ts";
import { canonical } from "../../src/base/canonical.ts";
import { Refusal } from "../../src/base/refusal.ts";
import type { Bundle } from "../../src/evidence/bundle.ts";
import { verifyAny } from "../../src/evidence/verify.ts";
import { noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { insider, reached } from "../support/insiders.ts";
import { addModel, addTable, addTask, ally, authorise, ended, newReceiverKey } from "../support/members.ts";

/** A character of base64 that is another one. */
const bent = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
const middle = (text: string): string => bent(text, text.length >> 1);

type Tamper = (bundle: Bundle) => unknown;
const withEntry = (bundle: Bundle, change: Partial<Bundle["entries"][number]>, at = 3) => ({
  ...bundle,
  entries: bundle.entries.map((entry, i) => (i === at ? { ...entry, ...change } : entry)),
});
const entryOf = ({ entries }: Bundle, at = 3) => {
  const entry = entries[at];
  assert.ok(entry);
  return entry;
};

/** Every way to say something else than what happened. */
const TAMPERED: Readonly<Record<string, Tamper>> = {
  "a signature": (bundle) => withEntry(bundle, { jws: bent(entryOf(bundle).jws, entryOf(bundle).jws.length - 20) }),
  "a statement's content": (bundle) => withEntry(bundle, { jws: middle(entryOf(bundle).jws) }),
  "a time": (bundle) => withEntry(bundle, { time: entryOf(bundle).time + 1_000 }),
  "a place in the log": (bundle) => withEntry(bundle, { proof: entryOf(bundle).proof.map(middle) }),
  "a statement left out": (bundle) => ({ ...bundle, entries: bundle.entries.filter((_, i) => i !== 3) }),
  "the last word left out": (bundle) => ({ ...bundle, entries: bundle.entries.slice(0, -1) }),
  "two in another order": (bundle) => ({ ...bundle, entries: bundle.entries.toReversed() }),
  "the checkpoint": (bundle) => ({ ...bundle, checkpoint: bundle.checkpoint.replace(/^\d+$/m, "9999") }),
  "the ledger's key": (bundle) => ({ ...bundle, ledger: middle(bundle.ledger) }),
  "a text": (bundle) => ({
    ...bundle,
    details: Object.fromEntries(
      Object.entries(bundle.details).map(([digest, text]) => [digest, { ...text, name: "!" }]),
    ),
  }),
  "another task": (bundle) => ({ ...bundle, task: "0".repeat(64) }),
  "no bundle": () => ({ hello: "world" }),
};

/** As a mouse drops it from the desktop. */
const drop = async ({ page, t }: Person, name: string, content: string) => {
  const transfer = await page.evaluateHandle(
    ([name, content]) => {
      const data = new DataTransfer();
      data.items.add(new File([content], name, { type: "application/json" }));
      return data;
    },
    [name, content] as const,
  );
  const place = page.getByText(
    t("Drop an evidence bundle here, or click to choose a file", "将证据包文件拖到此处，或点击选择"),
  );
  await place.dispatchEvent("drop", { dataTransfer: transfer });
};

const codeOf = (content: string): string => {
  try {
    verifyAny(utf8(content));
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.code;
  }
};

test("evidence bundles, dropped on the page", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const platform = await reached(console);
  const reader = await insider(console, platform, "研究所", { language: "zh-CN" });
  const { page, t: say, member } = reader;
  const alliance = await ally(platform, [member]);
  const model = (await addModel(platform, member)).id;
  const table = await addTable(platform, member);
  const { id } = await addTask(member, { alliance, receiver: member.id, model, sources: [table.id], name: "求和任务" });
  for (let part = 0; part < 3; part++) await authorise(member, id, newReceiverKey().publicPem);
  await ended(member, id);
  const whole = fromUtf8(await (await member.client.tasks.bundle({ id })).bytes());
  const bundle = JSON.parse(whole) as Bundle;
  await open(reader, "/evidence");

  await t.test(
    "one that is whole: the picture, every check, a certificate of one page with the root to scan",
    async () => {
      const sent: string[] = [];
      reader.context.on("request", (request) => sent.push(request.method()));
      await drop(reader, "run.evidence.json", whole);
      await page.getByText(say("All checks passed: {about}", "全部检查通过：{about}", { about: "求和任务" })).waitFor();
      await page
        .getByRole("img", {
          name: say("The chain of evidence; the list below says the same", "证据链；下方列表内容相同"),
        })
        .waitFor();
      assert.ok((await page.locator("#checks").getByRole("listitem").count()) >= 5);
      assert.deepEqual(
        sent.filter((method) => method !== "GET"),
        [],
      );
      await page.emulateMedia({ media: "print" });
      const certificate = page.getByRole("article");
      await certificate.getByRole("heading", { name: say("Certificate of a computation", "可信计算证书") }).waitFor();
      const code = certificate.getByRole("img", { name: say("The ledger's signed root", "账本签名根") });
      const { size, data } = create(bundle.checkpoint, { errorCorrectionLevel: "M" }).modules;
      const path = Array.from(data, (on, i) => (on ? `M${i % size} ${Math.floor(i / size)}h1v1h-1z` : "")).join("");
      assert.equal(await code.locator("path").getAttribute("d"), path);
      const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
      assert.equal(pdf.match(/\/Type\s*\/Page\b(?!s)/g)?.length, 1);
      await page.emulateMedia({ media: "screen" });
    },
  );

  await t.test("tampered with in each way: the check that fails is named", async () => {
    const codes = new Set<string>();
    for (const [what, tamper] of Object.entries(TAMPERED)) {
      const content = canonical(tamper(bundle) as never);
      const code = codeOf(content);
      assert.notEqual(code, "accepted", what);
      codes.add(code);
      await drop(reader, `${what}.json`, content);
      const alert = page.getByRole("alert").filter({ hasText: what });
      await alert.getByText(say("{name} failed verification", "{name} 未通过验证", { name: `${what}.json` })).waitFor();
      await alert.getByText(code, { exact: true }).waitFor();
      assert.equal(await page.getByText(say("Print the certificate", "打印证书")).count(), 0, what);
    }
    assert.ok(codes.size >= 6, [...codes].join(", "));
  });

  await t.test("by its task, deep in an address; and held to the ledger that the browser knows", async () => {
    await open(reader, `/evidence?task=${id}`);
    await page.getByText(say("All checks passed: {about}", "全部检查通过：{about}", { about: "求和任务" })).waitFor();
    await open(reader, "/ledger");
    await page.getByText(say("Verified in this browser", "已在本浏览器验证")).waitFor();
    const other = "entente/other+00000000+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh";
    await page.evaluate((key) => {
      const kept = JSON.parse(localStorage.getItem("entente.ledger") ?? "{}");
      localStorage.setItem("entente.ledger", JSON.stringify({ ...kept, key }));
    }, other);
    await open(reader, `/evidence?task=${id}`);
    await page
      .getByText(
        say(
          "{about} is internally consistent, but does not match what this browser trusts",
          "{about} 自身一致，但与本浏览器的信任设置不符",
          { about: "求和任务" },
        ),
      )
      .waitFor();
    const another = say(
      "every statement is in it, but it is not the ledger this browser knows",
      "每条声明均在该账本中，但它不是本浏览器所知的账本",
    );
    await page.getByRole("listitem").filter({ hasText: another }).waitFor();
    assert.equal(await page.getByText(say("Print the certificate", "打印证书")).count(), 0);
  });
});
