/** Whoever reads a model before it is authorised sees the files that the enclave will run, or none. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Header, pack as tarPack } from "tar-stream";
import { concat, utf8 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { pack, unpack } from "../enclave/archive.ts";
import { MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_UNPACKED_BYTES } from "../rules/archive.ts";
import { readArchive, unpackArchive } from "./unpack.ts";

const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code);
  return true;
};
type Entry = Partial<Header> & { name: string; content?: string };
const tarOf = async (...entries: Entry[]): Promise<Uint8Array> => {
  const tar = tarPack();
  for (const { content, ...header } of entries) tar.entry(header, content ?? "");
  tar.finalize();
  return concat(...(await Array.fromAsync(tar as AsyncIterable<Uint8Array>)));
};
const archiveOf = async (...entries: Entry[]) => gzipSync(await tarOf(...entries));
const LONG = `${"long/".repeat(40)}name.js`;

test("what is packed is read the same, and so are archives of tar(1)", async () => {
  const files = new Map([
    ["entente.json", utf8("{}")],
    ["empty", new Uint8Array(0)],
    ["lib/é.js", utf8("x".repeat(100_000))],
    [LONG, utf8("deep")],
  ]);
  const archive = await pack(files);
  assert.deepEqual(new Map([...(await unpackArchive(archive))].sort()), new Map([...files].sort()));
  const folder = mkdtempSync(join(tmpdir(), "unpack-"));
  try {
    const name = `${"n".repeat(150)}.js`;
    writeFileSync(join(folder, "index.js"), "x");
    writeFileSync(join(folder, name), "y".repeat(2_000));
    for (const format of ["gnu", "ustar", "pax"]) {
      const names = format === "ustar" ? ["index.js"] : ["."];
      const theirs = execFileSync("tar", ["-C", folder, `--format=${format}`, "-czf", "-", ...names]);
      const found = await unpackArchive(theirs);
      assert.deepEqual([...found.keys()].sort(), format === "ustar" ? names : ["index.js", name], format);
      assert.deepEqual(found, await unpack(theirs));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("links, devices, paths that lead elsewhere, and two files of one path are refused", async () => {
  for (const type of ["symlink", "link", "character-device", "block-device", "fifo"] as const)
    await assert.rejects(
      unpackArchive(await archiveOf({ name: "x", type, linkname: "/etc/passwd" })),
      refused("archive.entry-type"),
    );
  for (const name of ["/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a\\b", "a\u001b[2Jb", "a\u2028b", "."])
    await assert.rejects(unpackArchive(await archiveOf({ name, content: "x" })), refused("archive.path"), name);
  const twice = await archiveOf({ name: "a", content: "1" }, { name: "./a", content: "2" });
  await assert.rejects(unpackArchive(twice), refused("archive.path"));
});

test("too much before or after unpacking, and too many entries, are refused", async () => {
  await assert.rejects(unpackArchive(new Uint8Array(MAX_ARCHIVE_BYTES + 1)), refused("archive.too-large"));
  const bomb = gzipSync(new Uint8Array(MAX_UNPACKED_BYTES + 1));
  assert.ok(bomb.length < 2 ** 20);
  await assert.rejects(unpackArchive(bomb), refused("archive.bomb"));
  const many = Array.from({ length: MAX_ENTRIES + 1 }, (_, i) => ({ name: `f${i}` }));
  await assert.rejects(unpackArchive(await archiveOf(...many)), refused("archive.entries"));
  assert.equal((await unpackArchive(await archiveOf(...many.slice(1)))).size, MAX_ENTRIES);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(2 ** 20));
      sent++;
    },
  });
  await assert.rejects(readArchive(endless), refused("archive.too-large"));
  assert.ok(sent < 30, `${sent} MiB were taken`);
});

test("what is no archive, cut short, or goes on behind its end is refused", async () => {
  const whole = await archiveOf({ name: "index.js", content: "x".repeat(5_000) }, { name: "b", content: "y" });
  for (const bytes of [
    utf8("PK\u0003\u0004"),
    new Uint8Array(0),
    await archiveOf(),
    gzipSync(utf8("no tar".repeat(200))),
  ])
    await assert.rejects(unpackArchive(bytes), refused("archive.malformed"));
  for (let length = 1; length < whole.length; length += 7)
    await assert.rejects(unpackArchive(whole.slice(0, length)), refused("archive.malformed"));
  await assert.rejects(unpackArchive(concat(whole, new Uint8Array(1))), refused("archive.malformed"));
});

test("an archive that is damaged anywhere shows what the enclave would run, or is refused", async () => {
  const entries = [
    { name: "entente.json", content: '{"entry":"index.js"}' },
    { name: "index.js", content: "export const main = () => 1;" },
    { name: LONG, content: "deep" },
  ];
  const tar = gunzipSync(await archiveOf(...entries));
  const sum = (block: Uint8Array) => block.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  let seen = 0;
  // Every seventh byte, each with another bit: all fields of headers are among them.
  for (let at = 0; at < tar.length; at += 7) {
    const damaged = Uint8Array.from(tar);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    // A header that is changed on purpose has the right sum.
    const block = at - (at % 512);
    const isHeader = Buffer.from(tar.subarray(block + 257, block + 262)).toString() === "ustar";
    if (isHeader && (at % 512 < 148 || at % 512 >= 156))
      damaged.set(
        utf8(
          `${sum(damaged.subarray(block, block + 512))
            .toString(8)
            .padStart(6, "0")}\0 `,
        ),
        block + 148,
      );
    const archive = gzipSync(damaged, { level: 1 });
    const code = (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      return error.code;
    };
    const shown = await unpackArchive(archive).catch(code);
    assert.deepEqual(shown, await unpack(archive).catch(code), `byte ${at}`);
    if (typeof shown !== "string") seen++;
  }
  assert.ok(seen > 100, `${seen} were read`);
});
