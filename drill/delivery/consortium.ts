/**
 * The trio with its data in databases: tables that stay in their owner's MariaDB, results that go into the receiver's.
 * Through the public API, as for sealed files.
 */
import { concat, fromHex, utf8 } from "../../src/base/bytes.ts";
import type { OwnMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import type { Party } from "../../src/cli/demo/parties.ts";
import { pack } from "../../src/enclave/archive.ts";
import { DESTINATION } from "../../src/enclave/databases/mysql/setup.ts";
import {
  authoriseTask,
  connectionBytes,
  createTask,
  type Destination,
  type NewTask,
  prepareDestination,
  prepareSource,
  publishModel,
  registerSource,
  sealSource,
  type VerifiedEnclave,
  verifyEnclave,
} from "../../src/sdk/workflows/index.ts";
import type { Trio } from "../../test/support/trio.ts";

const TYPE = "mysql";
const PUBLIC = { kind: "public" } as const;
/** It runs on this machine, from this checkout. */
const ANY = { enclaves: "any" } as const;

/** The one enclave of the platform. */
export const theEnclave = async ({ client }: Party): Promise<VerifiedEnclave> => {
  const { items } = await client.enclaves.list();
  return verifyEnclave(client, items[0]?.id ?? "", ANY);
};

/** Registers a table of the party's own server. @returns the source's id */
export const registerTable = async (
  { client, member, identity }: Party,
  server: Pick<OwnMariadb, "connection">,
  table: string,
  enclave: VerifiedEnclave,
): Promise<string> => {
  const about = { owner: member, enclave, type: TYPE };
  const envelope = await Array.fromAsync(sealSource([connectionBytes(TYPE, server.connection(table))], about));
  const prepared = await prepareSource(client, identity, concat(...envelope), about);
  return (await registerSource(client, prepared, { name: table, permission: PUBLIC })).resource.id;
};

/** Makes the party's table for results, and has the enclave try it. */
export const openDestination = async (
  { client, member, identity }: Party,
  server: Pick<OwnMariadb, "sql" | "destination">,
  table: string,
  enclave: VerifiedEnclave,
): Promise<Destination> => {
  const [create = ""] = DESTINATION.split(";");
  await server.sql(create.replaceAll("<database>", "test").replaceAll("<table>", table));
  return prepareDestination(client, identity, server.destination(table), { owner: member, enclave, type: TYPE });
};

/** @param code of a JavaScript module that exports `main`. @returns the model's id */
export const publish = async (
  { client, member }: Party,
  enclave: VerifiedEnclave,
  { name, manifest, code }: { readonly name: string; readonly manifest: object; readonly code: string },
): Promise<string> => {
  const files = { "entente.json": JSON.stringify({ runner: "javascript", entry: "index.js", ...manifest }) };
  const archive = await pack(
    new Map(Object.entries({ ...files, "index.js": code }).map(([path, text]) => [path, utf8(text)])),
  );
  const version = { archive, version: "1.0.0", main: "main", enclave };
  return (await publishModel(client, member, { ...version, name, permission: PUBLIC })).resource.id;
};

export interface Job {
  readonly name: string;
  /** Ids. */
  readonly model: string;
  readonly sources: readonly { readonly id: string; readonly table: string }[];
  readonly parameters?: Readonly<Record<string, number>>;
  readonly limits?: NewTask["limits"];
}

/** A task whose receiver is the institute. */
export const newTask = ({ institute, alliance }: Trio, job: Job) =>
  createTask(institute.client, { ...job, alliance, receiver: institute.member }, ANY);

/** In whichever part is the party's turn. @param destination where the receiver wants the result */
export const authorise = (
  { resultKey }: Trio,
  { client, member }: Party,
  task: string,
  destination: Destination | undefined,
) => authoriseTask(client, task, { ...ANY, me: member, key: resultKey.publicPem, destination });

/**
 * A task from its creation until its result is in the receiver's table and its receipt on the ledger.
 * @param owners of the sources
 * @returns milliseconds from the moment that the last authorisation is sent
 */
export const runJob = async (trio: Trio, job: Job, owners: readonly Party[], destination: Destination) => {
  const { institute } = trio;
  const { id, stream } = (await newTask(trio, job)).resource;
  for (const party of [institute, ...owners]) await authorise(trio, party, id, destination);
  // Whoever asks again and again takes from the processors that the task runs on.
  const listening = new AbortController();
  const events = institute.client.events.subscribe({}, { signal: listening.signal });
  await events.next();
  const sent = performance.now();
  await authorise(trio, institute, id, destination);
  try {
    for await (const { data } of events) {
      if (data.stream !== stream) continue;
      const { failure, receipt, digest } = await institute.client.tasks.get({ id });
      if (failure) throw new Error(`the task failed: ${failure.code}`);
      if (receipt) return { receipt, digest: digest ?? "", elapsed: performance.now() - sent };
    }
  } finally {
    listening.abort();
  }
  throw new Error("the server says no more");
};

/** The sealed result in the receiver's own table. @param task digest that was authorised */
export const readDelivered = ({ cli }: Pick<OwnMariadb, "cli">, table: string, task: string): Uint8Array => {
  const parts = cli(`select hex(content) from ${table} where task = '${task}' order by part`);
  return concat(...parts.map(([hex]) => fromHex((hex ?? "").toLowerCase())));
};
