/** What is heavy and done in the browser: a model of 20 MB sealed and published, a bundle of evidence verified. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { randomBytes } from "#crypto";
import { utf8 } from "../../src/base/bytes.ts";
import { wordsOf } from "../../src/console/words.ts";
import { pack } from "../../src/enclave/archive.ts";
import {
  approve,
  foundIdentity,
  open,
  type Person,
  signIn,
  signUp,
  submitParticulars,
} from "../../test/support/browser.ts";
import { manifestOf } from "../../test/support/members.ts";
import type { Platform } from "../../test/support/platform.ts";
import { demoBundle } from "../demo-bundle.ts";
import { median, report } from "../support.ts";
import { longTasks, timed } from "./in-page.ts";

const bench = "console";
const ROUNDS = 5;
/** Bytes: with its manifest and headers just below what a model may have. */
const MODEL = 20 * 2 ** 20 - 8_192;

const personIn = async (browser: Browser, baseURL: string): Promise<Person> => {
  const context = await browser.newContext({ locale: "en", baseURL, acceptDownloads: true });
  return { context, page: await context.newPage(), t: wordsOf("en"), language: "en", troubles: [] };
};

export const measureWork = async (browser: Browser, platform: Platform): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  try {
    const operator = await personIn(browser, platform.url);
    await open(operator, "/");
    await signIn(operator, platform.admin?.accessKeyId ?? "", platform.admin?.accessKeySecret ?? "");
    const author = await personIn(browser, platform.url);
    await signUp(author, "Author", "author");
    await submitParticulars(author, "Author");
    await approve(operator, "Author");
    await foundIdentity(author, join(directory, "author.pem"));
    await operator.context.close();
    await measureSealing(author, directory);
    await measureVerifying(author);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const measureSealing = async (author: Person, directory: string): Promise<void> => {
  const { page } = author;
  const archive = join(directory, "model.tar.gz");
  const files = {
    "entente.json": utf8(JSON.stringify(manifestOf(["a"]))),
    "index.js": utf8("export const main = () => [];\n"),
    weights: randomBytes(MODEL),
  };
  await writeFile(archive, await pack(new Map(Object.entries(files))));
  const [times, longest] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round++) {
    await open(author, "/models/new");
    await page.getByLabel("Model name").fill(`Weights ${round}`);
    await page.getByLabel("Version", { exact: true }).fill("1.0.0");
    await page.getByLabel("Main function").fill("main");
    const longestTask = await longTasks(page);
    await page.locator('input[type="file"][accept=".gz,.tgz"]').setInputFiles(archive);
    await page.getByText("3 files").waitFor();
    const button = page.getByRole("button", { name: "Seal, publish and sign" });
    times.push(await timed(page, () => button.click(), { at: "/models/M" }));
    longest.push(await longestTask());
  }
  const note = `p50 of ${ROUNDS}: from the click to the model's page; hashed, sealed, uploaded, signed, on the ledger`;
  const what = { bench, unit: "ms", atMost: true } as const;
  report({ ...what, metric: "a model of 20 MB sealed and published", value: median(times), target: 1_500, note });
  const alone = "the worst of each time, p50: from the choice of the file to the end";
  report({ ...what, metric: "longest task beside it", value: median(longest), target: 100, note: alone });
};

const measureVerifying = async (person: Person): Promise<void> => {
  const { page } = person;
  const bundle = await demoBundle();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await open(person, "/evidence");
    const choose = () => page.locator('input[type="file"]').first().setInputFiles(bundle);
    times.push(await timed(page, choose, { says: "Print the certificate" }));
  }
  const note = `p50 of ${ROUNDS}: from the choice of the file to the report; the worker and its program started for it`;
  report({ bench, metric: "bundle verified", value: median(times), unit: "ms", target: 1_000, atMost: true, note });
};
