/**
 * Tables that stay in databases, results that go into one, through the public API: a hospital and an institute with
 * national cryptography (SM2 identities, an SM2 receiver, an SM4 body), MariaDB here and PostgreSQL there.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { concat, fromHex } from "../../src/base/bytes.ts";
import { type OwnMariadb, startMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import { DESTINATION } from "../../src/enclave/databases/postgresql/setup.ts";
import type { DatabaseConnection } from "../../src/rules/connection.ts";
import {
  authoriseTask,
  connectionBytes,
  createTask,
  openResult,
  prepareDestination,
  reconnectSource,
  registerSource,
} from "../../src/sdk/workflows/index.ts";
import { readHeader } from "../../src/trust/envelope/header.ts";
import { createReader } from "../../src/trust/envelope/reader.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import {
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  ended,
  join,
  type Member,
  newReceiverKey,
  prepareTable,
} from "../support/members.ts";
import { startPostgresTls, type TlsPostgres } from "../support/postgres-tls.ts";

let platform: TestPlatform;
let mariadb: OwnMariadb | undefined;
let postgres: TlsPostgres | undefined;
let missing = "";
let hospital: Member;
let institute: Member;
let alliance = "";
let model = "";
const key = newReceiverKey("SM2");

before(async () => {
  const [maria, pg] = await Promise.all([startMariadb(), startPostgresTls()]);
  missing = [maria, pg].flatMap((one) => ("skip" in one ? [one.skip] : [])).join("; ");
  if (!("skip" in maria)) mariadb = maria;
  if (!("skip" in pg)) postgres = pg;
  if (missing) return;
  await mariadb?.sql(
    "create table people (id int, number double not null); insert into people values (1, 2), (2, 40.5)",
  );
  await postgres?.sql(DESTINATION.split(";")[0]?.replace('"<schema>"."<table>"', "results") ?? "");
  await postgres?.sql('grant select, insert on results to "reader"');
  platform = await openPlatform();
  hospital = await join(platform, "国密医院", "SM2");
  institute = await join(platform, "国密研究所", "SM2");
  alliance = await ally(platform, [institute, hospital]);
  model = (await addModel(platform, institute)).id;
});
after(async () => {
  await platform?.stop();
  await Promise.all([mariadb?.stop(), postgres?.stop()]);
});

const withDatabases = (name: string, run: (maria: OwnMariadb, pg: TlsPostgres) => Promise<void>) =>
  test(name, async (t) => {
    if (!mariadb || !postgres) return t.skip(missing);
    await run(mariadb, postgres);
  });

const connect = async (connection: DatabaseConnection, name: string) => {
  const prepared = await prepareTable(platform, hospital, connectionBytes("mysql", connection), "mysql");
  return (await registerSource(hospital.client, prepared, { name, permission: { kind: "public" } })).resource;
};

const destinationFor = (connection: DatabaseConnection) =>
  prepareDestination(
    institute.client,
    institute.identity,
    connection,
    { owner: institute.id, enclave: platform.enclave, type: "postgresql" },
    platform.clock.now,
  );

/** Everybody's word, the receiver's for its database. */
const agree = async (task: string, connection: DatabaseConnection) => {
  const destination = await destinationFor(connection);
  const me = institute.id;
  await authoriseTask(institute.client, task, { me, key: key.publicPem, destination, enclaves: "any" });
  await authorise(hospital, task);
  await authorise(institute, task);
};

const delivered = (pg: TlsPostgres, digest: string): Uint8Array =>
  concat(
    ...pg
      .psql(`select encode(content, 'hex') from results where task = '${digest}' order by part`)
      .map(([hex]) => fromHex(hex ?? "")),
  );

withDatabases("from a hospital's MariaDB into the institute's PostgreSQL, in SM2 and SM4", async (maria, pg) => {
  const source = await connect(maria.connection("people"), "人员表");
  assert.deepEqual(
    [source.type, source.columns.map(({ name, type }) => `${name}:${type}`)],
    ["mysql", ["id:i32", "number:f64"]],
  );
  const task = await addTask(institute, { alliance, receiver: institute.id, model, sources: [source.id] });
  await agree(task.id, pg.connection("results"));
  const { state, result, digest, receipt } = await ended(institute, task.id);
  assert.equal(state, "succeeded");
  assert.deepEqual([receipt?.sources[0]?.rows, result?.rows], [2, 1]);
  const sealed = delivered(pg, digest ?? "");
  assert.equal(sealed.length, result?.size);
  const { wrap, enc } = await headerOf(sealed);
  assert.deepEqual([wrap, enc], ["SM2", "SM4GCM"]);
  const csv = await openResult(institute.client, task.id, key.privatePem, { me: institute.id, sealed });
  assert.equal(csv, "sum\r\n42.5\r\n");
  // It went to the receiver and to nobody else: the platform has no copy.
  await assert.rejects(institute.client.tasks.result({ id: task.id }), { code: "blob.unknown" });
});

const headerOf = async (sealed: Uint8Array) => (await readHeader(createReader([sealed]))).header;

withDatabases("a password that is changed: the same source by a new connection, the same table only", async (maria) => {
  const { client, identity, id: owner } = hospital;
  await maria.sql(`create user rotating identified by 'old'; grant select on test.* to rotating;
    create table others (id bigint, number double not null)`);
  const reached = (table: string, password: string) => maria.connection(table, { username: "rotating", password });
  const source = await connect(reached("people", "old"), "轮换");
  const ask = () => addTask(institute, { alliance, receiver: institute.id, model, sources: [source.id] });
  const agreed = async (task: string) => {
    for (const member of [institute, hospital, institute]) await authorise(member, task, key.publicPem);
    return ended(institute, task);
  };
  const before = await ask();
  await maria.sql("alter user rotating identified by 'new'");
  const reconnect = (connection: object, enclave = platform.enclave) =>
    reconnectSource(client, identity, source.id, () => connection, { owner, enclave }, platform.clock.now);
  await assert.rejects(reconnect(reached("people", "old")), { code: "database.login" });
  await assert.rejects(reconnect(reached("others", "new")), { code: "source.other-table", message: /id \(i64\)/ });
  await assert.rejects(reconnect({ host: "x" }), { code: "connection.malformed" });
  const other = { ...platform.enclave, id: source.stream };
  await assert.rejects(reconnect(reached("people", "new"), other), { code: "source.other-enclave" });
  assert.equal((await client.sources.get({ id: source.id })).envelope.digest, source.envelope.digest);

  const { resource } = await reconnect(reached("people", "new"));
  assert.notEqual(resource.envelope.digest, source.envelope.digest);
  assert.deepEqual(
    { ...resource, envelope: 0, updatedAt: 0, head: 0 },
    { ...source, envelope: 0, updatedAt: 0, head: 0 },
  );
  const old = await agreed(before.id);
  assert.deepEqual([old.state, old.failure?.code], ["failed", "enclave.reconnected"]);
  const { state, id } = await agreed((await ask()).id);
  assert.equal(state, "succeeded");
  assert.equal(await openResult(institute.client, id, key.privatePem, { me: institute.id }), "sum\r\n42.5\r\n");

  const file = await addTable(platform, hospital, { name: "文件" });
  await assert.rejects(
    reconnectSource(client, identity, file.id, () => ({}), { owner, enclave: platform.enclave }, platform.clock.now),
    { code: "source.not-connected" },
  );
});

withDatabases("openssl reads the members' SM2 certificates and keys", async () => {
  const directory = mkdtempSync(pathOf(tmpdir(), "entente-sm2-"));
  try {
    const path = pathOf(directory, "key.pem");
    writeFileSync(path, key.privatePem);
    const text = execFileSync("openssl", ["pkey", "-in", path, "-noout", "-text"], { encoding: "utf8" });
    assert.match(text, /SM2/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

withDatabases("a destination is tried before anybody signs for it", async (_, pg) => {
  const wrong: [Partial<DatabaseConnection>, string][] = [
    [{ table: "nowhere" }, "database.destination.table"],
    [{ password: "wrong" }, "database.login"],
    [{ serverName: "other.example" }, "database.host-name"],
    [{ port: 1 }, "database.unreachable"],
  ];
  for (const [twist, code] of wrong) await assert.rejects(destinationFor(pg.connection("results", twist)), { code });
});

withDatabases("a column that changed fails the task before a row is read", async (maria, pg) => {
  await maria.sql("create table changing (id int, number double)");
  const source = await connect(maria.connection("changing"), "会变的表");
  const task = await addTask(institute, { alliance, receiver: institute.id, model, sources: [source.id] });
  await maria.sql("alter table changing modify number varchar(20)");
  await agree(task.id, pg.connection("results"));
  const { state, failure, digest } = await ended(institute, task.id);
  assert.deepEqual([state, failure?.code], ["failed", "source.columns"]);
  assert.equal(delivered(pg, digest ?? "").length, 0);
});

withDatabases(
  "a result waits for a receiver's database that is away, keeps no other waiting, and comes once",
  async (maria, pg) => {
    const source = await connect(maria.connection("people"), "等待的表");
    const waiting = await addTask(institute, { alliance, receiver: institute.id, model, sources: [source.id] });
    const destination = await destinationFor(pg.connection("results"));
    const me = institute.id;
    await authoriseTask(institute.client, waiting.id, { me, key: key.publicPem, destination, enclaves: "any" });
    await authorise(hospital, waiting.id);
    await pg.sql("alter table results rename to elsewhere");
    await authorise(institute, waiting.id);
    for (let tries = 0; tries < 3; tries++) {
      const other = await addTask(institute, { alliance, receiver: institute.id, model, sources: [source.id] });
      await authoriseTask(institute.client, other.id, { me, key: key.publicPem, enclaves: "any" });
      await authorise(hospital, other.id);
      await authorise(institute, other.id);
      assert.equal((await ended(institute, other.id)).state, "succeeded");
    }
    assert.equal((await institute.client.tasks.get({ id: waiting.id })).state, "running");
    await pg.sql("alter table elsewhere rename to results");
    const { state, digest, result } = await ended(institute, waiting.id);
    assert.equal(state, "succeeded");
    await sleep(100);
    assert.equal(delivered(pg, digest ?? "").length, result?.size);
  },
);

withDatabases("a model reads the columns that the task names, and no other", async (maria) => {
  const source = await connect(maria.connection("people"), "选列的表");
  const wanted = { name: "选列", alliance, receiver: institute.id, model };
  const me = institute.id;
  for (const [columns, expected] of [
    [["number"], "succeeded"],
    [["id"], "failed"],
  ] as const) {
    const sources = [{ id: source.id, table: "a", columns }];
    const { resource } = await createTask(institute.client, { ...wanted, sources }, { enclaves: "any" });
    await authoriseTask(institute.client, resource.id, { me, key: key.publicPem, enclaves: "any" });
    await authorise(hospital, resource.id);
    await authorise(institute, resource.id);
    const { state, failure } = await ended(institute, resource.id);
    assert.equal(state, expected);
    if (expected === "failed") assert.equal(failure?.code, "enclave.columns");
  }
});
