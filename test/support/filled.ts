/** A platform on which something has happened: the demo's story, a task that waits, a key group with keys and requests. */
import { mkdirSync } from "node:fs";
import { type Party, signUp } from "../../src/cli/demo/parties.ts";
import { sealedFiles } from "../../src/cli/demo/places.ts";
import { play } from "../../src/cli/demo/play.ts";
import { openProfile } from "../../src/cli/profile.ts";
import { demoNames, type Names } from "../../src/sample/names.ts";
import { type Client, createClient } from "../../src/sdk/client.ts";
import {
  approveRequest,
  awaitKey,
  awaitRequest,
  createTask,
  generateKey,
  identityOf,
  type Keyed,
  requestSignatures,
} from "../../src/sdk/workflows/index.ts";
import { keyFromPem, keyToPem } from "../../src/trust/keys.ts";
import { certificateToPem, parseCertificate } from "../../src/trust/x509/certificate.ts";
import { open, PASSPHRASE, PASSWORD, type Person } from "./browser.ts";
import type { Platform } from "./platform.ts";
import { send } from "./policies.ts";

export interface Filled {
  /** An id of each kind, for addresses that hold one. */
  readonly ids: Readonly<Record<Kind, string>>;
  /** Logins at the institute, of which PASSWORD is the password. */
  readonly logins: { readonly administrator: string; readonly auditor: string };
  /** The institute's keys as a backup has them, but open: deriving a key from a passphrase takes a while. */
  readonly backup: string;
  /** Path of the evidence bundle of the run. */
  readonly bundle: string;
}
export type Kind =
  | "alliances"
  | "models"
  | "sources"
  | "tasks"
  | "waiting"
  | "events"
  | "keys"
  | "key-groups"
  | "key-requests";

/** What is called how beyond the story. */
export interface Wording {
  readonly names: Names;
  readonly review: string;
  readonly group: { readonly name: string; readonly description: string };
  /** Notes of a request that was signed, and of one that waits. */
  readonly notes: readonly [string, string];
}

export const CHINESE: Wording = {
  names: demoNames,
  review: "每月复核",
  group: { name: "金库", description: "供应商付款" },
  notes: ["第二季度货款", "第三季度货款"],
};

/** What those who play in it are called and wrote. */
export const NAMES = [
  ...["乳腺肿瘤良恶性判别", "乳腺肿瘤研究联盟", "肿瘤研究所", "两家医院与研究所联合建模", "河畔医院", "湖滨医院"],
  ...["逻辑回归", "诊断结果", "细胞测量", "患者编号", "每月复核", "金库", "供应商付款", "第二季度货款", "第三季度货款"],
  ...[
    "ming.li",
    "fang.wang",
    "Newcomer",
    "newcomer",
    "New",
    "Fresh",
    "fresh",
    "institute",
    "riverside",
    "lakeside",
    "admin",
  ],
  ...["measurements", "diagnoses", "treasury/payments", "数据官", "requesters", "two-approvals"],
];

const POLICIES = [
  { id: "requesters", text: 'permit(principal in Role::"requester", action, resource);' },
  {
    id: "two-approvals",
    text: 'forbid(principal, action == Action::"sign", resource)\nwhen { context has transaction && context.approvals < 2 };',
  },
];

/** @param platform new, with three key nodes @param profiles directory in which the organisations keep their keys */
export const fill = async ({ url, admin }: Platform, profiles: string, wording = CHINESE): Promise<Filled> => {
  if (!admin) throw new Error("the platform is not new");
  mkdirSync(profiles, { recursive: true, mode: 0o700 });
  const { names, review } = wording;
  const told = await play({
    url,
    profiles,
    operator: admin,
    step: (_, __, work) => work(),
    places: sealedFiles,
    names,
  });
  const [institute, riverside, lakeside] = ["institute", "riverside", "lakeside"].map((name) =>
    partyOf(profiles, name),
  ) as [Known, Known, Known];
  const { client } = institute;
  const logins = { administrator: "ming.li", auditor: "fang.wang" };
  await client.users.create({ login: logins.administrator, password: PASSWORD, role: "administrator" });
  await client.users.create({ login: logins.auditor, password: PASSWORD, role: "auditor" });
  const newcomer = {
    legalName: "New",
    registrationNumber: "200000002B",
    contact: "New",
    phone: "+65 5555 0101",
    country: "SG",
  };
  await signUp({ url, profiles, name: "newcomer", nickname: "Newcomer", particulars: newcomer });

  const waiting = await anotherTask(client, review, told.task, institute.member);
  const keys = await fillKeys(institute, [riverside, lakeside], wording);
  const [alliance, event] = await Promise.all([client.alliances.list({}), client.events.list({})]);
  const task = await client.tasks.get({ id: told.task });
  return {
    ids: {
      ...{ alliances: alliance.items[0]?.id ?? "", events: event.items[0]?.id ?? "" },
      ...{ models: task.model.id, sources: task.sources[0]?.id ?? "", tasks: task.id, waiting, ...keys },
    },
    ...{ logins, bundle: told.bundle },
    backup: [institute.authority, institute.leaf]
      .map(({ certificate, key }) => certificateToPem(certificate) + keyToPem(key))
      .join(""),
  };
};

type Known = Pick<Party, "client" | "member"> & { readonly authority: Keyed; readonly leaf: Keyed };

const partyOf = (profiles: string, name: string): Known => {
  const profile = openProfile(profiles, name);
  const { url = "", accessKey, organisation } = profile.settings();
  const { id: accessKeyId = "", secret: accessKeySecret = "" } = accessKey ?? {};
  const member = organisation?.id ?? "";
  const keyed = (certificate: "authority" | "certificate", key: "authorityKey" | "key"): Keyed => ({
    certificate: parseCertificate(profile.read(certificate) ?? ""),
    key: keyFromPem(profile.read(key) ?? ""),
  });
  const [authority, leaf] = [keyed("authority", "authorityKey"), keyed("certificate", "key")];
  const signer = identityOf(leaf, member);
  const client = createClient({ url, credentials: { accessKeyId, accessKeySecret }, signer });
  return { client, member, authority, leaf };
};

/** Of the same parts; nobody has authorised it. @returns its id */
const anotherTask = async (client: Client, name: string, like: string, receiver: string): Promise<string> => {
  const { alliance, model, sources } = await client.tasks.get({ id: like });
  const wanted = {
    ...{ name, alliance: alliance.id, receiver, model: model.id },
    sources: sources.map(({ id, table }) => ({ id, table })),
  };
  return (await createTask(client, wanted, { enclaves: "any" })).resource.id;
};

const fillKeys = async (
  { client, member }: Known,
  approvers: readonly [Known, Known],
  { group: detail, notes }: Wording,
) => {
  const { items } = await client.keyNodes.list({ pageSize: 100 });
  const group = await client.keyGroups.create({
    ...{ nodes: items.map(({ stream }) => stream).sort(), requesters: [member], policies: POLICIES, approvals: 2 },
    administrators: [member, approvers[0].member].sort(),
    approvers: approvers.map((one) => one.member).sort(),
    detail,
  });
  const nodes = items.map(({ tag }) => tag).sort();
  const founded = await generateKey(
    client,
    { group: group.resource.stream, scheme: "ECDSA_K1", threshold: 2, nodes, alias: "treasury/payments" },
    { enclaves: "any" },
  );
  const key = await awaitKey(client, founded.resource.id);
  const ask = async (value: bigint, note: string) =>
    (await requestSignatures(client, { key: key.id, messages: [send({ value })], note })).resource.id;
  const [signed, pending] = [await ask(10n ** 17n, notes[0]), await ask(10n ** 18n, notes[1])];
  for (const one of approvers) await approveRequest(one.client, signed, {});
  await awaitRequest(client, signed);
  await approveRequest(approvers[0].client, pending, {});
  await client.keyGroups.propose(group.resource.stream, { change: { policies: POLICIES.slice(0, 1) } });
  return { keys: key.id, "key-groups": group.resource.id, "key-requests": pending };
};

/** The person opens the institute's backup and keeps its key in their browser. */
export const openKey = async (person: Person, backup: string): Promise<void> => {
  const { page, t } = person;
  await open(person, "/identity");
  const file = { name: "institute.pem", mimeType: "application/x-pem-file", buffer: Buffer.from(backup) };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByLabel(t("Passphrase", "口令"), { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: t("Open", "打开"), exact: true }).click();
  await page.getByText(t("Identity on the ledger", "账本上的身份")).waitFor();
};
