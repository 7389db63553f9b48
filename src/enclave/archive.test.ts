import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Header, pack as tarPack } from "tar-stream";
import { sha256Hex } from "#crypto";
import { concat, utf8 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { MAX_ARCHIVE_BYTES, MAX_ENTRIES } from "../rules/archive.ts";
import { pack, unpack } from "./archive.ts";

const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code);
  return true;
};
const tarOf = async (
  ...entries: (Partial<Header> & { name: string } & { content?: string })[]
): Promise<Uint8Array> => {
  const tar = tarPack();
  for (const { content, ...header } of entries) tar.entry(header, content ?? "");
  tar.finalize();
  return gzipSync(concat(...(await Array.fromAsync(tar as AsyncIterable<Uint8Array>))));
};

test("what is packed unpacks the same; the same files in any order give the same bytes", async () => {
  const files = new Map([
    ["index.js", utf8("export const main = 1;")],
    ["lib/é.js", utf8("x".repeat(10_000))],
    ["empty", new Uint8Array(0)],
    [`${"long/".repeat(40)}name.js`, utf8("deep")],
  ]);
  const archive = await pack(files);
  assert.deepEqual(new Map([...(await unpack(archive))].sort()), new Map([...files].sort()));
  assert.deepEqual(await pack(new Map([...files].reverse())), archive);
  const again = await pack(await unpack(archive));
  assert.deepEqual(again, archive);
});

test("the bytes of an archive are written down: its digest stands in the ledger, and others pack it again", async () => {
  // Whoever changes tar-stream or Node.js, and with it zlib, sees here that digests of the same files change.
  const lines = Array.from({ length: 20_000 }, (_, i) => `export const n${(i * 7_919) % 10_007} = ${i * i};\n`);
  const archive = await pack(
    new Map([
      ["index.js", utf8(lines.join(""))],
      ["entente.json", utf8("{}")],
    ]),
  );
  assert.equal(sha256Hex(archive), "946ac6acab91b9f1456dceaa5d28e5906118ea7d58b301df48b1f7fff13c5b97");
});

test("archives of tar(1) are read, and tar(1) reads ours", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-"));
  try {
    writeFileSync(join(folder, "index.js"), "x");
    const theirs = execFileSync("tar", ["-C", folder, "-czf", "-", "."]);
    assert.deepEqual([...(await unpack(theirs)).keys()], ["index.js"]);
    const listed = execFileSync("tar", ["-tzf", "-"], { input: await pack(new Map([["a/b.js", utf8("1")]])) });
    assert.equal(listed.toString(), "a/b.js\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("only regular files and folders with plain paths", async () => {
  for (const type of ["symlink", "link", "character-device", "block-device", "fifo", "contiguous-file"] as const)
    await assert.rejects(
      unpack(await tarOf({ name: "x", type, linkname: "/etc/passwd" })),
      refused("archive.entry-type"),
    );
  for (const name of [
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a/./b",
    "a//b",
    "a\\b",
    "a\nb",
    ".",
    `${"x/".repeat(120)}xx`,
  ])
    await assert.rejects(unpack(await tarOf({ name, content: "x" })), refused("archive.path"), name);
  await assert.rejects(
    unpack(await tarOf({ name: "a", content: "1" }, { name: "./a", content: "2" })),
    refused("archive.path"),
  );
  await assert.rejects(pack(new Map([["../x", utf8("x")]])), refused("archive.path"));
  const folders = await tarOf(
    { name: "./", type: "directory" },
    { name: "a/", type: "directory" },
    { name: "./a/b", content: "1" },
  );
  assert.deepEqual([...(await unpack(folders)).keys()], ["a/b"]);
});

test("too many bytes, before and after unpacking, and too many entries", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  const incompressible = Buffer.concat(
    Array.from({ length: 330 }, (_, i) => Uint8Array.from(noise, (byte) => byte ^ (i * 7))),
  );
  const small = await tarOf({ name: "a", content: "1" });
  // Bytes behind the end of the gzip stream count too: the limit is on what is sent.
  const filled = (length: number) => concat(small, new Uint8Array(length - small.length));
  await assert.rejects(unpack(filled(MAX_ARCHIVE_BYTES + 1)), refused("archive.too-large"));
  assert.deepEqual([...(await unpack(filled(MAX_ARCHIVE_BYTES))).keys()], ["a"]);
  await assert.rejects(pack(new Map([["noise", incompressible]])), refused("archive.too-large"));
  const tar = tarPack();
  const entry = tar.entry({ name: "zeros", size: 50 * 2 ** 30 });
  const header = (await tar[Symbol.asyncIterator]().next()).value as Uint8Array;
  entry.destroy();
  // Members of a gzip stream follow one another (RFC 1952): 50 GiB in 50 MB.
  const mebibyte = gzipSync(new Uint8Array(1 << 20));
  let made = 0;
  async function* bomb() {
    yield gzipSync(header);
    for (; made < 50 * 2 ** 10; made++) yield mebibyte;
  }
  await assert.rejects(unpack(bomb()), refused("archive.bomb"));
  assert.ok(made < 300, `${made} MiB were unpacked`);
  const many = Array.from({ length: MAX_ENTRIES + 1 }, (_, i) => ({ name: `f${i}`, content: "" }));
  await assert.rejects(unpack(await tarOf(...many)), refused("archive.entries"));
  assert.equal((await unpack(await tarOf(...many.slice(1)))).size, MAX_ENTRIES);
});

test("a size that is no number is refused, and not waited for", async () => {
  const tar = gunzipSync(await tarOf({ name: "index.js", content: "x" }));
  // First byte of the size: neither an octal digit nor the mark of a binary number.
  tar[124] = 0xb0;
  const sum = tar.subarray(0, 512).reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  tar.set(utf8(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  await assert.rejects(unpack(gzipSync(tar)), refused("archive.malformed"));
});

test("what is no archive, or cut short, or damaged, is refused", async () => {
  const whole = await tarOf({ name: "index.js", content: "x".repeat(5_000) }, { name: "b", content: "y" });
  await assert.rejects(unpack(utf8("PK\u0003\u0004")), refused("archive.malformed"));
  await assert.rejects(unpack(new Uint8Array(0)), refused("archive.malformed"));
  await assert.rejects(unpack(await tarOf()), refused("archive.malformed"));
  await assert.rejects(unpack(gzipSync(utf8("not a tar at all".repeat(100)))), refused("archive.malformed"));
  for (let length = 1; length < whole.length; length += 7)
    await assert.rejects(unpack(whole.slice(0, length)), refused("archive.malformed"));
});

test("headers before headers are read as far as a model needs, however many there are", async () => {
  const [header, end] = [await tarOf({ name: "x", type: "file" }), new Uint8Array(1024)];
  const empty = gunzipSync(header).subarray(0, 512);
  const records = utf8(Array.from({ length: 1_000 }, (_, i) => `11 ${String(i).padStart(6, "0")}=\n`).join(""));
  const before = Buffer.from(empty);
  before.write(`${records.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  before.write("x", 156, "latin1");
  before.fill(" ", 148, 156);
  before.write(
    `${before
      .reduce((all, byte) => all + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
    "latin1",
  );
  const one = concat(before, records, new Uint8Array((512 - (records.length % 512)) % 512));
  const archive = (times: number) => gzipSync(concat(...Array.from({ length: times }, () => one), empty, end));
  assert.deepEqual([...(await unpack(archive(10))).keys()], ["x"]);
  await assert.rejects(unpack(archive(1_000)), refused("archive.malformed"));
});
