import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { onEachDatabase, testClock } from "../../../test/support/databases.ts";
import { Refusal } from "../../base/refusal.ts";
import { migrate } from "./migrate.ts";
import { platformMigrations } from "./migrations/index.ts";
import { kindOf, openDatabase, requireReachable } from "./open.ts";
import { afterCommit, isDuplicate, recomputable, transaction } from "./transaction.ts";

const clock = testClock();
const note = (n: number) => ({
  tokenHash: `token${n}`,
  userId: "U1",
  createdAt: n,
  seenAt: n,
  expiresAt: 9_007_199_254_740_991,
  ip: "::1",
  userAgent: "",
});
const user = {
  id: "U1",
  accountId: null,
  login: "zhang",
  passwordHash: null,
  role: "operator",
  createdAt: 1,
  disabledAt: null,
};

test("a database that can't be reached is refused without its password", async (t) => {
  for (const [url, reason] of [
    ["postgres://user:s3cret@127.0.0.1:1/name", /ECONNREFUSED/],
    ["postgres://user:s3cret@localhost:1/name", /ECONNREFUSED/],
    ["postgres://user:s3cret@nobody.invalid/name", /nobody\.invalid/],
    ["", /unable to open/],
  ] as const) {
    const db = openDatabase(url, { dataDir: "/dev/null/nothing" });
    t.after(() => db.destroy());
    await assert.rejects(requireReachable(db), (error) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.code, "database.unavailable");
      assert.match(error.message, reason);
      assert.doesNotMatch(JSON.stringify([error.message, error.details]), /s3cret/);
      return true;
    });
  }
});

onEachDatabase("the database", (open) => {
  test("numbers come back as numbers, up to the largest, and counts too", async (t) => {
    const db = await open(t);
    if (!db) return;
    await db.insertInto("users").values(user).execute();
    await db
      .insertInto("sessions")
      .values([note(1), note(2)])
      .execute();
    assert.equal(
      (await db.selectFrom("sessions").selectAll().executeTakeFirstOrThrow()).expiresAt,
      9_007_199_254_740_991,
    );
    const { n } = await db
      .selectFrom("sessions")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    assert.equal(n, 2);
  });

  test("migrating again changes nothing; another's migration is refused", async (t) => {
    const db = await open(t);
    if (!db) return;
    assert.deepEqual(await migrate(db, platformMigrations, { clock }), []);
    await assert.rejects(migrate(db, [], { clock }), { code: "database.newer" });
  });

  test("a migration that fails half-way leaves nothing behind", async (t) => {
    const db = await open(t);
    if (!db) return;
    const broken = {
      name: "0002-broken",
      up: async (tx: Parameters<(typeof platformMigrations)[number]["up"]>[0]) => {
        await sql`create table half (id text)`.execute(tx);
        throw new Error("power cut");
      },
    };
    await assert.rejects(migrate(db, [...platformMigrations, broken], { clock }), /power cut/);
    await assert.rejects(sql`select * from half`.execute(db));
    assert.deepEqual(await migrate(db, platformMigrations, { clock }), []);
  });

  test("hooks run after the commit of the outermost transaction, and never after a rollback", async (t) => {
    const db = await open(t);
    if (!db) return;
    const seen: string[] = [];
    await transaction(db, async (tx) => {
      await transaction(tx, async (inner) => {
        await inner.insertInto("users").values(user).execute();
        afterCommit(inner, () => seen.push("committed"));
      });
      assert.deepEqual(seen, []);
    });
    await assert.rejects(
      transaction(db, async (tx) => {
        afterCommit(tx, () => seen.push("rolled back"));
        await tx.deleteFrom("users").execute();
        throw new Error("no");
      }),
    );
    assert.deepEqual(seen, ["committed"]);
    assert.equal((await db.selectFrom("users").selectAll().execute()).length, 1);
  });

  test("what can be computed again is committed whole, and others wait for the disk as before", async (t) => {
    const db = await open(t);
    if (!db) return;
    const synced = async () => {
      const asked = kindOf(db) === "postgres" ? sql`show synchronous_commit` : sql`pragma synchronous`;
      return Object.values((await asked.execute(db)).rows[0] as object);
    };
    const before = await synced();
    let told = 0;
    await recomputable(db, async (tx) => {
      afterCommit(tx, () => told++);
      await tx.insertInto("users").values(user).execute();
      assert.equal(told, 0);
    });
    assert.equal(told, 1);
    assert.equal((await db.selectFrom("users").selectAll().execute()).length, 1);
    const failed = recomputable(db, async (tx) => {
      await tx.deleteFrom("users").execute();
      throw new Error("no");
    });
    await assert.rejects(failed, /no/);
    assert.equal((await db.selectFrom("users").selectAll().execute()).length, 1);
    assert.deepEqual(await synced(), before);
  });

  test("a pillar's own tables share the transaction and its hooks", async (t) => {
    const db = await open(t);
    if (!db) return;
    await sql`create table notes (id text primary key)`.execute(db);
    const seen: string[] = [];
    await transaction(db, async (tx) => {
      const mine = tx.$extendTables<{ notes: { id: string } }>();
      await mine.insertInto("notes").values({ id: "n1" }).execute();
      afterCommit(mine, () => seen.push("committed"));
      assert.deepEqual(seen, []);
    });
    assert.deepEqual(seen, ["committed"]);
  });

  test("duplicates are told apart from other failures", async (t) => {
    const db = await open(t);
    if (!db) return;
    await db.insertInto("users").values(user).execute();
    const failure = (work: Promise<unknown>) =>
      work.then(
        () => assert.fail("it should fail"),
        (error: unknown) => error,
      );
    assert.equal(isDuplicate(await failure(db.insertInto("users").values(user).execute())), true);
    assert.equal(
      isDuplicate(
        await failure(
          db
            .insertInto("users")
            .values({ ...user, id: "U2" })
            .execute(),
        ),
      ),
      true,
    );
    assert.equal(
      isDuplicate(
        await failure(
          db
            .insertInto("sessions")
            .values({ ...note(1), userId: "U9" })
            .execute(),
        ),
      ),
      false,
    );
  });

  test("transactions side by side do not mix", async (t) => {
    const db = await open(t);
    if (!db) return;
    await db.insertInto("users").values(user).execute();
    const attempts = Array.from({ length: 20 }, (_, n) =>
      transaction(db, async (tx) => {
        await tx.insertInto("sessions").values(note(n)).execute();
        if (n % 2) throw new Error("odd");
      }).catch((error: Error) => error.message),
    );
    assert.equal((await Promise.all(attempts)).filter((message) => message === "odd").length, 10);
    assert.equal((await db.selectFrom("sessions").selectAll().execute()).length, 10);
  });
});

test("an address of another kind is refused without its password", () => {
  assert.throws(
    () => openDatabase("mysql://root:secret@host/x", { dataDir: "." }),
    (error) => error instanceof Refusal && error.code === "database.url" && !error.message.includes("secret"),
  );
});

test("SQLite keeps what was committed when the process is gone", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "entente-db-"));
  const first = openDatabase("", { dataDir });
  await migrate(first, platformMigrations, { clock });
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(first);
  assert.equal(rows[0]?.synchronous, 2);
  await first.insertInto("users").values(user).execute();
  // Not closed: a second connection reads what the first has committed, from the write-ahead log.
  const second = openDatabase("", { dataDir });
  assert.equal((await second.selectFrom("users").select("login").executeTakeFirst())?.login, "zhang");
  await Promise.all([first.destroy(), second.destroy()]);
  rmSync(dataDir, { recursive: true });
});
