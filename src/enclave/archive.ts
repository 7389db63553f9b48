/**
 * Archives of models (.tar.gz). Reading is strict, since they come from strangers and become code: regular files and
 * folders only, plain paths, counted bytes; nothing is ever written to a disk. Packing is deterministic, so that the
 * same files give the same digest.
 */
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, gzipSync } from "node:zlib";
import { extract, type Header, pack as tarPack } from "tar-stream";
import { concat } from "../base/bytes.ts";
import { Refusal, refusals } from "../base/refusal.ts";

const refuse = refusals({
  "archive.too-large": {
    status: 413,
    en: "The archive is larger than {limit} bytes. Leave out what the model does not need.",
    zh: "归档文件超过 {limit} 字节。请删除模型不需要的内容。",
  },
  "archive.bomb": {
    status: 413,
    en: "The archive unpacks to more than {limit} bytes. Leave out what the model does not need.",
    zh: "归档解压后超过 {limit} 字节。请删除模型不需要的内容。",
  },
  "archive.entries": {
    status: 422,
    en: "The archive has more than {limit} entries. Bundle the model into fewer files.",
    zh: "归档中的条目超过 {limit} 个。请将模型合并为较少的文件。",
  },
  "archive.entry-type": {
    status: 422,
    en: "{path} is a {type}. An archive may hold regular files and folders only; pack it again without links and devices.",
    zh: "{path} 的类型为 {type}。归档只能包含普通文件和目录，请去除链接和设备文件后重新打包。",
  },
  "archive.path": {
    status: 422,
    en: "The path {path} is not allowed: {reason}. Pack the model from inside its own folder.",
    zh: "不允许的路径 {path}：{reason}。请在模型目录内重新打包。",
  },
  "archive.malformed": {
    status: 422,
    en: "The archive is not a .tar.gz: {reason}. Pack it again.",
    zh: "归档不是有效的 .tar.gz 文件：{reason}。请重新打包。",
  },
});

export const MAX_ARCHIVE_BYTES = 20 * 2 ** 20;
export const MAX_UNPACKED_BYTES = 100 * 2 ** 20;
export const MAX_ENTRIES = 2_000;
export const MAX_PATH = 240;

/**
 * The files of an archive by path, such as `lib/score.js`.
 * @throws Refusal archive.*
 */
export const unpack = async (archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<Map<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>();
  const tar = extract();
  const compressed = pipeline(
    Readable.from(archive instanceof Uint8Array ? [archive] : archive),
    counted(MAX_ARCHIVE_BYTES, () => refuse("archive.too-large", { limit: MAX_ARCHIVE_BYTES })),
    createGunzip(),
    counted(MAX_UNPACKED_BYTES, () => refuse("archive.bomb", { limit: MAX_UNPACKED_BYTES })),
    tar,
  );
  // Its failure is also that of the loop below, which tells it.
  compressed.catch(() => undefined);
  try {
    let entries = 0;
    for await (const entry of tar) {
      if (++entries > MAX_ENTRIES) throw refuse("archive.entries", { limit: MAX_ENTRIES });
      const path = pathOf(entry.header, files);
      const content = concat(...(await Array.fromAsync(entry as AsyncIterable<Uint8Array>)));
      if (path !== undefined) files.set(path, content);
    }
    await compressed;
  } catch (error) {
    tar.destroy();
    throw error instanceof Refusal
      ? error
      : refuse("archive.malformed", { reason: error instanceof Error ? error.message : "unreadable" });
  }
  if (files.size === 0) throw refuse("archive.malformed", { reason: "it holds no file" });
  return files;
};

/** Passes bytes on until there are too many. */
const counted = (limit: number, tooMany: () => Refusal): Transform => {
  let total = 0;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      total += chunk.length;
      if (total > limit) done(tooMany());
      else done(null, chunk);
    },
  });
};

/** The path of a file, undefined for a folder. @throws Refusal archive.entry-type, archive.path */
const pathOf = ({ name, type }: Header, files: ReadonlyMap<string, unknown>): string | undefined => {
  const shown = JSON.stringify(name.slice(0, MAX_PATH));
  if (type !== "file" && type !== "directory")
    throw refuse("archive.entry-type", { path: shown, type: type ?? "unknown" });
  const path = name.replace(/^\.\//, "").replace(type === "directory" ? /\/$/ : "", "");
  const reason = path === "" || path === "." ? (type === "directory" ? undefined : "it is empty") : badPath(path);
  if (reason) throw refuse("archive.path", { path: shown, reason });
  if (type === "directory") return undefined;
  if (files.has(path)) throw refuse("archive.path", { path: shown, reason: "it is there twice" });
  return path;
};

/** Why a path is not taken; the same rules on every system. */
const badPath = (path: string): string | undefined => {
  if (path.length > MAX_PATH) return `it is longer than ${MAX_PATH} characters`;
  if (path.startsWith("/")) return "it is absolute";
  if (/[\\\p{Cc}\u2028\u2029\ufffd]/u.test(path)) return "it contains a backslash or a control character";
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    return "a part of it is empty, . or ..";
  return undefined;
};

/**
 * A .tar.gz of these files: sorted by path, without times, owners and permissions.
 * @throws Refusal archive.path, archive.too-large
 */
export const pack = async (files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> => {
  const tar = tarPack();
  const paths = [...files.keys()].sort();
  for (const path of paths) {
    const reason = path === "" ? "it is empty" : badPath(path);
    if (reason) throw refuse("archive.path", { path: JSON.stringify(path), reason });
    tar.entry(
      { name: path, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) },
      Buffer.from(files.get(path) as Uint8Array),
    );
  }
  tar.finalize();
  const bytes = concat(...(await Array.fromAsync(tar as AsyncIterable<Uint8Array>)));
  const archive = new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  // RFC 1952: which system packed it says nothing about the files.
  archive[9] = 255;
  if (archive.length > MAX_ARCHIVE_BYTES) throw refuse("archive.too-large", { limit: MAX_ARCHIVE_BYTES });
  return archive;
};
