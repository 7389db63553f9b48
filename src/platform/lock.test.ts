import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

test("a directory that can't be written is refused with the reason", (t) => {
  const top = mkdtempSync(join(tmpdir(), "entente-lock-"));
  t.after(() => rmSync(top, { recursive: true }));
  writeFileSync(join(top, "file"), "");
  mkdirSync(join(top, "data", "server.pid"), { recursive: true });
  mkdirSync(join(top, "other", "server.lock"), { recursive: true });
  for (const [dir, reason] of [
    [join(top, "file", "data"), /ENOTDIR/],
    [join(top, "data"), /EISDIR/],
    [join(top, "other"), /unable to open/],
  ] as const)
    assert.throws(() => lockDataDir(dir), { code: "data.unusable", message: reason });
});

test("another process is named, and kill -9 frees the directory", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "entente-lock-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const program = `const { lockDataDir } = await import(${JSON.stringify(import.meta.resolve("./lock.ts"))});
    lockDataDir(${JSON.stringify(dir)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  assert.throws(() => lockDataDir(dir), { code: "data.locked", message: new RegExp(`process ${child.pid}\\b`) });
  child.kill("SIGKILL");
  await once(child, "exit");
  lockDataDir(dir).release();
});
