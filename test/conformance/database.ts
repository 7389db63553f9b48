/** What every engine of the Database port must hold to, on a real server with TLS. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { concat } from "../../src/base/bytes.ts";
import { type Batch, MAX_BATCH_ROWS, rowsOf, type Schema, type Value } from "../../src/enclave/columns/batch.ts";
import { type Database, type Delivery, PART_BYTES } from "../../src/enclave/databases/database.ts";
import type { DatabaseConnection } from "../../src/rules/connection.ts";
import { connectionConformance } from "./database-connections.ts";
import {
  type DatabaseServer,
  DELIVERED,
  deliveryOf,
  namesOf,
  PATIENT,
  readAll,
  refused,
  refusedWith,
  SAMPLE,
} from "./database-support.ts";

export const databaseConformance = (name: string, start: () => Promise<DatabaseServer | { skip: string }>): void => {
  describe(name, () => {
    let started: DatabaseServer | { skip: string } = { skip: "it was not started" };
    let tables = 0;
    before(async () => {
      started = await start();
    });
    after(async () => {
      if (!("skip" in started)) await started.stop();
    });
    /** A test with the server, or skipped where there is none. */
    const on = (title: string, run: (server: DatabaseServer, database: Database, t: TestContext) => Promise<void>) =>
      test(title, async (t) => {
        if ("skip" in started) t.skip(started.skip);
        else await run(started, started.database(PATIENT), t);
      });
    const fresh = () => `t${++tables}`;
    /** A table with a column of each type, a row of values, one of extremes, one of NULLs. */
    const createSample = async ({ sql, types, bytes }: DatabaseServer): Promise<string> => {
      const table = fresh();
      await sql(`create table ${table} (id ${types.i64} primary key, ${SAMPLE.map(({ name, type }) => `${name} ${types[type]}`).join(", ")});
        insert into ${table} values
          (1, 7, 0.5, '12.3400', '1969-12-31', '1969-12-31 23:59:59.999999', '患者 😀', ${bytes("00ff27")}),
          (2, -2147483648, -1e300, '-9999999999999999.9999', '0001-01-01', '0001-01-01 00:00:00.000001', '', ${bytes("")}),
          (9007199254740993, 2147483647, 5e-324, '0.0001', '9999-12-31', '9999-12-31 23:59:59.999999', 'O''Neill\t"', ${bytes("5c")}),
          (-9223372036854775808, null, null, null, null, null, null, null);`);
      return table;
    };

    describe("reading", () => {
      on("the structure is that of the table, with about its rows", async (server, database) => {
        const table = await createSample(server);
        const { columns, rows } = await database.describe(server.connection(table));
        assert.deepEqual(columns, [{ name: "id", type: "i64" }, ...SAMPLE]);
        assert.ok(rows >= 0 && rows <= 100);
      });

      on("a metadata table gives the columns' descriptions", async (server, database) => {
        const [table, metadata] = [await createSample(server), fresh()];
        await server.sql(`create table ${metadata} (column_name varchar(64), description varchar(200));
          insert into ${metadata} values ('price', '价格'), ('nothing', 'x');`);
        const { columns } = await database.describe(server.connection(table, { metadata }));
        assert.equal(columns.find((one) => one.name === "price")?.description, "价格");
        assert.equal(columns.find((one) => one.name === "day")?.description, undefined);
        await refused(database.describe(server.connection(table, { metadata: "missing" })), "database.metadata");
        await refused(database.describe(server.connection(table, { metadata: table })), "database.metadata");
      });

      on("every value is exact, NULL is null", async (server, database) => {
        const table = await createSample(server);
        const { columns } = await database.describe(server.connection(table));
        const rows = await readAll(database, server.connection(table), columns);
        const byId = new Map(rows.map(({ id, ...row }) => [id, row]));
        assert.equal(rows.length, 4);
        assert.deepEqual(byId.get(1n), {
          small: 7,
          weight: 0.5,
          price: "12.3400",
          day: -1,
          moment: -1n,
          name: "患者 😀",
          raw: Uint8Array.of(0, 0xff, 0x27),
        });
        assert.deepEqual(byId.get(2n), {
          small: -2147483648,
          weight: -1e300,
          price: "-9999999999999999.9999",
          day: Date.UTC(2001, 0, 1) / 86_400_000 - 730_485,
          moment: -62_135_596_799_999_999n,
          name: "",
          raw: new Uint8Array(0),
        });
        assert.deepEqual(byId.get(9_007_199_254_740_993n), {
          small: 2147483647,
          weight: 5e-324,
          price: "0.0001",
          day: Date.UTC(9999, 11, 31) / 86_400_000,
          moment: 253_402_300_799_999_999n,
          name: "O'Neill\t\"",
          raw: Uint8Array.of(0x5c),
        });
        const nothing = Object.fromEntries(SAMPLE.map((field) => [field.name, null]));
        assert.deepEqual(byId.get(-9_223_372_036_854_775_808n), nothing);
      });

      on("the columns asked for come in the order asked for, and no others", async (server, database) => {
        const table = await createSample(server);
        const { columns } = await database.describe(server.connection(table));
        const batches = await Array.fromAsync(database.read(server.connection(table), columns, ["name", "id"]));
        assert.deepEqual(
          batches[0]?.columns.map((column) => [column.name, column.type]),
          [
            ["name", "utf8"],
            ["id", "i64"],
          ],
        );
        const unknown = database.read(server.connection(table), columns, ["nobody"]);
        await refused(Array.fromAsync(unknown), "source.columns");
      });

      on("an empty table gives no batch", async (server, database) => {
        const table = fresh();
        await server.sql(`create table ${table} (id ${server.types.i64});`);
        const { columns, rows } = await database.describe(server.connection(table));
        assert.equal(rows, 0);
        assert.deepEqual(await readAll(database, server.connection(table), columns), []);
      });

      on(
        "200,000 rows with NULLs in every second come whole, in batches, to a slow reader too",
        async (server, database) => {
          const table = fresh();
          await server.sql(`create table ${table} (id ${server.types.i64}, name ${server.types.utf8});
          insert into ${table} select seq, case when seq % 2 = 0 then concat('name ', seq) end from ${server.numbers(200_000)};`);
          const { columns } = await database.describe(server.connection(table));
          const seen = new Set<Value>();
          for await (const batch of database.read(server.connection(table), columns, ["id", "name"])) {
            assert.ok(batch.rows <= MAX_BATCH_ROWS);
            for (const { id, name } of rowsOf(batch)) {
              assert.equal(name, (id as bigint) % 2n === 0n ? `name ${id}` : null);
              seen.add(id as bigint);
            }
            await sleep(50);
          }
          assert.equal(seen.size, 200_000);
        },
      );

      on("whoever stops early leaves nothing behind", async (server, database) => {
        const table = fresh();
        await server.sql(`create table ${table} (id ${server.types.i64});
          insert into ${table} select seq from ${server.numbers(200_000)};`);
        const schema: Schema = [{ name: "id", type: "i64" }];
        let first: Batch | undefined;
        for await (const batch of database.read(server.connection(table), schema, ["id"])) {
          first = batch;
          break;
        }
        assert.ok(first && first.rows > 0);
        // A transaction that were still open would hold this up.
        await server.sql(`drop table ${table};`);
      });

      on(
        "a table larger than the limit is refused before it is described, and before or while it is read",
        async (server) => {
          const strict = server.database(PATIENT, 1_000);
          const [table, view] = [fresh(), fresh()];
          await server.sql(`create table ${table} (id ${server.types.i64});
          insert into ${table} select seq from ${server.numbers(5_000)};
          create view ${view} as select * from ${table};`);
          const schema: Schema = [{ name: "id", type: "i64" }];
          await refused(strict.describe(server.connection(table)), "database.rows-limit");
          await refused(strict.describe(server.connection(view)), "database.rows-limit");
          await refused(readAll(strict, server.connection(table), schema), "database.rows-limit");
          await refused(readAll(strict, server.connection(view), schema), "database.rows-limit");
          await server.sql(`analyze ${server.quote === "`" ? "table " : ""}${table};`);
          await refused(strict.describe(server.connection(table)), "database.rows-limit");
          let batches = 0;
          await assert.rejects(async () => {
            for await (const _ of strict.read(server.connection(table), schema, ["id"])) batches++;
          }, refusedWith("database.rows-limit"));
          assert.equal(batches, 0);
        },
      );

      on("a view is read as a table is", async (server, database) => {
        const [table, view] = [await createSample(server), fresh()];
        await server.sql(`create view ${view} as select id, name from ${table} where id > 0;`);
        const { columns, rows } = await database.describe(server.connection(view));
        assert.deepEqual(columns, [
          { name: "id", type: "i64" },
          { name: "name", type: "utf8" },
        ]);
        assert.ok(rows >= 0);
        assert.equal((await readAll(database, server.connection(view), columns)).length, 3);
      });

      on("names with spaces, quotes and Chinese are names", async (server, database) => {
        const { quote, types } = server;
        const [table, column] = [`患者 'a' ${quote}b`, `年龄 \\ ${quote}; --`];
        const quoted = (name: string) => `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
        await server.sql(`create table ${quoted(table)} (${quoted(column)} ${types.i32});`);
        const { columns } = await database.describe(server.connection(table));
        assert.deepEqual(columns, [{ name: column, type: "i32" }]);
        assert.deepEqual(await readAll(database, server.connection(table), columns), []);
      });
    });

    describe("a table that is no longer as described", () => {
      const changes: [string, (table: string, server: DatabaseServer) => string][] = [
        ["a renamed column", (table) => `alter table ${table} rename column name to nom;`],
        ["another type", (table, { changeType, types }) => changeType(table, "small", types.i64)],
        ["another column", (table, { types }) => `alter table ${table} add column more ${types.i32};`],
        ["a column less", (table) => `alter table ${table} drop column raw;`],
      ];
      for (const [title, change] of changes)
        on(`${title} is refused before a row is read`, async (server, database) => {
          const table = await createSample(server);
          const { columns } = await database.describe(server.connection(table));
          await server.sql(change(table, server));
          const reading = database.read(server.connection(table), columns, ["id"]);
          await assert.rejects(reading.next(), refusedWith("source.columns"));
        });
      on("a dropped table is refused by name", async (server, database) => {
        const table = await createSample(server);
        const { columns } = await database.describe(server.connection(table));
        await server.sql(`drop table ${table};`);
        await refused(readAll(database, server.connection(table), columns), "database.table");
        await refused(database.describe(server.connection(table)), "database.table");
      });
    });

    connectionConformance({ on, fresh, createSample });

    describe("delivering", () => {
      const delivered = async (server: DatabaseServer, table: string, task: string) => {
        const database = server.database(PATIENT);
        const { columns } = await database.describe(server.destination(table));
        const rows = await readAll(database, server.destination(table), columns, namesOf(DELIVERED));
        return rows.filter((row) => row.task === task).toSorted((a, b) => Number(a.part) - Number(b.part));
      };
      const create = async (server: DatabaseServer) => {
        const table = fresh();
        await server.sql(server.destinationTable(table));
        return table;
      };

      on("a result is there in parts, once, however often it is delivered", async (server, database) => {
        const table = await create(server);
        const content = randomBytes(2 * PART_BYTES + 12_345);
        const delivery = deliveryOf(content);
        await database.deliver(server.destination(table), delivery);
        await database.deliver(server.destination(table), delivery);
        const rows = await delivered(server, table, delivery.task);
        assert.deepEqual(
          rows.map(({ part, digest }) => [Number(part), digest]),
          [0, 1, 2].map((part) => [part, delivery.digest]),
        );
        assert.ok(Buffer.from(content).equals(concat(...rows.map((row) => row.content as Uint8Array))));
      });

      on("an empty result is one empty part", async (server, database) => {
        const table = await create(server);
        const delivery = deliveryOf(new Uint8Array(0));
        await database.deliver(server.destination(table), delivery);
        const rows = await delivered(server, table, delivery.task);
        assert.deepEqual(
          rows.map(({ content }) => content),
          [new Uint8Array(0)],
        );
      });

      on("of many deliveries at once one is written", async (server, database) => {
        const table = await create(server);
        const delivery = deliveryOf(randomBytes(300_000));
        const all = Array.from({ length: 5 }, () => database.deliver(server.destination(table), delivery));
        await Promise.all(all);
        assert.equal((await delivered(server, table, delivery.task)).length, 1);
      });

      on("another result under the same task is refused, and changes nothing", async (server, database) => {
        const table = await create(server);
        const [first, other] = [deliveryOf(randomBytes(1_000)), randomBytes(2_000)];
        await database.deliver(server.destination(table), first);
        const second = deliveryOf(other, first.task);
        await refused(database.deliver(server.destination(table), second), "database.destination.taken");
        assert.equal((await delivered(server, table, first.task))[0]?.digest, first.digest);
      });

      on("content that is not what was announced leaves nothing", async (server, database) => {
        const table = await create(server);
        const delivery = deliveryOf(randomBytes(PART_BYTES + 5));
        const wrong: Partial<Delivery>[] = [
          { digest: "0".repeat(64) },
          { size: delivery.size - 1 },
          { size: delivery.size + 1 },
        ];
        for (const one of wrong) {
          const work = database.deliver(server.destination(table), { ...delivery, ...one });
          await refused(work, "database.destination.content");
        }
        const failing = { ...delivery, content: () => failingContent(delivery) };
        await assert.rejects(database.deliver(server.destination(table), failing), /the reader failed/);
        assert.deepEqual(await delivered(server, table, delivery.task), []);
        await database.deliver(server.destination(table), delivery);
        assert.equal((await delivered(server, table, delivery.task)).length, 2);
      });

      on("the connection test writes nothing that stays", async (server, database) => {
        const table = await create(server);
        await database.test(server.destination(table));
        const { rows } = await database.describe(server.destination(table));
        assert.equal(rows, 0);
      });

      on("a missing table, other columns and missing rights are refused by name", async (server, database) => {
        const table = await create(server);
        const attempts = async (connection: DatabaseConnection, code: string) => {
          await refused(database.test(connection), code);
          await refused(database.deliver(connection, deliveryOf(randomBytes(10))), code);
        };
        await attempts(server.destination("missing"), "database.destination.table");
        await attempts(server.connection(table), "database.destination.rights");
        await server.sql(`alter table ${table} drop column parts;`);
        await attempts(server.destination(table), "database.destination.columns");
      });
    });
  });
};

async function* failingContent(delivery: Delivery): AsyncGenerator<Uint8Array> {
  for await (const chunk of delivery.content()) {
    yield chunk;
    throw new Error("the reader failed");
  }
}
