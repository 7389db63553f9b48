import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "./db/open.ts";
import { createStorage } from "./storage.ts";

test("folders, the database and the rest are counted; links are not followed", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "entente-storage-"));
  const db = openDatabase(":memory:", { dataDir, connections: 1 });
  t.after(async () => {
    await db.destroy();
    rmSync(dataDir, { recursive: true });
  });
  mkdirSync(join(dataDir, "blobs", "ab"), { recursive: true });
  symlinkSync(dataDir, join(dataDir, "blobs", "back"));
  writeFileSync(join(dataDir, "blobs", "ab", "cd"), "12345");
  for (const name of ["entente.db", "entente.db-wal", "server.key"]) writeFileSync(join(dataDir, name), "12");
  const { areas, disk } = await createStorage({ dataDir, db })();
  assert.deepEqual(areas, [
    { name: "blobs", bytes: 5, files: 1 },
    { name: "database", bytes: 4, files: 2 },
    { name: "other", bytes: 2, files: 1 },
  ]);
  assert.ok(disk.total >= disk.free);
});
