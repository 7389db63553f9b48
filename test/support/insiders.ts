/** Members whose keys were made before the test begins, at their browsers: what led there is other tests' business. */
import { writeFileSync } from "node:fs";
import { join as path } from "node:path";
import type { Locator } from "playwright-core";
import { createClient } from "../../src/sdk/client.ts";
import { verifyEnclave } from "../../src/sdk/workflows/index.ts";
import { keyToPem } from "../../src/trust/keys.ts";
import { certificateToPem } from "../../src/trust/x509/certificate.ts";
import { type Console, open, PASSPHRASE, type Person, type PersonOptions, signIn } from "./browser.ts";
import { join, type Member, type Site } from "./members.ts";
import type { MovableClock } from "./stage.ts";

const machineClock: MovableClock = {
  now: Date.now,
  advance() {
    throw new Error("the clock of another process cannot be moved");
  },
};

/** The platform of a console as the helpers of `members.ts` take one. */
export const reached = async ({ platform: { url, admin } }: Console): Promise<Site> => {
  if (!admin) throw new Error("a new platform gives its operator a key");
  const office = createClient({ url, credentials: admin });
  const { items } = await office.enclaves.list();
  const enclave = await verifyEnclave(office, items[0]?.id ?? "", { enclaves: "any" });
  return { url, office, enclave, clock: machineClock, anyone: createClient({ url }) };
};

export interface Insider extends Person {
  readonly member: Member;
  /** File with their keys. */
  readonly backup: string;
}

/** Opens the keys in a file on the page of the chain identity, and has the browser keep the leaf. */
export const openKey = async (person: Person, backup: string): Promise<void> => {
  const { page, t } = person;
  await open(person, "/identity");
  await page.locator("input[type=file]").setInputFiles(backup);
  await page.getByLabel(t("Passphrase", "口令"), { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: t("Open", "打开"), exact: true }).click();
  await page.getByText(t("Identity on the ledger", "账本上的身份")).waitFor();
};

interface InsiderOptions extends PersonOptions {
  /** The backup is encrypted under `PASSPHRASE`; to open one takes a second of computing, on purpose. */
  readonly encrypted?: boolean;
}

/** Signed in, with a key that this browser keeps. */
export const insider = async (
  console: Console,
  platform: Site,
  nickname: string,
  { encrypted = false, ...options }: InsiderOptions = {},
): Promise<Insider> => {
  const member = await join(platform, nickname);
  const backup = path(console.directory, `${member.id}.pem`);
  const pem = ({ certificate, key }: Member["leaf"]) =>
    certificateToPem(certificate) + keyToPem(key, encrypted ? PASSPHRASE : undefined);
  writeFileSync(backup, pem(member.authority) + pem(member.leaf));
  const person = await console.person(options);
  await open(person, "/");
  await signIn(person, member.account.login, member.account.password);
  await openKey(person, backup);
  return { ...person, member, backup };
};

/** Gives a file to the control of this name, through the dialog that a click on it opens. */
export const choose = async (
  { page }: Person,
  control: Locator,
  file: string | { readonly name: string; readonly content: string | Uint8Array },
): Promise<void> => {
  const chooser = page.waitForEvent("filechooser");
  await control.click();
  const given =
    typeof file === "string"
      ? file
      : { name: file.name, mimeType: "application/octet-stream", buffer: Buffer.from(file.content) };
  await (await chooser).setFiles(given);
};

/** Chooses from a list that opens below its label. */
export const select = async ({ page }: Person, label: string, option: string): Promise<void> => {
  await page.getByLabel(label, { exact: true }).click();
  await page.locator(".ant-select-dropdown:visible").getByText(option, { exact: true }).click();
};
