import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PASSWORD, startPostgresTls, type TlsPostgres } from "../../../../test/support/postgres-tls.ts";
import { utf8 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { hasOffsets, rowsOf, type Value } from "../../columns/batch.ts";
import { type Delivery, PART_BYTES } from "../database.ts";
import { databaseSource } from "../source.ts";
import { createPostgresql, postgresql } from "./index.ts";
import { DESTINATION, READ_ONLY_USER } from "./setup.ts";

const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe("PostgreSQL", () => {
  let server: TlsPostgres | undefined;
  let reason = "";
  before(async () => {
    const started = await startPostgresTls();
    if ("skip" in started) reason = started.skip;
    else server = started;
  });
  after(async () => await server?.stop());
  const needServer = (t: TestContext): TlsPostgres => {
    if (!server) t.skip(reason);
    return server as TlsPostgres;
  };
  const readAll = async (connection: DatabaseConnection, names?: string[]) => {
    const { columns } = await postgresql.describe(connection);
    const rows: Record<string, Value>[] = [];
    for await (const batch of postgresql.read(connection, columns, names ?? columns.map(({ name }) => name)))
      rows.push(...rowsOf(batch));
    return rows;
  };

  test("the SQL that guides show makes users who can read, or deliver, and no more", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql("create table shown (id integer); create table shown_dictionary (column_name text, description text)");
    const filled = (sql: string, user: string, table: string) =>
      sql
        .replaceAll("<user>", user)
        .replaceAll("<password>", PASSWORD)
        .replaceAll("<database>", "postgres")
        .replaceAll("<schema>", "public")
        .replaceAll("<table>", table)
        .replaceAll("<metadata table>", "shown_dictionary");
    await pg.sql(filled(READ_ONLY_USER, "guide reader", "shown"));
    await pg.sql(filled(DESTINATION, "guide writer", "shown_results"));
    const reader = { username: "guide reader", metadata: "shown_dictionary" };
    assert.deepEqual(await readAll(pg.connection("shown", reader)), []);
    await assert.rejects(
      postgresql.test(pg.connection("shown_results", reader)),
      refused("database.destination.rights"),
    );
    const writer = pg.connection("shown_results", { username: "guide writer" });
    await postgresql.test(writer);
    await postgresql.deliver(writer, deliveryOf(utf8("result")));
    await postgresql.deliver(writer, deliveryOf(utf8("result")));
    await assert.rejects(readAll({ ...writer, table: "shown" }), refused("database.table"));
    assert.deepEqual(pg.psql("select count(*) from shown_results"), [["1"]]);
  });

  test("names of any form, only the columns asked for, in that order", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql(`create schema "My ""Schema"""; grant usage on schema "My ""Schema""" to reader;
      create table "My ""Schema"""."表; drop" ("a ""b" integer, secret text, "select" text, "A B" bigint);
      grant select ("a ""b", "select", "A B") on "My ""Schema"""."表; drop" to reader;
      insert into "My ""Schema"""."表; drop" values (1, 'secret', 'x', 2)`);
    const connection = pg.connection("表; drop", { schema: 'My "Schema"' });
    const { columns } = await postgresql.describe(connection);
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['a "b', "secret", "select", "A B"],
    );
    // The user may not read the second column, and nothing asks for it.
    assert.deepEqual(await readAll(connection, ["A B", 'a "b']), [{ "A B": 2n, 'a "b': 1 }]);
    await assert.rejects(readAll(connection, ["secret"]), refused("database.table"));
    await assert.rejects(readAll(connection, ["nothing"]), refused("source.columns"));
    assert.equal((await readAll(connection, [])).length, 1);
  });

  test("views, materialised views and partitioned tables", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql(`create table parts (id integer, day date) partition by range (id);
      create table parts_low partition of parts for values from (0) to (10);
      create table parts_high partition of parts for values from (10) to (20);
      insert into parts values (1, '2026-01-01'), (11, '2026-01-02');
      create view seen as select id * 2 as double, day from parts;
      create materialized view kept as select * from parts;
      grant select on parts, seen, kept to reader`);
    assert.deepEqual((await readAll(pg.connection("parts"))).length, 2);
    assert.deepEqual(await readAll(pg.connection("seen"), ["double"]), [{ double: 2 }, { double: 22 }]);
    assert.deepEqual((await readAll(pg.connection("kept"))).length, 2);
    assert.equal((await postgresql.describe(pg.connection("parts"))).rows, 2);
  });

  test("descriptions of columns: the metadata table's, or their comments", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql(`create table described (id integer, age integer, note text);
      comment on column described.id is '编号'; comment on column described.age is 'comment';
      create table dictionary (column_name text, description varchar(1000), more integer);
      insert into dictionary values ('age', '年龄'), ('note', repeat('x', 500)), ('other', 'x'), (null, null);
      create table no_dictionary (name text);
      grant select on described, dictionary, no_dictionary to reader`);
    const describe = async (metadata: string) =>
      (await postgresql.describe(pg.connection("described", { metadata }))).columns;
    assert.deepEqual(await describe(""), [
      { name: "id", type: "i32", description: "编号" },
      { name: "age", type: "i32", description: "comment" },
      { name: "note", type: "utf8" },
    ]);
    assert.deepEqual(await describe("dictionary"), [
      { name: "id", type: "i32", description: "编号" },
      { name: "age", type: "i32", description: "年龄" },
      { name: "note", type: "utf8", description: "x".repeat(200) },
    ]);
    await assert.rejects(describe("no_dictionary"), refused("database.metadata"));
    await assert.rejects(describe("nothing"), refused("database.metadata"));
  });

  test("as a source: the envelope holds the connection", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const source = databaseSource(postgresql);
    await pg.sql("create table sealed (id integer); insert into sealed values (5); grant select on sealed to reader");
    const bytes = () => one(JSON.stringify(pg.connection("sealed")));
    const { columns, rows } = await source.describe(bytes());
    assert.equal(rows, 1);
    const [batch] = await Array.fromAsync(source.read(bytes(), columns, ["id"]));
    assert.deepEqual(batch && rowsOf(batch), [{ id: 5 }]);
    for (const text of ["", "{}", JSON.stringify({ ...pg.connection("sealed"), port: 0 })])
      await assert.rejects(source.describe(one(text)), refused("database.configuration"));
  });

  test("many rows come in batches, with NULLs where they are, and are held back while nobody takes them", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    const rows = 500_001;
    await pg.sql(`create table many as select i as id, case when i % 3 > 0 then i::numeric / 8 end as amount,
        case when i % 5 > 0 then repeat('病', (i % 100)::integer) end as note
      from generate_series(1::bigint, ${rows}) as i; grant select on many to reader; analyze many`);
    const connection = pg.connection("many");
    const { columns, rows: about } = await postgresql.describe(connection);
    assert.ok(Math.abs(about / rows - 1) < 0.1, `${about} rows`);
    const batches = postgresql.read(connection, columns, ["id", "amount", "note"]);
    let [next, held] = [1, 0];
    for await (const batch of batches) {
      assert.ok(batch.rows <= 65_536);
      const [id, amount, note] = batch.columns;
      assert.ok(id && amount && note && !hasOffsets(id) && hasOffsets(note));
      if (next === 1) {
        await sleep(300);
        held = process.memoryUsage().arrayBuffers;
      }
      for (const row of rowsOf({ rows: Math.min(batch.rows, 1_000), columns: batch.columns })) {
        assert.equal(row.id, BigInt(next));
        assert.equal(row.amount === null, next % 3 === 0);
        if (row.amount !== null) assert.equal(Number(row.amount), next / 8);
        assert.equal(row.note, next % 5 ? "病".repeat(next % 100) : null);
        next++;
      }
      next += Math.max(0, batch.rows - 1_000);
    }
    assert.equal(next, rows + 1);
    assert.ok(held < 150 << 20, `${held} bytes were held`);
  });

  test("large values end a batch early", async (t) => {
    const pg = needServer(t);
    if (!pg) return;
    await pg.sql(`create view large as select i as id, repeat(chr(97 + i % 26), 5000000) as note from generate_series(1, 12) as i;
      grant select on large to reader`);
    const connection = pg.connection("large");
    const { columns } = await postgresql.describe(connection);
    const batches: number[] = [];
    for await (const batch of postgresql.read(connection, columns, ["id", "note"])) {
      batches.push(batch.rows);
      for (const { id, note } of rowsOf(batch))
        assert.ok(note === String.fromCharCode(97 + (Number(id) % 26)).repeat(5_000_000));
    }
    assert.equal(
      batches.reduce((sum, rows) => sum + rows, 0),
      12,
    );
    assert.ok(batches.length > 1);
  });

  describe("as a destination", () => {
    const TABLE = `task varchar(64) not null, part integer not null, parts integer not null,
      digest varchar(64) not null, content bytea not null, primary key (task, part)`;
    const GRANT = "grant select, insert on results to reader";
    const destination = async (pg: TlsPostgres, columns = TABLE, grant = GRANT) => {
      await pg.sql(`drop table if exists results; create table results (${columns}); ${grant}`);
      return pg.connection("results");
    };
    const stored = (pg: TlsPostgres) =>
      pg.psql(
        "select task, part, parts, digest, encode(sha256(content), 'hex'), length(content) from results order by 1, 2",
      );

    for (const size of [0, 1, PART_BYTES, PART_BYTES + 1, 10_000_000])
      test(`${size} bytes`, async (t) => {
        const pg = needServer(t);
        if (!pg) return;
        const connection = await destination(pg);
        const content = randomBytes(size);
        const delivery = deliveryOf(content);
        await postgresql.deliver(connection, delivery);
        const parts = Math.max(1, Math.ceil(size / PART_BYTES));
        const expected = Array.from({ length: parts }, (_, i) => {
          const part = content.subarray(i * PART_BYTES, (i + 1) * PART_BYTES);
          return [delivery.task, i, parts, delivery.digest, digestOf(part), part.length].map(String);
        });
        assert.deepEqual(stored(pg), expected);
        // Again, and by five at once.
        await Promise.all(Array.from({ length: 5 }, () => postgresql.deliver(connection, delivery)));
        assert.deepEqual(stored(pg), expected);
      });

    test("by ten at once, each task is there once", async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      const connection = await destination(pg);
      const delivery = deliveryOf(randomBytes(9_000_000));
      await Promise.all(Array.from({ length: 10 }, () => postgresql.deliver(connection, delivery)));
      assert.equal(stored(pg).length, 3);
    });

    test("another result under the same task is refused", async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      const connection = await destination(pg);
      await postgresql.deliver(connection, deliveryOf(utf8("first")));
      await assert.rejects(
        postgresql.deliver(connection, deliveryOf(utf8("second"))),
        refused("database.destination.taken"),
      );
      assert.equal(stored(pg).length, 1);
    });

    test("content that is not the one announced leaves nothing behind", async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      const connection = await destination(pg);
      const delivery = deliveryOf(randomBytes(5_000_000));
      for (const wrong of [
        { ...delivery, size: delivery.size - 1 },
        { ...delivery, size: delivery.size + 1 },
        { ...delivery, digest: digestOf(utf8("other")) },
      ])
        await assert.rejects(postgresql.deliver(connection, wrong), refused("database.destination.content"));
      const broken = { ...delivery, content: () => breaking(randomBytes(5_000_000)) };
      await assert.rejects(postgresql.deliver(connection, broken), /the disk is gone/);
      assert.deepEqual(stored(pg), []);
    });

    test("a delivery whose session dies leaves nothing behind, and can be made again", async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      const connection = await destination(pg);
      const content = randomBytes(9_000_000);
      const kill = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'";
      const killed: Delivery = {
        ...deliveryOf(content),
        async *content() {
          yield content.subarray(0, 5_000_000);
          await pg.sql(kill);
          yield content.subarray(5_000_000);
        },
      };
      await assert.rejects(postgresql.deliver(connection, killed), refused("database.lost"));
      assert.deepEqual(stored(pg), []);
      await postgresql.deliver(connection, deliveryOf(content));
      assert.equal(stored(pg).length, 3);
    });

    test("tables that take no results are found by the connection test, and not written into", async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      const delivery = deliveryOf(utf8("result"));
      const refuses = async (code: string, connection: DatabaseConnection) => {
        await assert.rejects(postgresql.test(connection), refused(code));
        await assert.rejects(postgresql.deliver(connection, delivery), refused(code));
      };
      await postgresql.test(await destination(pg));
      assert.deepEqual(stored(pg), []);
      await refuses("database.destination.table", pg.connection("nothing"));
      await refuses(
        "database.destination.columns",
        await destination(pg, TABLE.replace("content bytea", "content text")),
      );
      await refuses(
        "database.destination.columns",
        await destination(pg, TABLE.replace("parts integer not null,", "")),
      );
      await refuses("database.destination.columns", await destination(pg, `${TABLE}, more integer not null`));
      await refuses(
        "database.destination.columns",
        await destination(pg, TABLE.replace(", primary key (task, part)", "")),
      );
      await refuses(
        "database.destination.columns",
        await destination(pg, TABLE.replace("(task, part)", "(task, part, parts)")),
      );
      await refuses(
        "database.destination.columns",
        await destination(pg, TABLE.replaceAll("varchar(64)", "varchar(10)")),
      );
      await refuses("database.destination.rights", await destination(pg, TABLE, "grant select on results to reader"));
      await refuses("database.destination.rights", await destination(pg, TABLE, "grant insert on results to reader"));
      const full = await destination(pg);
      await pg.sql(`create or replace function full_disk() returns trigger language plpgsql as
          $$ begin raise exception using errcode = '53100'; end $$;
        create trigger full_disk before insert on results for each row execute function full_disk()`);
      await refuses("database.destination.full", full);
    });

    test("a table that somebody holds is waited for no longer than allowed", async (t) => {
      const pg = needServer(t);
      if (!pg) return;
      const connection = await destination(pg);
      const held = pg.sql("begin; lock table results; select pg_sleep(2); commit");
      await sleep(300);
      const impatient = createPostgresql({ patience: 500 });
      await assert.rejects(impatient.deliver(connection, deliveryOf(utf8("x"))), refused("database.timeout"));
      await held;
      await postgresql.deliver(connection, deliveryOf(utf8("x")));
      assert.equal(stored(pg).length, 1);
    });
  });
});

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const deliveryOf = (content: Uint8Array): Delivery => ({
  task: digestOf(utf8("task")),
  digest: digestOf(content),
  size: content.length,
  content: async function* () {
    for (let at = 0; at < content.length; at += 1_000_003) yield content.subarray(at, at + 1_000_003);
  },
});

async function* breaking(content: Uint8Array) {
  yield content;
  throw new Error("the disk is gone");
}

async function* one(text: string) {
  yield utf8(text);
}
