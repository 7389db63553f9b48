/**
 * What a model's archive (.tar.gz) may hold: regular files and folders with plain paths, so many and so large. The
 * enclave and whoever reads a model before authorising it take files by these rules and out of the same reader, which has
 * the whole archive before it begins, so that nobody can write an archive that shows one thing and runs another.
 */
import { Refusal, refusals } from "../base/refusal.ts";
import { readTar, type TarEntry } from "./tar.ts";

export const refuse = refusals({
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
 * The files by path, such as `lib/score.js`.
 * @param tar the unpacked bytes
 * @throws Refusal archive.*
 */
export const filesOf = (tar: Uint8Array): Map<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>();
  try {
    let entries = 0;
    for (const entry of readTar(tar)) {
      if (++entries > MAX_ENTRIES) throw refuse("archive.entries", { limit: MAX_ENTRIES });
      const path = pathOf(entry, files);
      if (path !== undefined) files.set(path, entry.content.slice());
    }
  } catch (error) {
    throw malformed(error);
  }
  if (files.size === 0) throw refuse("archive.malformed", { reason: "it holds no file" });
  return files;
};

/** What a library says of bytes that it cannot read; refusals stay what they are. */
export const malformed = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : refuse("archive.malformed", { reason: error instanceof Error ? error.message : "unreadable" });

/** The path of a file, undefined for a folder. @throws Refusal archive.entry-type, archive.path */
const pathOf = ({ name, type }: TarEntry, files: ReadonlyMap<string, unknown>): string | undefined => {
  const shown = JSON.stringify(name.slice(0, MAX_PATH));
  if (type !== "file" && type !== "directory") throw refuse("archive.entry-type", { path: shown, type });
  const path = name.replace(/^\.\//, "").replace(type === "directory" ? /\/$/ : "", "");
  const reason = path === "" || path === "." ? (type === "directory" ? undefined : "it is empty") : badPath(path);
  if (reason) throw refuse("archive.path", { path: shown, reason });
  if (type === "directory") return undefined;
  if (files.has(path)) throw refuse("archive.path", { path: shown, reason: "it is there twice" });
  return path;
};

/** Why a path is not taken; the same rules on every system. */
export const badPath = (path: string): string | undefined => {
  if (path.length > MAX_PATH) return `it is longer than ${MAX_PATH} characters`;
  if (path.startsWith("/")) return "it is absolute";
  if (/[\\\p{Cc}\u2028\u2029\ufffd]/u.test(path)) return "it contains a backslash or a control character";
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    return "a part of it is empty, . or ..";
  return undefined;
};
