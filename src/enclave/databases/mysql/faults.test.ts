/** Servers that are down, full, set up otherwise, or die; on real ones. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { deliveryOf, readAll } from "../../../../test/conformance/database-support.ts";
import { startMariadb } from "../../../cli/demo/machines/mariadb.ts";
import { rowsOf, type Schema } from "../../columns/batch.ts";
import { mysql } from "./index.ts";
import { DESTINATION, READ_ONLY_USER } from "./setup.ts";

const SCHEMA: Schema = [{ name: "id", type: "i64" }];
const destinationTable = (table: string): string =>
  DESTINATION.slice(0, DESTINATION.indexOf("CREATE USER")).replace("`<database>`.`<table>`", table);

test("a server that is killed while rows come, and one that is down", async (t) => {
  const server = await startMariadb({ durable: true });
  if ("skip" in server) return t.skip(server.skip);
  try {
    await server.sql(`create table t (id bigint, filler char(200));
      insert into t select seq, 'x' from seq_1_to_300000; ${destinationTable("results")}`);
    const schema: Schema = [...SCHEMA, { name: "filler", type: "utf8" }];
    let rows = 0;
    const reading = async () => {
      for await (const batch of mysql.read(server.connection("t"), schema, ["id", "filler"])) {
        if (rows === 0) await server.kill();
        rows += batch.rows;
      }
    };
    await assert.rejects(reading(), { code: "database.lost", message: /while reading rows/ });
    assert.ok(rows > 0 && rows < 300_000);
    for (const work of [mysql.describe(server.connection("t")), mysql.test(server.destination("results"))])
      await assert.rejects(work, { code: "database.unreachable", message: /the connection is refused/ });
  } finally {
    await server.stop();
  }
});

test("a server that dies while a result is written has none of it", async (t) => {
  const server = await startMariadb({ durable: true });
  if ("skip" in server) return t.skip(server.skip);
  try {
    await server.sql(destinationTable("results"));
    const content = randomBytes(9 << 20);
    const delivery = deliveryOf(content);
    const dying = {
      ...delivery,
      async *content() {
        yield content.subarray(0, 5 << 20);
        await server.kill();
        yield content.subarray(5 << 20);
      },
    };
    await assert.rejects(mysql.deliver(server.destination("results"), dying), { code: "database.lost" });
  } finally {
    await server.stop();
  }
});

test("a server without TLS gets no password", async (t) => {
  const server = await startMariadb({ plain: true });
  if ("skip" in server) return t.skip(server.skip);
  try {
    await server.sql("create table t (id bigint)");
    const expected = { code: "database.tls", message: /does not offer it/ };
    await assert.rejects(mysql.describe(server.connection("t")), expected);
    await assert.rejects(mysql.test(server.destination("t")), expected);
    assert.deepEqual(
      server.cli(
        "select variable_value from information_schema.global_status where variable_name = 'aborted_connects'",
      ),
      [["2"]],
    );
  } finally {
    await server.stop();
  }
});

test("what a server may be set up like", async (t) => {
  const server = await startMariadb();
  if ("skip" in server) return t.skip(server.skip);
  const { sql, connection, destination } = server;
  try {
    const misfits: [string, string, RegExp][] = [
      ["an engine without transactions", "engine = MyISAM", /MyISAM has no transactions/],
      ["no key", "drop primary key", /primary key/],
      ["a key of more", "drop primary key, add primary key (task, part, digest)", /primary key/],
      ["a key of a part of the task", "drop primary key, add primary key (task(8), part)", /primary key/],
      ["a short task", "modify task char(63) not null", /its column task is char/],
      ["a small content", "modify content blob not null", /its column content is blob/],
      ["text for content", "modify content longtext not null", /its column content is longtext/],
      ["a column that must be given", "add column owner int not null", /its column owner has no default/],
    ];
    for (const [title, change, message] of misfits)
      await t.test(`results: ${title} is refused`, async () => {
        await sql(`drop table if exists misfit; ${destinationTable("misfit")} alter table misfit ${change};`);
        const expected = { code: "database.destination.columns", message };
        await assert.rejects(mysql.test(destination("misfit")), expected);
        await assert.rejects(mysql.deliver(destination("misfit"), deliveryOf(randomBytes(10))), expected);
      });

    await t.test("results: columns that fill themselves may be there, and a view may not", async () => {
      await sql(`${destinationTable("extended")}
        alter table extended add column at timestamp default current_timestamp, add column note text;
        create view viewed as select * from extended;`);
      await mysql.test(destination("extended"));
      await mysql.deliver(destination("extended"), deliveryOf(randomBytes(10)));
      await assert.rejects(mysql.test(destination("viewed")), { code: "database.destination.columns" });
    });

    await t.test("results: a full table takes nothing, not even the parts before", async () => {
      // MariaDB 10.11 ends itself when its tablespace is really full; this is what others answer at that moment.
      for (const [number, table] of [
        [1114, "full_table"],
        [1021, "full_disk"],
      ] as const) {
        await sql(`${destinationTable(table)}
          delimiter //
          create trigger ${table}_trigger before insert on ${table} for each row
          if new.part = 2 then signal sqlstate 'HY000' set mysql_errno = ${number}; end if //`);
        const work = mysql.deliver(destination(table), deliveryOf(randomBytes(9 << 20)));
        await assert.rejects(work, { code: "database.destination.full" });
        assert.deepEqual(server.cli(`select count(*) from ${table}`), [["0"]]);
      }
    });

    await t.test("results: a server that is read-only is refused", async () => {
      await sql("set global read_only = 1");
      try {
        await assert.rejects(mysql.test(destination("extended")), { code: "database.destination.rights" });
      } finally {
        await sql("set global read_only = 0");
      }
    });

    await t.test("one state of the table is read, whatever is written meanwhile; its structure is held", async () => {
      await sql("create table moving (id bigint); insert into moving select seq from seq_1_to_200000");
      let total = 0;
      for await (const batch of mysql.read(connection("moving"), SCHEMA, ["id"])) {
        if (total === 0) {
          await sql("insert into moving select seq from seq_200001_to_300000");
          const change = sql("set lock_wait_timeout = 1; alter table moving add column more int");
          await assert.rejects(change, /Lock wait timeout/);
        }
        total += batch.rows;
        assert.ok(rowsOf(batch).every(({ id }) => (id as bigint) <= 200_000n));
      }
      assert.equal(total, 200_000);
    });

    await t.test("many columns and long rows make smaller batches", async () => {
      const columns = Array.from({ length: 800 }, (_, i) => `c${i} bigint default ${i}`).join(", ");
      await sql(
        `create table wide (id int, ${columns}) engine = MyISAM; insert into wide (id) select seq from seq_1_to_9000`,
      );
      const { columns: schema } = await mysql.describe(connection("wide"));
      const sizes: number[] = [];
      for await (const batch of mysql.read(
        connection("wide"),
        schema,
        schema.map(({ name }) => name),
      )) {
        sizes.push(batch.rows);
        assert.equal(rowsOf({ rows: 1, columns: batch.columns })[0]?.c799, 799n);
      }
      assert.equal(
        sizes.reduce((sum, n) => sum + n),
        9_000,
      );
      assert.ok(Math.max(...sizes) <= (16 << 20) / 8 / 800);
      await sql("create table heavy (v longtext); insert into heavy select repeat('x', 1000000) from seq_1_to_60");
      const heavy = await Array.fromAsync(mysql.read(connection("heavy"), [{ name: "v", type: "utf8" }], ["v"]));
      assert.ok(heavy.length >= 3);
      assert.equal(
        heavy.reduce((sum, { rows }) => sum + rows, 0),
        60,
      );
    });

    await t.test("the statements that guides show give the rights that are needed, and no more", async () => {
      await sql("create table shown (id bigint); create table shown_words (column_name varchar(64), description text)");
      const fill = (text: string, user: string, table: string) =>
        text
          .replaceAll("<database>", "test")
          .replaceAll("<table>", table)
          .replaceAll("<metadata table>", "shown_words")
          .replaceAll("<user>", user)
          .replaceAll("<address of the enclave>", "127.0.0.1")
          .replaceAll("<password>", "p");
      await sql(fill(READ_ONLY_USER, "shown_reader", "shown"));
      await sql(fill(DESTINATION, "shown_writer", "shown_results"));
      const reader = connection("shown", { username: "shown_reader", password: "p", metadata: "shown_words" });
      assert.equal((await mysql.describe(reader)).columns.length, 1);
      const writer = destination("shown_results", { username: "shown_writer", password: "p" });
      await mysql.test(writer);
      await mysql.deliver(writer, deliveryOf(randomBytes(10)));
      await assert.rejects(mysql.test({ ...reader, table: "shown_results" }), { code: "database.destination.rights" });
    });

    await t.test("a user whose host, rights or password are not right", async () => {
      await sql(`create user narrow identified by 'x'; create table two (id bigint, secret int); grant select (id) on test.two to narrow;
        create user elsewhere@'10.9.9.9' identified by 'x'; create user nothing identified by 'x';`);
      const as = (username: string) => mysql.describe(connection("two", { username, password: "x" }));
      await assert.rejects(as("narrow"), { code: "database.table" });
      await assert.rejects(as("elsewhere"), { code: "database.login" });
      await assert.rejects(as("nothing"), { code: "database.unknown" });
    });

    await t.test("a statement that the server ends is a lost connection", async () => {
      await sql("create view slow as select sleep(20) as s");
      const reading = readAll(mysql, connection("slow"), [{ name: "s", type: "i32" }]);
      const outcome = assert.rejects(reading, { code: "database.lost" });
      const mine = "select id from information_schema.processlist where user = 'reader' and info like '%slow%'";
      let id = server.cli(mine)[0]?.[0];
      for (; !id; id = server.cli(mine)[0]?.[0]) await sleep(50);
      await sql(`kill ${id}`);
      await outcome;
    });
  } finally {
    await server.stop();
  }
});
