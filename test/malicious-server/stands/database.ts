/** The enclave between the server and a hospital's database: the server owns the network between them. */
import { createServer, type Socket } from "node:net";
import { after, type TestContext } from "node:test";
import { canonical } from "../../../src/base/canonical.ts";
import type { DatabaseConnection } from "../../../src/rules/connection.ts";
import type { NoPostgres } from "../../support/postgres.ts";
import { startPostgresTls, type TlsPostgres } from "../../support/postgres-tls.ts";
import type { Stand } from "../harness.ts";
import { openEnclave } from "./enclave.ts";

let started: Promise<TlsPostgres | NoPostgres> | undefined;
after(async () => {
  const server = await started;
  if (server && !("skip" in server)) await server.stop();
});

/** One server for all attacks, with a table of three numbers and one for results. */
const start = async (): Promise<TlsPostgres | NoPostgres> => {
  const server = await startPostgresTls();
  if ("skip" in server) return server;
  await server.sql(`create table numbers (number float8 not null); insert into numbers values (1), (2), (3);
    create table results (task text, part integer, parts integer not null, digest text not null, content bytea not null,
      primary key (task, part));
    grant select on numbers to reader; grant select, insert on results to reader`);
  return server;
};

export const openDatabase = async (t: TestContext) => {
  started ??= start();
  const server = await started;
  if ("skip" in server) return void t.skip(server.skip);
  const enclave = await openEnclave(t);
  await enclave.follow();

  const stand = {
    ...enclave,
    server,
    /** The owner seals how its table is reached, and asks the enclave for the structure. */
    async describe(connection: DatabaseConnection) {
      const sealed = await enclave.sealFor(canonical(connection), enclave.hospital.id, "postgresql");
      const { digest } = enclave.put(sealed);
      return enclave.ask(enclave.request({ envelope: digest, type: "postgresql" }));
    },
    /** Somebody on the way, who answers in the database's place. @returns its port */
    async between(serve: (client: Socket) => void): Promise<number> {
      const clients = new Set<Socket>();
      const listening = createServer((client) => {
        clients.add(client.on("error", () => client.destroy()));
        serve(client);
      });
      await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
      t.after(() => {
        listening.close();
        for (const client of clients) client.destroy();
      });
      return (listening.address() as { port: number }).port;
    },
  };
  return stand satisfies Stand;
};
export type DatabaseStand = NonNullable<Awaited<ReturnType<typeof openDatabase>>>;
