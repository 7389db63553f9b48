/** Members who work by program, and whom tests send before the console: organisations with a key, made in no browser. */
import { createClient } from "../../src/sdk/client.ts";
import { verifyEnclave } from "../../src/sdk/workflows/index.ts";
import { keyToPem } from "../../src/trust/keys.ts";
import { toPem } from "../../src/trust/pem.ts";
import { type Console, open, PASSPHRASE, type Person, type PersonOptions, signIn } from "./browser.ts";
import type { Account, Member, Site } from "./members.ts";
import type { Platform } from "./platform.ts";

/** Tests ask more often than people do. */
export const UNHURRIED = { "rate-limit": "1000000", "rate-burst": "1000000", "sign-in-limit": "10000" };

const clock = { now: () => Date.now(), advance: () => assertNever() };
const assertNever = (): never => {
  throw new Error("a process has the machine's clock");
};

/** A platform in a process of its own, as members join it. */
export const siteOf = async ({ url, admin, enclave }: Platform): Promise<Site> => {
  if (!admin) throw new Error("the platform is not new: there is no operator's key");
  const office = createClient({ url, credentials: admin });
  const { items } = await office.enclaves.list();
  const found = items.find(({ measurement }) => measurement === enclave.measurement);
  return {
    ...{ url, clock, office },
    anyone: createClient({ url }),
    enclave: await verifyEnclave(office, found?.id ?? "", { enclaves: "any" }),
  };
};

/** Signed in, with no key in the browser. */
export const enter = async (
  console: Console,
  { login, password }: Pick<Account, "login" | "password">,
  options: PersonOptions = {},
): Promise<Person> => {
  const person = await console.person(options);
  await open(person, "/");
  await signIn(person, login, password);
  return person;
};

/** As the console saves it. @param passphrase "" leaves the keys open */
export const backupOf = ({ authority, leaf }: Pick<Member, "authority" | "leaf">, passphrase = PASSPHRASE): string =>
  [authority, leaf]
    .map(({ certificate, key }) => toPem("CERTIFICATE", certificate.der) + keyToPem(key, passphrase || undefined))
    .join("");

/** Chooses a backup on the page of the chain identity, and opens it. */
export const openBackup = async ({ page, t }: Person, pem: string, passphrase = PASSPHRASE): Promise<void> => {
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "backup.pem", mimeType: "application/x-pem-file", buffer: Buffer.from(pem) });
  await page.getByLabel(t("Passphrase", "口令"), { exact: true }).fill(passphrase);
  await page.getByRole("button", { name: t("Open", "打开"), exact: true }).click();
};

/** Signed in, and the member's key is kept by the browser. */
export const enterWithKey = async (console: Console, member: Member, options: PersonOptions = {}): Promise<Person> => {
  const person = await enter(console, member.account, options);
  await open(person, "/identity");
  await openBackup(person, backupOf(member, ""));
  await person.page.getByText(person.t("Identity on the ledger", "账本上的身份")).waitFor();
  return person;
};
