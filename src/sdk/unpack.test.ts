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

/** A header (POSIX pax, "ustar Interchange Format"). */
const header = (name: string, size: number, type: string): Buffer => {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write("0000644 ", 100);
  block.write(`${size.toString(8).padStart(11, "0")} `, 124);
  block.write("00000000000 ", 136);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\0" + "00", 257, "latin1");
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
};
const entry = (name: string, content: Uint8Array): Uint8Array =>
  concat(header(name, content.length, "0"), content, new Uint8Array((512 - (content.length % 512)) % 512));
const filler = (size: number) => new Uint8Array(size).fill(7);

test("no archive shows one model and runs another, however it comes in pieces", async () => {
  // A reader that went by what it has at hand took an empty header before a file for a reason to pass over as many bytes
  // behind it, where they were there: all at once in the one, in pieces in the other.
  const SIZE = 50_001;
  const rest = 512 - (SIZE % 512);
  const skipping = (size: number) => [header("pax", 0, "x"), header(`data${size}.bin`, size, "0"), filler(size)];
  const good = entry("main.js", utf8("export const good = 1;"));
  const evil = entry("main.js", utf8("export const evil = 1;"));
  const shown = concat(...skipping(rest), filler(512), good, new Uint8Array(1_024));
  const fill = SIZE - evil.length - 512;
  const hidden = concat(evil, header("weights.bin", fill + shown.length, "0"), filler(fill));
  const tar = concat(...skipping(SIZE), new Uint8Array(rest), hidden, shown);
  const incompressible = gzipSync(tar, { level: 0 });
  for (const archive of [gzipSync(tar), incompressible]) {
    await assert.rejects(unpackArchive(archive), refused("archive.malformed"));
    await assert.rejects(unpack(archive), refused("archive.malformed"));
  }
});

test("what readers of tar disagree about is refused", async () => {
  const pax = (record: string) => {
    // The length counts itself, a space and the end of the line.
    const length = record.length + 2 + (record.length + 3 > 9 ? 2 : 1);
    return entry("pax", utf8(`${length} ${record}\n`));
  };
  const typed = (flag: string, bytes: Uint8Array) => {
    const size = Number.parseInt(Buffer.from(bytes.subarray(124, 135)).toString(), 8);
    return concat(header("pax", size, flag), bytes.subarray(512));
  };
  const file = entry("index.js", utf8("x"));
  const longName = typed("L", entry("", utf8("other.js\0")));
  const end = new Uint8Array(1_024);
  const named = await unpackArchive(gzipSync(concat(typed("x", pax("path=other.js")), file, end)));
  assert.deepEqual([...named.keys()], ["other.js"]);
  assert.deepEqual([...(await unpackArchive(gzipSync(concat(longName, file, end)))).keys()], ["other.js"]);
  for (const tar of [
    concat(typed("x", pax("size=0")), file, end),
    concat(typed("x", pax("GNU.sparse.major=1")), file, end),
    concat(typed("g", pax("path=other.js")), file, end),
    concat(typed("x", pax("path=other.js")), longName, file, end),
    concat(file, longName, end),
    concat(header("pax", 0, "x"), file, end),
    concat(file, new Uint8Array(512), entry("main.js", utf8("y")), end),
    concat(header("folder/", 512, "5"), filler(512), file, end),
    concat(header("index.js", 1, "0"), filler(512), end),
  ]) {
    await assert.rejects(unpackArchive(gzipSync(tar)), refused("archive.malformed"));
    await assert.rejects(unpack(gzipSync(tar)), refused("archive.malformed"));
  }
});

test("an archive of nothing but headers that go before others keeps nobody waiting", async () => {
  const record = entry("pax", utf8("6 a=b\n"));
  const before = concat(header("pax", 6, "x"), record.subarray(512));
  const end = new Uint8Array(1_024);
  const archive = (count: number) =>
    gzipSync(concat(...Array.from({ length: count }, () => before), entry("main.js", utf8("x")), end));
  assert.deepEqual([...(await unpackArchive(archive(2_000))).keys()], ["main.js"]);
  for (const read of [unpackArchive, unpack])
    await assert.rejects(read(archive(100_000)), refused("archive.malformed"));
});
