/**
 * Three organisations that compute together through the public API, on two tables of a few rows: an institute has the
 * model and receives the results, two hospitals have a table each.
 */
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { utf8 } from "../../src/base/bytes.ts";
import { found, type Party, resultKey, signUp } from "../../src/cli/demo/parties.ts";
import { pack } from "../../src/enclave/archive.ts";
import { createClient } from "../../src/sdk/client.ts";
import {
  authoriseTask,
  createTask,
  findMember,
  openResult,
  prepareSource,
  publishModel,
  registerSource,
  verifyEnclave,
} from "../../src/sdk/workflows/index.ts";
import { sourceContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import type { Platform } from "./platform.ts";

export interface Trio {
  readonly institute: Party;
  readonly hospitals: readonly [Party, Party];
  /** Stream id. */
  readonly alliance: string;
  /** Verifier key of the ledger, as the enclave's founding statement has it. */
  readonly ledger: string;
  /** Ids. */
  readonly model: string;
  readonly sources: readonly string[];
  /** PEM. */
  readonly resultKey: { readonly privatePem: string; readonly publicPem: string };
}

const TABLES = ["left", "right"] as const;
const ROWS = "number\n1\n2\n3\n";

/** What the model's result says of the tables above. */
export const SUM = 12;

/** Its first instruction takes the time; the result has that, the task's own round, and the sum over both tables. */
const MODEL = `const began = Date.now();
export async function main({ tables, parameters }) {
  let sum = 0;
  for (const table of [tables.left, tables.right])
    for await (const batch of table)
      for (let i = 0; i < batch.rows; i++) sum += batch.column("number").get(i);
  return [
    { measure: "began", value: began },
    { measure: "round", value: parameters.round },
    { measure: "sum", value: sum },
  ];
}
`;
const MANIFEST = {
  runner: "javascript",
  entry: "index.js",
  tables: Object.fromEntries(TABLES.map((name) => [name, { columns: { number: "f64" } }])),
  result: { columns: { measure: "utf8", value: "f64" }, maxRows: 3 },
  parameters: { round: { type: "number", default: 0 } },
};

/** @param profiles where the organisations keep their keys */
export const createTrio = async ({ url, admin }: Pick<Platform, "url" | "admin">, profiles: string): Promise<Trio> => {
  if (!admin) throw new Error("the platform is not new: there is no operator's key to approve organisations with");
  mkdirSync(profiles, { recursive: true, mode: 0o700 });
  const office = createClient({ url, credentials: admin });
  const join = async (name: string): Promise<Party> => {
    const particulars = {
      legalName: name,
      registrationNumber: "200000001A",
      contact: name,
      phone: "+65 5555 0100",
      country: "SG",
    };
    const signedUp = await signUp({ url, profiles, name, nickname: name, particulars });
    await office.accounts.review({ id: signedUp.account.id, decision: "approved" });
    return found(url, signedUp);
  };
  const [institute, north, south] = await Promise.all([join("institute"), join("north"), join("south")]);
  const hospitals = [north, south] as const;

  const { items } = await institute.client.enclaves.list();
  const enclave = await verifyEnclave(institute.client, items[0]?.id ?? "", ANY);
  const { resource: alliance } = await institute.client.alliances.create({
    network: "evidence",
    enclave: enclave.id,
    detail: { name: "Trio", description: "" },
  });
  for (const { nickname, appId, client } of hospitals) {
    const { member } = await findMember(institute.client, { nickname, appId });
    await institute.client.alliances.invite(alliance.id, { member });
    await client.alliances.join(alliance.id);
  }

  const archive = await pack(
    new Map([
      ["entente.json", utf8(JSON.stringify(MANIFEST))],
      ["index.js", utf8(MODEL)],
    ]),
  );
  const permission = { kind: "public" } as const;
  const version = { archive, version: "1.0.0", main: "main", enclave };
  const model = await publishModel(institute.client, institute.member, { ...version, name: "sum", permission });

  const sources = await Promise.all(
    hospitals.map(async ({ client, identity, member, name }) => {
      const context = sourceContext(member, enclave.id, "csv");
      const envelope = await sealBytes(utf8(ROWS), { to: enclave.recipient, context });
      const prepared = await prepareSource(client, identity, envelope, { enclave, type: "csv" });
      return (await registerSource(client, prepared, { name, permission })).resource.id;
    }),
  );
  return {
    institute,
    hospitals,
    alliance: alliance.id,
    ledger: enclave.ledger,
    model: model.resource.id,
    sources,
    resultKey: resultKey(institute),
  };
};

/** It runs on this machine, from this checkout. */
const ANY = { enclaves: "any" } as const;

/** @param round comes back in the result */
export const newTask = ({ institute, alliance, model, sources }: Trio, round: number) =>
  createTask(
    institute.client,
    {
      name: `Round${Math.abs(round)}`,
      alliance,
      receiver: institute.member,
      model,
      sources: sources.map((id, i) => ({ id, table: TABLES[i] ?? "" })),
      parameters: { round },
    },
    ANY,
  );

/** In whichever part is the party's turn. */
export const authorise = ({ resultKey }: Trio, { client, member }: Party, task: string) =>
  authoriseTask(client, task, { ...ANY, me: member, key: resultKey.publicPem });

const POLL = 5;

/** A task from its creation to its result. @returns when the answer to its last authorisation came, and its result */
export const finishTask = async (trio: Trio, round: number) => {
  const { institute, hospitals } = trio;
  const { id } = (await newTask(trio, round)).resource;
  for (const party of [institute, ...hospitals]) await authorise(trio, party, id);
  const sent = milliseconds();
  await authorise(trio, institute, id);
  const authorised = milliseconds();
  for (;;) {
    const { failure, receipt } = await institute.client.tasks.get({ id });
    if (failure) throw new Error(`the task failed: ${failure.code}`);
    if (receipt) return { id, sent, authorised, receipt, result: await readResult(trio, id) };
    await sleep(POLL);
  }
};

/** Since 1970, with a fraction. */
const milliseconds = (): number => performance.timeOrigin + performance.now();

/** Opens the task's result: measures by name. */
export const readResult = async ({ institute, resultKey }: Trio, task: string): Promise<Record<string, number>> => {
  const csv = await openResult(institute.client, task, resultKey.privatePem);
  const lines = csv.trim().split(/\r?\n/).slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const [measure = "", value] = line.split(",");
      return [measure, Number(value)];
    }),
  );
};
