/** Organisations on a platform under test, and what they share: alliances, tables of a few rows, small models, tasks. */
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generateKey } from "#crypto";
import { utf8 } from "../../src/base/bytes.ts";
import { pack } from "../../src/enclave/archive.ts";
import type { Permission } from "../../src/rules/shapes.ts";
import type { Identity } from "../../src/sdk/acts.ts";
import { type Client, createClient } from "../../src/sdk/client.ts";
import {
  authoriseTask,
  createAuthority,
  createTask,
  foundOrganisation,
  identityOf,
  issueLeaf,
  type Keyed,
  type NewTask,
  prepareSource,
  publishModel,
  registerSource,
} from "../../src/sdk/workflows/index.ts";
import type { PublicKey, SigningKind } from "../../src/trust/crypto/crypto.ts";
import { sourceContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import { keyToPem, publicKeyToPem } from "../../src/trust/keys.ts";
import { openPlatform, type TestPlatform } from "./in-process.ts";

/** What members need of the platform that they join. */
export type Site = Pick<TestPlatform, "url" | "clock" | "office" | "anyone" | "enclave">;

/** An account with an access key; `client` signs nothing. */
export interface Account {
  readonly id: string;
  readonly appId: string;
  readonly nickname: string;
  readonly login: string;
  readonly password: string;
  readonly credentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly client: Client;
}

/** An organisation with an identity of its own. Always speaks to where the platform runs now. */
export interface Member {
  /** Stream id. */
  readonly id: string;
  readonly account: Account;
  readonly nickname: string;
  readonly appId: string;
  readonly client: Client;
  readonly identity: Identity;
  readonly authority: Keyed;
  readonly leaf: Keyed;
}

const particularsOf = (legalName: string) => ({
  legalName,
  registrationNumber: "12990000MB0000001J",
  contact: "数据官",
  phone: "+86 21 5555 0100",
  country: "CN",
});

export const signUp = async (platform: Site, nickname: string, { verified = true } = {}): Promise<Account> => {
  const login = `user-${nickname.toLowerCase().replace(/[^a-z0-9]/g, (c) => c.codePointAt(0)?.toString(36) ?? "")}`;
  const password = "correct horse battery staple";
  const { account, accessKey } = await platform.anyone.accounts.create({ nickname, login, password });
  const credentials = { accessKeyId: accessKey.id, accessKeySecret: accessKey.secret };
  const clientNow = () => createClient({ url: platform.url, now: platform.clock.now, credentials });
  if (verified) {
    await clientNow().accounts.submitVerification(particularsOf(nickname));
    await platform.office.accounts.review({ id: account.id, decision: "approved" });
  }
  const { id, appId } = account;
  return {
    ...{ id, appId, nickname, login, password, credentials },
    get client() {
      return clientNow();
    },
  };
};

/** @param kind of the keys of both its authority and its leaf */
export const join = async (platform: Site, nickname: string, kind: SigningKind = "P-256"): Promise<Member> => {
  const account = await signUp(platform, nickname);
  const now = platform.clock.now();
  const authority = createAuthority(nickname, { now, kind });
  const leaf = issueLeaf(authority, { commonName: "王芳", organization: nickname }, { now, kind });
  const { appId } = account;
  const founder = clientOf(platform, account, identityOf(authority));
  const { receipt } = await foundOrganisation(founder, authority.certificate, { nickname, appId });
  return memberOf(platform, account, { id: receipt.stream, authority, leaf });
};

/** The same member, signing with another leaf, say. */
export const memberOf = (
  platform: Site,
  account: Account,
  { id, authority, leaf }: Pick<Member, "id" | "authority" | "leaf">,
): Member => {
  const identity = identityOf(leaf, id);
  const { nickname, appId } = account;
  return {
    ...{ id, account, nickname, appId, identity, authority, leaf },
    get client() {
      return clientOf(platform, account, identity);
    },
  };
};

export const clientOf = (
  { url, clock }: Site,
  { credentials }: Pick<Account, "credentials">,
  signer?: Identity,
): Client => createClient({ url, now: clock.now, credentials, ...(signer && { signer }) });

/** The first founds it, the others are invited and join. @returns its stream id */
export const ally = async (
  { enclave }: Site,
  [founder, ...others]: readonly Pick<Member, "client" | "id">[],
  name = "可信联盟",
): Promise<string> => {
  if (!founder) throw new Error("nobody founds the alliance");
  const { resource } = await founder.client.alliances.create({
    network: "evidence",
    enclave: enclave.id,
    detail: { name, description: "" },
  });
  for (const { id, client } of others) {
    await founder.client.alliances.invite(resource.id, { member: id });
    await client.alliances.join(resource.id);
  }
  return resource.id;
};

/**
 * A platform for the tests of one file, with an alliance of these members, the first of whom founds it.
 * @param names of organisations, by what the tests call them
 */
export const openAlliance = async <Role extends string>(names: Readonly<Record<Role, string>>) => {
  const platform = await openPlatform();
  after(() => platform.stop());
  const roles = Object.keys(names) as Role[];
  const joined = await Promise.all(roles.map((role) => join(platform, names[role])));
  const members = Object.fromEntries(roles.map((role, i) => [role, joined[i]])) as Record<Role, Member>;
  return { platform, alliance: await ally(platform, joined), ...members };
};

export const ROWS = "number\n1\n2\n3\n";
const PUBLIC: Permission = { kind: "public" };

/** Sealed to the enclave and stored; its structure read. */
export const prepareTable = async (
  { enclave, clock }: Site,
  { id, client, identity }: Member,
  content: string | Uint8Array = ROWS,
  type = "csv",
) => {
  const bytes = typeof content === "string" ? utf8(content) : content;
  const envelope = await sealBytes(bytes, { to: enclave.recipient, context: sourceContext(id, enclave.id, type) });
  return prepareSource(client, identity, envelope, { enclave, type }, clock.now);
};

export interface TableOptions {
  readonly name?: string;
  readonly content?: string | Uint8Array;
  readonly type?: string;
  readonly permission?: Permission;
}

/** @returns the source as its owner sees it */
export const addTable = async (
  platform: Site,
  member: Member,
  { name = "数据", content = ROWS, type = "csv", permission = PUBLIC }: TableOptions = {},
) => {
  const prepared = await prepareTable(platform, member, content, type);
  return (await registerSource(member.client, prepared, { name, permission })).resource;
};

/** Adds up the column `number` of its tables. */
export const SUM = `export async function main({ tables, parameters }) {
  let sum = 0;
  for (const table of Object.values(tables))
    for await (const batch of table)
      for (let i = 0; i < batch.rows; i++) sum += batch.column("number").get(i) ?? 0;
  return [{ sum: sum + parameters.plus }];
}
`;

/** @param tables names of the tables that it reads */
export const manifestOf = (tables: readonly string[], columns: Record<string, string> = { number: "f64" }) => ({
  runner: "javascript",
  entry: "index.js",
  tables: Object.fromEntries(tables.map((name) => [name, { columns }])),
  result: { columns: { sum: "f64" }, maxRows: 1 },
  parameters: { plus: { type: "number", default: 0 } },
});

export const archiveOf = (code: string, manifest: object): Promise<Uint8Array> =>
  pack(
    new Map([
      ["entente.json", utf8(JSON.stringify(manifest))],
      ["index.js", utf8(code)],
    ]),
  );

export interface ModelOptions {
  readonly name?: string;
  readonly code?: string;
  readonly tables?: readonly string[];
  readonly columns?: Record<string, string>;
  readonly permission?: Permission;
  readonly open?: boolean;
  readonly description?: string;
}

/** @returns the model as its owner sees it */
export const addModel = async (
  { enclave }: Site,
  { id, client }: Pick<Member, "id" | "client">,
  { name = "求和", code = SUM, tables = ["a"], columns, permission = PUBLIC, open, description }: ModelOptions = {},
) => {
  const archive = await archiveOf(code, manifestOf(tables, columns));
  const version = { version: "1.0.0", main: "main", archive, enclave, open, description };
  return (await publishModel(client, id, { ...version, name, permission })).resource;
};

/** A task whose sources fill the tables `a`, `b`, … @returns it as its creator sees it */
export const addTask = async (
  { client }: Pick<Member, "client">,
  {
    sources,
    name = "任务",
    ...rest
  }: Omit<NewTask, "sources" | "name"> & { sources: readonly string[]; name?: string },
) => {
  const named = sources.map((id, i) => ({ id, table: String.fromCharCode(97 + i) }));
  return (await createTask(client, { ...rest, name, sources: named }, { enclaves: "any" })).resource;
};

export const newReceiverKey = (kind: PublicKey["kind"] = "P-256"): { privatePem: string; publicPem: string } => {
  const key = generateKey(kind as "P-256");
  return { privatePem: keyToPem(key), publicPem: publicKeyToPem(key.publicKey) };
};

/** In whichever part is the member's turn. */
export const authorise = ({ client, id: me }: Pick<Member, "client" | "id">, task: string, key?: string) =>
  authoriseTask(client, task, { me, key, enclaves: "any" });

/** The task when it has ended, however. */
export const ended = async ({ client }: Pick<Member, "client">, id: string) => {
  for (;;) {
    const task = await client.tasks.get({ id });
    if (task.endedAt !== null) return task;
    await sleep(20);
  }
};
