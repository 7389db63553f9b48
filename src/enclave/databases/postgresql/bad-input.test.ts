/** What keeps a table from being read, each by its name. */
import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import { TLSSocket } from "node:tls";
import { NAMES, PASSWORD, startPostgresTls, type TlsPostgres } from "../../../../test/support/postgres-tls.ts";
import { Refusal } from "../../../base/refusal.ts";
import { createRoot } from "../../../cli/demo/machines/certificates.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import type { Schema } from "../../columns/batch.ts";
import { createPostgresql } from "./index.ts";

const PATIENCE = 1_000;
const postgresql = createPostgresql({ patience: PATIENCE });
const SCHEMA: Schema = [
  { name: "id", type: "i32" },
  { name: "note", type: "utf8" },
];

describe("what keeps a table of PostgreSQL from being read", () => {
  let server: TlsPostgres | undefined;
  let reason = "";
  before(async () => {
    const started = await startPostgresTls();
    if ("skip" in started) reason = started.skip;
    else {
      server = started;
      await server.sql(`create table visits (id integer, note text); grant select on visits to reader;
        insert into visits select i, repeat('x', 100) from generate_series(1, 400000) as i`);
    }
  });
  after(async () => await server?.stop());
  const needServer = (t: TestContext): TlsPostgres => {
    if (!server) t.skip(reason);
    return server as TlsPostgres;
  };
  const read = async (connection: DatabaseConnection, schema = SCHEMA, reader = postgresql) => {
    let rows = 0;
    for await (const batch of reader.read(connection, schema, ["id", "note"])) rows += batch.rows;
    return rows;
  };
  const refuses = async (code: string, connection: DatabaseConnection, schema = SCHEMA, reader = postgresql) => {
    const isRefused = (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code, error.message);
      assert.ok(!JSON.stringify([error.message, error.details]).includes(PASSWORD));
      return true;
    };
    await assert.rejects(read(connection, schema, reader), isRefused);
  };

  test("nobody is there", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await refuses("database.unreachable", pg.connection("visits", { port: 1 }));
    await refuses("database.unreachable", pg.connection("visits", { host: "nobody.invalid" }));
  });

  test("somebody is there who says nothing, before TLS or after", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const silent = await listen(() => undefined);
    await refuses("database.timeout", pg.connection("visits", { port: silent.port }));
    const half = await listen((client) => void client.once("data", () => client.write("S")));
    await refuses("database.timeout", pg.connection("visits", { port: half.port }));
    silent.close();
    half.close();
  });

  test("the server offers no TLS, or somebody between says so", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    for (const answer of ["N", "E", "SS", "S\0\0"]) {
      const denier = await listen((client) => void client.once("data", () => client.write(answer)));
      await refuses("database.tls", pg.connection("visits", { port: denier.port }));
      denier.close();
    }
    await pg.set({ ssl: "off" });
    try {
      await refuses("database.tls", pg.connection("visits"));
    } finally {
      await pg.set({ ssl: "on" });
    }
  });

  test("the certificate is for another name", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await refuses("database.host-name", pg.connection("visits", { host: "localhost" }));
    await refuses("database.host-name", pg.connection("visits", { serverName: "other.example" }));
    await refuses("database.host-name", pg.connection("visits", { serverName: "127.0.0.2" }));
    assert.equal(await read(pg.connection("visits", { serverName: "db.example" })), 400_000);
  });

  test("the certificate has expired, or leads to another root", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await refuses("database.tls", pg.connection("visits", { rootCertificate: createRoot().certificate }));
    // Node.js takes public roots where it finds no certificate.
    for (const rootCertificate of ["nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
      await refuses("database.tls", pg.connection("visits", { rootCertificate }));
    try {
      await pg.useCertificate(pg.root.issue(NAMES, -1));
      await refuses("database.tls", pg.connection("visits"));
      await pg.useCertificate(createRoot().issue(NAMES));
      await refuses("database.tls", pg.connection("visits"));
    } finally {
      await pg.useCertificate(pg.root.issue(NAMES));
    }
    assert.equal(await read(pg.connection("visits")), 400_000);
  });

  test("user, password or database are wrong", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await refuses("database.login", pg.connection("visits", { password: "wrong" }));
    await refuses("database.login", pg.connection("visits", { password: "" }));
    await refuses("database.login", pg.connection("visits", { username: "nobody" }));
    await refuses("database.unknown", pg.connection("visits", { database: "nothing" }));
  });

  test("a server that wants the password itself, or its MD5, does not get it", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await refuses("database.login.insecure", pg.connection("visits", { username: "plain_reader" }));
    await refuses("database.login.insecure", pg.connection("visits", { username: "md5_reader" }));
  });

  test("the table is not there, or not for this user", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql("create table secret (id integer, note text)");
    await refuses("database.table", pg.connection("nothing"));
    await refuses("database.table", pg.connection("visits", { schema: "nothing" }));
    await refuses("database.table", pg.connection("secret"));
    await pg.sql("create table gone (id integer, note text); grant select on gone to reader");
    assert.equal(await read(pg.connection("gone")), 0);
    await pg.sql("drop table gone");
    await refuses("database.table", pg.connection("gone"));
    await refuses("database.table", pg.connection("visits_index"));
  });

  test("the table has changed since it was declared", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const changes = [
      "alter table changing rename note to remark",
      "alter table changing alter note type bytea using ''::bytea",
      "alter table changing alter id type bigint",
      "alter table changing drop note",
      "alter table changing add more integer",
      "drop table changing; create table changing (note text, id integer); grant select on changing to reader",
    ];
    for (const change of changes) {
      await pg.sql(`drop table if exists changing; create table changing (id integer, note text);
        grant select on changing to reader`);
      assert.equal(await read(pg.connection("changing")), 0);
      await pg.sql(change);
      await refuses("source.columns", pg.connection("changing"));
    }
    await refuses("source.columns", pg.connection("visits"), SCHEMA.slice(0, 1));
  });

  test("the server is slow, ends the session, or dies while rows are read", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql(`create view slow as select id, case when id > 200000 then pg_sleep(10)::text else note end as note from visits;
      grant select on slow to reader`);
    await refuses("database.timeout", pg.connection("slow"));
    await pg.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'");

    const rows = postgresql.read(pg.connection("visits"), SCHEMA, ["id", "note"]);
    await rows.next();
    await pg.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'");
    const lost = (error: unknown) => error instanceof Refusal && error.code === "database.lost";
    await assert.rejects(Array.fromAsync(rows), lost);

    let received = 0;
    const proxy = await listen((client) => {
      const upstream = connect(pg.port, "127.0.0.1");
      client.pipe(upstream).on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
      upstream.on("data", (chunk) => {
        received += chunk.length;
        client.write(chunk);
        if (received > 10_000_000) client.destroy();
      });
    });
    await refuses("database.lost", pg.connection("visits", { port: proxy.port }));
    proxy.close();
  });

  test("a server that has the right certificate and sends nonsense", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const { certificate: cert, key } = pg.root.issue(NAMES);
    const ok = "R\0\0\0\x08\0\0\0\0";
    const ready = "Z\0\0\0\x05I";
    const nonsense = [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "R\0\0\0\x05\0",
      "R\0\0\0\x08\0\0\0\x0a",
      "D\0\0\0\x06\xff\xff",
      `${ok}T\0\0\0\x06\xff\xff`,
      `${ok}${ready}T\0\0\0\x06\xff\xff`,
      `${ok}${ready}${ready}D\0\0\0\x0b\0\x01\x7f\xff\xff\xff\0`,
      `${ok}${ready}C\0\0\0\x04`,
      `${ok}${ready}G\0\0\0\x07\0\0\0`,
      `E\0\0\0\x05S`,
      "E\0\0\0\x04",
      "E\0\0\0\x06S\0",
      "E\0\0\0\x07SX\0",
      "N\0\0\0\x05S",
      "S\0\0\0\x06ab",
      "S\0\0\0\x06a\0",
      "A\0\0\0\x08\0\0\0\0",
      "R\0\0\0\x0c\0\0\0\x0aSCRA",
      "R\0\0\0\x0e\0\0\0\x0bnonsen",
      "K\0\0\0\x05\0",
      "N\x7f\xff\xff\xff",
      `${"\0".repeat(100)}`,
    ];
    for (const answer of nonsense) {
      const liar = await listen((client) =>
        client.once("data", () => {
          client.write("S");
          const secure = new TLSSocket(client, { isServer: true, cert, key });
          secure.on("error", () => client.destroy());
          secure.once("data", () => secure.write(Buffer.from(answer, "latin1")));
        }),
      );
      const isRefused = (error: unknown) => error instanceof Refusal && error.code.startsWith("database.");
      await assert.rejects(read(pg.connection("visits", { port: liar.port })), isRefused, JSON.stringify(answer));
      liar.close();
    }
  });

  test("a row that is too large", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql(`create view large as select id, repeat('x', 80000000) as note from visits limit 1;
      grant select on large to reader`);
    // The database takes its time for so large a row.
    const patient = createPostgresql({ patience: 60_000 });
    await refuses("database.row-size", pg.connection("large"), SCHEMA, patient);
  });
});

const listen = async (serve: (client: Socket) => void) => {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on("error", () => client.destroy());
    serve(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    for (const client of clients) client.destroy();
  };
  return { port: (server.address() as { port: number }).port, close };
};
