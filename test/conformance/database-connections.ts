/** Of the conformance suite of databases: whom an engine connects to, whom it does not, and connections that fail. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, type TestContext } from "node:test";
import { Refusal } from "../../src/base/refusal.ts";
import { createRoot } from "../../src/cli/demo/machines/certificates.ts";
import type { Schema } from "../../src/enclave/columns/batch.ts";
import type { Database } from "../../src/enclave/databases/database.ts";
import { restrictNetwork } from "../../src/enclave/network.ts";
import type { DatabaseConnection } from "../../src/rules/connection.ts";
import {
  type DatabaseServer,
  deliveryOf,
  IMPATIENT,
  readAll,
  refused,
  SAMPLE,
  startProxy,
} from "./database-support.ts";

export interface Ground {
  /** A test with the server. */
  on(title: string, run: (server: DatabaseServer, database: Database, t: TestContext) => Promise<void>): void;
  /** Name of a table that is not there yet. */
  fresh(): string;
  /** A table with the columns of `SAMPLE` and an id. */
  createSample(server: DatabaseServer): Promise<string>;
}

export const connectionConformance = ({ on, fresh, createSample }: Ground): void => {
  describe("who is on the other side", () => {
    const cases: [string, string, (server: DatabaseServer) => Partial<DatabaseConnection>][] = [
      ["a wrong password", "database.login", () => ({ password: "guess" })],
      ["an unknown user", "database.login", () => ({ username: "nobody" })],
      ["an unknown database", "database.unknown", () => ({ database: "nowhere" })],
      ["another host name", "database.host-name", () => ({ serverName: "other.example" })],
      ["another address", "database.host-name", () => ({ serverName: "127.0.0.2" })],
      ["a name whose certificate is only for the address", "database.host-name", () => ({ host: "localhost" })],
      ["a foreign root", "database.tls", () => ({ rootCertificate: createRoot("Other").certificate })],
      ["a root that is none", "database.tls", () => ({ rootCertificate: "root" })],
      ["a host that is not known", "database.unreachable", () => ({ host: "nowhere.invalid" })],
      ["a port where nobody listens", "database.unreachable", () => ({ port: 1 })],
    ];
    for (const [title, code, more] of cases)
      on(`${title} is refused`, async (server, database) => {
        const connection = server.connection("any", more(server));
        await refused(database.describe(connection), code);
        await refused(database.test(connection), code);
        const reading = database.read(connection, [{ name: "id", type: "i64" }], ["id"]);
        await refused(Array.fromAsync(reading), code);
      });
    on("the name that the connection gives is the one compared", async (server, database) => {
      const table = await createSample(server);
      const { columns } = await database.describe(server.connection(table, { serverName: "db.example" }));
      assert.equal(columns.length, 8);
    });
    on("an expired certificate is refused, and a certificate for another host", async (server, database) => {
      const table = await createSample(server);
      const good = server.root.issue(["DNS:db.example", "IP:127.0.0.1"]);
      try {
        await server.useCertificate(server.root.issue(["DNS:db.example", "IP:127.0.0.1"], -1));
        await refused(database.describe(server.connection(table)), "database.tls");
        await server.useCertificate(server.root.issue(["DNS:localhost"]));
        await refused(database.describe(server.connection(table)), "database.host-name");
      } finally {
        await server.useCertificate(good);
      }
      await database.describe(server.connection(table));
    });
  });

  describe("where the enclave may connect to", () => {
    on("nobody else hears of it", async (server, database, t) => {
      t.after(() => restrictNetwork([]));
      const table = await createSample(server);
      const proxy = await startProxy(server.port);
      t.after(proxy.close);
      const to = (host: string) => server.connection(table, { host, port: proxy.port, serverName: "db.example" });
      for (const [entries, host] of [
        [["db.example", "10.0.0.0/8"], "127.0.0.1"],
        [["db.example", "10.0.0.0/8"], "localhost"],
        [["db.example"], "localhost"],
      ] as const) {
        restrictNetwork(entries);
        await refused(database.describe(to(host)), "enclave.network");
        await refused(readAll(database, to(host), SAMPLE), "enclave.network");
        await refused(database.test(to(host)), "enclave.network");
        await refused(database.deliver(to(host), deliveryOf(new Uint8Array(1))), "enclave.network");
      }
      assert.equal(proxy.connections(), 0);
      for (const [entries, host] of [
        [["127.0.0.0/8"], "127.0.0.1"],
        [["127.0.0.1"], "localhost"],
        [["localhost"], "localhost"],
      ] as const) {
        restrictNetwork(entries);
        assert.equal((await database.describe(to(host))).columns.length, SAMPLE.length + 1);
      }
      assert.equal(proxy.connections(), 3);
    });
  });

  describe("a connection that fails", () => {
    const schema: Schema = [{ name: "id", type: "i64" }];
    /** What happens to the connection within the rows, and what reading is refused with. */
    const cases: [title: string, then: (socket: Socket) => void, code: string][] = [
      ["silent in the middle of the rows, it is given up", () => undefined, "database.timeout"],
      ["lost in the middle of the rows, it is refused", (socket) => socket.destroy(), "database.lost"],
    ];
    for (const [title, then, code] of cases)
      on(title, async (server) => {
        const table = fresh();
        await server.sql(`create table ${table} (id ${server.types.i64});
          insert into ${table} select seq from ${server.numbers(300_000)};`);
        const proxy = await startProxy(server.port);
        try {
          const connection = server.connection(table, { port: proxy.port });
          const database = server.database(IMPATIENT);
          proxy.after(1_000_000, then);
          await refused(Array.fromAsync(database.read(connection, schema, ["id"])), code);
          proxy.after(0, then);
          await assert.rejects(database.describe(connection), Refusal);
        } finally {
          proxy.close();
        }
      });

    on("cut off while TLS is agreed on, it is lost, and nothing is said of certificates", async (server, database) => {
      const proxy = await startProxy(server.port);
      try {
        for (const cut of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy()]) {
          // A greeting in the clear is shorter, what the server says first of TLS is longer.
          proxy.after(500, cut);
          await refused(database.describe(server.connection("any", { port: proxy.port })), "database.lost");
        }
      } finally {
        proxy.close();
      }
    });
  });
};
