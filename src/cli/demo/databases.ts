/** Three MariaDB servers, one an organisation: two hold tables, the third takes the sealed result. */
import { concat, fromHex, fromUtf8 } from "../../base/bytes.ts";
import { DESTINATION } from "../../enclave/databases/mysql/setup.ts";
import { connectionBytes, prepareDestination, prepareSource, sealSource } from "../../sdk/workflows/index.ts";
import { parseCsv } from "../csv.ts";
import { refuse } from "./errors.ts";
import { type OwnMariadb, startMariadb } from "./machines/mariadb.ts";
import { exampleTable, type Places } from "./places.ts";

const TYPE = "mysql";
const RESULTS = "results";

/** @throws Refusal demo.machine where MariaDB is not there */
export const openDatabases = async (): Promise<Places> => {
  const started = await Promise.all([startServer(), startServer(), startServer()]);
  const [riverside, lakeside, institute] = started as [OwnMariadb, OwnMariadb, OwnMariadb];
  const tables = { "measurements.csv": riverside, "diagnoses.csv": lakeside };
  for (const [file, server] of Object.entries(tables)) await load(server, file);
  await institute.sql(createTable(DESTINATION, RESULTS));
  return {
    async prepare(party, enclave, file) {
      const server = tables[file as keyof typeof tables];
      const plain = connectionBytes(TYPE, server.connection(nameOf(file)));
      const about = { owner: party.member, enclave, type: TYPE };
      const envelope = concat(...(await Array.fromAsync(sealSource([plain], about))));
      return prepareSource(party.client, party.identity, envelope, about);
    },
    destination: (party, enclave) =>
      prepareDestination(party.client, party.identity, institute.destination(RESULTS), {
        owner: party.member,
        enclave,
        type: TYPE,
      }),
    async sealedResult(task) {
      const parts = institute.cli(`select hex(content) from ${RESULTS} where task = '${task}' order by part`);
      return concat(...parts.map(([hex]) => fromHex((hex ?? "").toLowerCase())));
    },
    async close() {
      await Promise.all(started.map((server) => server.stop()));
    },
  };
};

const startServer = async (): Promise<OwnMariadb> => {
  const server = await startMariadb();
  if ("skip" in server) throw refuse("demo.machine", { reason: server.skip });
  return server;
};

const nameOf = (file: string): string => file.replace(/\.csv$/, "");

/** The file as a table: whole numbers, numbers, or text, as all of a column are. */
const load = async (server: OwnMariadb, file: string): Promise<void> => {
  const [header = [], ...rows] = parseCsv(fromUtf8(exampleTable(file)));
  const types = header.map((_, i) => {
    const values = rows.map((row) => row[i] ?? "");
    if (values.every((value) => /^-?\d{1,9}$/.test(value))) return "int";
    return values.every((value) => value !== "" && Number.isFinite(Number(value))) ? "double" : "varchar(64)";
  });
  const columns = header.map((name, i) => `\`${name}\` ${types[i]}`);
  const quoted = (value: string, i: number) =>
    types[i]?.startsWith("varchar") ? `'${value.replaceAll("'", "''")}'` : value;
  const values = rows.map((row) => `(${row.map(quoted).join()})`);
  const table = nameOf(file);
  await server.sql(`create table ${table} (${columns.join()}); insert into ${table} values ${values.join()};`);
};

/** The first statement of what a database's administrator runs. */
const createTable = (setup: string, table: string): string =>
  `${setup.split(";")[0]?.replaceAll("<database>", "test").replaceAll("<table>", table)};`;
