import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockDataDir } from "./lock.ts";

test("a second holder is refused until the first lets go", (t) => {
  const dir = join(mkdtempSync(join(tmpdir(), "entente-lock-")), "data");
  t.after(() => rmSync(join(dir, ".."), { recursive: true }));
  const lock = lockDataDir(dir);
  assert.throws(() => lockDataDir(dir), { code: "data.locked", message: new RegExp(`process ${process.pid}\\b`) });
  lock.release();
  lock.release();
  lockDataDir(dir).release();
});

test("another process is named, and kill -9 frees the directory", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "entente-lock-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const program = `const { lockDataDir } = await import(${JSON.stringify(import.meta.resolve("./lock.ts"))});
    lockDataDir(${JSON.stringify(dir)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  assert.throws(() => lockDataDir(dir), { code: "data.locked", message: new RegExp(`process ${child.pid}\\b`) });
  child.kill("SIGKILL");
  await once(child, "exit");
  lockDataDir(dir).release();
});
