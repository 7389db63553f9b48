/** The store in the hands of whoever owns the disk. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { randomBytes } from "#crypto";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { openStore, type Store } from "./store.ts";

const diskOf = (t: TestContext) => {
  const directory = mkdtempSync(join(tmpdir(), "entente-store-"));
  const path = join(directory, "store.db");
  const key = randomBytes(32);
  let sealed = 0;
  let open: Store | undefined;
  t.after(() => {
    open?.close();
    rmSync(directory, { recursive: true });
  });
  return {
    path,
    get sealed() {
      return sealed;
    },
    open(twist: { key?: Uint8Array; seal?: (version: number) => Promise<void> } = {}) {
      open?.close();
      open = undefined;
      const seal = async (version: number) => {
        sealed = version;
      };
      open = openStore({ path, key, version: sealed, seal, ...twist });
      return open;
    },
    close() {
      open?.close();
      open = undefined;
    },
    sql(text: string) {
      const db = new DatabaseSync(path);
      db.exec(text);
      db.close();
    },
  };
};
const isRolledBack = (error: unknown) => error instanceof Refusal && error.code === "keynode.store.rolled-back";
const text = (store: Store, name: string) => {
  const value = store.get(name);
  return value && fromUtf8(value);
};

describe("the store of a key node", () => {
  test("gives back what was put in, over restarts, by prefix", async (t) => {
    const disk = diskOf(t);
    let store = disk.open();
    await Promise.all([
      store.put("share/a", utf8("one")),
      store.put("share/b", utf8("two")),
      store.put("ban/a", utf8("x")),
    ]);
    await store.write(
      new Map([
        ["share/b", undefined],
        ["share/c", utf8("three")],
      ]),
    );
    assert.equal(text(store, "share/a"), "one");
    const soon = store.put("share/a", utf8("now"));
    assert.equal(text(store, "share/a"), "now", "what was asked for is seen at once");
    await soon;
    await store.anchor();
    store = disk.open();
    assert.deepEqual(store.names("share/"), ["share/a", "share/c"]);
    assert.equal(text(store, "share/a"), "now");
    assert.equal(store.get("share/b"), undefined);
  });

  test("nothing in the file can be read", async (t) => {
    const disk = diskOf(t);
    await disk.open().put("share/a", utf8("a very secret share"));
    disk.close();
    for (const file of [disk.path, `${disk.path}-wal`])
      assert.equal(existsSync(file) && readFileSync(file).includes("secret share"), false);
    assert.throws(() => disk.open({ key: randomBytes(32) }), isRolledBack);
  });

  test("an older copy, or none, is refused once a newer one was anchored", async (t) => {
    const disk = diskOf(t);
    const store = disk.open();
    await store.put("spent/a", utf8("1"));
    await store.anchor();
    disk.close();
    copyFileSync(disk.path, `${disk.path}.older`);
    const again = disk.open();
    await again.put("spent/a", utf8("2"));
    await again.anchor();
    disk.close();
    copyFileSync(disk.path, `${disk.path}.newest`);
    copyFileSync(`${disk.path}.older`, disk.path);
    assert.throws(() => disk.open(), isRolledBack);
    rmSync(disk.path);
    assert.throws(() => disk.open(), isRolledBack);
    copyFileSync(`${disk.path}.newest`, disk.path);
    assert.equal(text(disk.open(), "spent/a"), "2");
  });

  const CHANGES: Readonly<Record<string, (disk: ReturnType<typeof diskOf>) => void>> = {
    "a row is deleted": ({ sql }) => sql("DELETE FROM rows WHERE name = 'ban/a'"),
    "the head is deleted": ({ sql }) => sql("DELETE FROM rows WHERE name = 'head'"),
    "a row is renamed": ({ sql }) => sql("UPDATE rows SET name = 'ban/z' WHERE name = 'ban/a'"),
    "two rows are exchanged": ({ sql }) =>
      sql(`UPDATE rows SET value = CASE name WHEN 'ban/a' THEN (SELECT value FROM rows WHERE name = 'spent/a')
             ELSE (SELECT value FROM rows WHERE name = 'ban/a') END WHERE name IN ('ban/a', 'spent/a')`),
    "a bit is changed": ({ sql }) => sql("UPDATE rows SET value = zeroblob(length(value)) WHERE name = 'ban/a'"),
    "a row is put back": ({ path, sql }) =>
      sql(
        `ATTACH '${path}.older' AS older; INSERT OR REPLACE INTO main.rows SELECT * FROM older.rows WHERE name = 'spent/a'`,
      ),
    "a row comes from another store": ({ sql }) =>
      sql("INSERT INTO rows SELECT 'ban/b', value FROM rows WHERE name = 'ban/a'"),
  };
  for (const [change, make] of Object.entries(CHANGES))
    test(`refused where ${change}`, async (t) => {
      const disk = diskOf(t);
      const store = disk.open();
      await store.write(
        new Map([
          ["ban/a", utf8("a")],
          ["spent/a", utf8("b")],
        ]),
      );
      disk.close();
      copyFileSync(disk.path, `${disk.path}.older`);
      await disk.open().put("spent/a", utf8("c"));
      await disk.open().anchor();
      disk.close();
      make(disk);
      assert.throws(() => disk.open(), isRolledBack);
    });

  test("nothing that was erased is left in its files, nor after a crash in between", async (t) => {
    const disk = diskOf(t);
    const store = disk.open();
    await store.put("share/old", utf8("x".repeat(5_000)));
    await store.anchor();
    const reader = readFileSync(`${disk.path}-wal`);
    const written = reader.subarray(reader.length - 3_000, reader.length - 2_000);
    const isLeft = () =>
      [disk.path, `${disk.path}-wal`].some((file) => existsSync(file) && readFileSync(file).includes(written));
    assert.equal(isLeft(), true);
    await store.delete("share/old");
    assert.equal(isLeft(), false);
  });

  test("is one process's alone", async (t) => {
    const disk = diskOf(t);
    const store = disk.open();
    await store.put("spent/a", utf8("1"));
    const second = () => openStore({ path: disk.path, key: randomBytes(32), version: 0, seal: async () => undefined });
    assert.throws(second, (error: unknown) => error instanceof Refusal && error.code === "keynode.store.in-use");
    await store.put("spent/a", utf8("2"));
    assert.equal(text(store, "spent/a"), "2");
  });

  test("what is put soon is there at once, and is anchored with all before it", async (t) => {
    const disk = diskOf(t);
    let store = disk.open();
    store.writeSoon(new Map([["spent/a", utf8("one")]]));
    assert.equal(text(store, "spent/a"), "one");
    await store.put("share/a", utf8("share"));
    store.writeSoon(new Map([["spent/a", utf8("two")]]));
    await new Promise((resolve) => setImmediate(resolve));
    await store.anchor();
    const anchored = disk.sealed;
    store.writeSoon(new Map([["spent/a", utf8("three")]]));
    // As after a kill: what the process had written is there.
    store = disk.open();
    assert.deepEqual([text(store, "spent/a"), text(store, "share/a")], ["three", "share"]);
    assert.equal(disk.sealed, anchored);
    store.writeSoon(new Map([["spent/b", utf8("four")]]));
    await store.anchor();
    assert.ok(disk.sealed > anchored);
    assert.equal(text(disk.open(), "spent/b"), "four");
  });

  test("nothing is anchored that a power cut could take back", async (t) => {
    const disk = diskOf(t);
    const sealed: number[] = [];
    const slow = Promise.withResolvers<void>();
    const seal = async (version: number) => {
      sealed.push(version);
      await slow.promise;
    };
    const store = disk.open({ seal });
    await store.put("ban/a", utf8("a"));
    const first = store.anchor();
    await store.put("ban/b", utf8("b"));
    const second = store.anchor();
    store.writeSoon(new Map([["spent/a", utf8("not synced")]]));
    await new Promise((resolve) => setImmediate(resolve));
    slow.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(sealed, [1, 2], "the third is not on the disk for good");
    await store.anchor();
    assert.equal(sealed.length, 3);
  });

  test("what a crash took before it was anchored is missing, and nothing else", async (t) => {
    const disk = diskOf(t);
    const store = disk.open();
    await store.put("spent/a", utf8("1"));
    await store.anchor();
    await store.put("spent/a", utf8("2"));
    assert.equal(disk.sealed, 1);
    assert.equal(text(disk.open(), "spent/a"), "2", "newer than what is anchored is taken");
  });
});
