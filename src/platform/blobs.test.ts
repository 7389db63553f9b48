import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { utf8 } from "../base/bytes.ts";
import { createBlobs } from "./blobs.ts";

async function* pieces(...texts: string[]) {
  for (const text of texts) yield utf8(text);
}
const HELLO = createHash("sha256").update("hello").digest("hex");
const all = async (content: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(content)).toString();
const directory = (t: TestContext) => {
  const dir = mkdtempSync(join(tmpdir(), "entente-blobs-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
};
const filesOf = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

test("what is put is there under its digest, once", async (t) => {
  const dataDir = directory(t);
  const blobs = createBlobs({ dataDir });
  assert.deepEqual(await blobs.put(pieces("hel", "lo"), { max: 5 }), { digest: HELLO, size: 5 });
  await blobs.put(pieces("hello"), { max: 5, digest: HELLO });
  assert.equal(filesOf(dataDir).length, 1);
  const { size, content } = await blobs.get(HELLO);
  assert.deepEqual([size, await all(content)], [5, "hello"]);
  assert.equal(await blobs.has(HELLO), true);
  assert.equal(await blobs.delete(HELLO), true);
  assert.equal(await blobs.delete(HELLO), false);
  await assert.rejects(blobs.get(HELLO), { code: "blob.unknown" });
});

test("too large, another digest, a broken sender: refused and nothing left", async (t) => {
  const dataDir = directory(t);
  const blobs = createBlobs({ dataDir });
  await assert.rejects(blobs.put(pieces("hello", "!"), { max: 5 }), { code: "blob.too-large", status: 413 });
  await assert.rejects(blobs.put(pieces("hullo"), { max: 5, digest: HELLO }), { code: "blob.digest" });
  const broken = async function* () {
    yield utf8("hel");
    throw new Error("connection lost");
  };
  await assert.rejects(blobs.put(broken(), { max: 5 }), /connection lost/);
  assert.deepEqual(filesOf(dataDir), []);
});

test("digests are not paths", async (t) => {
  const blobs = createBlobs({ dataDir: directory(t) });
  for (const digest of ["../../etc/passwd", `${HELLO.slice(0, 2)}/../${HELLO}`, HELLO.toUpperCase(), ""])
    await assert.rejects(blobs.get(digest), { code: "blob.unknown" });
});

test("damage on disk shows when it is read", async (t) => {
  const dataDir = directory(t);
  const blobs = createBlobs({ dataDir });
  await blobs.put(pieces("hello"), { max: 5 });
  writeFileSync(join(dataDir, "blobs", HELLO.slice(0, 2), HELLO.slice(2)), "hullo");
  const { content } = await blobs.get(HELLO);
  await assert.rejects(all(content), { code: "blob.corrupt" });
});

test("drafts of a process that died are removed at the next start", async (t) => {
  const dataDir = directory(t);
  mkdirSync(join(dataDir, "blobs", "drafts"), { recursive: true });
  writeFileSync(join(dataDir, "blobs", "drafts", "half"), "hel");
  createBlobs({ dataDir });
  assert.deepEqual(filesOf(dataDir), []);
});

test("a full disk is a refusal, and leaves room for the next", async (t) => {
  const dataDir = directory(t);
  if (process.getuid?.() !== 0 || spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dataDir]).status !== 0)
    return t.skip("needs the right to mount a small file system");
  try {
    const blobs = createBlobs({ dataDir });
    const large = pieces("x".repeat(40_000), "y".repeat(40_000));
    await assert.rejects(blobs.put(large, { max: 1e6 }), { code: "storage.full", status: 507 });
    assert.deepEqual(filesOf(dataDir), []);
    await blobs.put(pieces("hello"), { max: 5 });
    assert.equal(existsSync(join(dataDir, "blobs", HELLO.slice(0, 2), HELLO.slice(2))), true);
  } finally {
    execFileSync("umount", [dataDir]);
  }
});
