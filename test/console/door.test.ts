/** From the door to a key of one's own, in both languages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { approve, foundIdentity, noBrowser, open, openConsole, signUp, submitParticulars } from "../support/browser.ts";

for (const language of ["en", "zh-CN"] as const)
  test(`an organisation signs up, is verified and makes its key in the browser (${language})`, {
    skip: noBrowser,
  }, async (t) => {
    const console = await openConsole(t);
    const operator = await console.operator({ language });
    const hospital = await console.person({ language });
    await signUp(hospital, "First-Hospital", "li");
    await submitParticulars(hospital, "First Hospital of the Province");
    await approve(operator, "First-Hospital");
    const backup = join(console.directory, "backup.pem");
    await foundIdentity(hospital, backup);
    assert.match(readFileSync(backup, "latin1"), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/m);
    await open(hospital, "/");
    const { page } = hospital;
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
  });
