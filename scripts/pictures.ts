/**
 * `npm run pictures`: takes the README's pictures of the console anew, in both languages, on a platform of its own on
 * which the demo's story was played. After a change of what they show.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Language } from "../src/base/refusal.ts";
import { demoNames } from "../src/sample/names.ts";
import { open, openConsole, PASSWORD, type Person, signIn } from "../test/support/browser.ts";
import { CHINESE, type Filled, fill, openKey, type Wording } from "../test/support/filled.ts";
import { settled } from "../test/support/looks.ts";

const DIRECTORY = fileURLToPath(new URL("../docs/pictures", import.meta.url));
const VIEW = { width: 1280, height: 760 };

const ENGLISH: Wording = {
  names: {
    ...demoNames,
    riverside: { nickname: "Riverside-Hospital", legalName: "Riverside Hospital" },
    lakeside: { nickname: "Lakeside-Hospital", legalName: "Lakeside Hospital" },
    institute: { nickname: "Tumour-Institute", legalName: "Tumour Institute" },
    alliance: { name: "Breast tumour research", description: "Two hospitals and an institute make a model together" },
    model: "Logistic regression",
    measurements: "CellMeasurements",
    diagnoses: "Diagnoses",
    patient: "Number of the patient",
    task: "BenignOrMalignant",
    contact: "Data officer",
  },
  review: "MonthlyReview",
  group: { name: "Treasury", description: "Payments to suppliers" },
  notes: ["Goods, second quarter", "Goods, third quarter"],
};

/** Pages by the name of their picture; of a long one, the card that is at its top. */
const shownOf = ({ ids }: Filled, { t }: Person): Record<string, readonly [address: string, card?: string]> => ({
  overview: ["/"],
  authorise: [`/tasks/${ids.waiting}/authorise`],
  evidence: [`/evidence?task=${ids.tasks}`, t("Who agreed, what ran, and the result", "授权、执行与结果")],
  "key-request": [`/key-requests/${ids["key-requests"]}`],
});

const WORDING: Readonly<Record<Language, Wording>> = { en: ENGLISH, "zh-CN": CHINESE };

for (const [language, wording] of Object.entries(WORDING) as [Language, Wording][])
  test(`pictures of the console (${language})`, async (t) => {
    const site = await openConsole(t, { "key-nodes": "3", "rate-limit": "100000" });
    const filled = await fill(site.platform, join(site.directory, "profiles"), wording);
    const person = await site.person({ language });
    const { page } = person;
    await page.setViewportSize(VIEW);
    await open(person, "/");
    await signIn(person, filled.logins.administrator, PASSWORD);
    await openKey(person, filled.backup);
    for (const [name, [address, card]] of Object.entries(shownOf(filled, person))) {
      await open(person, address);
      await settled(page);
      if (card !== undefined) {
        const heading = page.getByRole("heading", { name: card });
        await heading.evaluate((element) => {
          const top = element.closest(".card")?.getBoundingClientRect().top ?? assert.fail();
          const frame = document.querySelector("header")?.getBoundingClientRect().bottom ?? 0;
          window.scrollBy({ top: top - frame - 16, behavior: "instant" });
        });
      }
      await page.screenshot({ path: join(DIRECTORY, `${name}.${language}.png`) });
    }
  });
